#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/page.h"
#include "base/arena.h"
#include "base/memory.h"

enum { ARENA_MAX = 65536 };

static const struct admin_page pages[] = {
	{METHOD_GET, "/", NULL, "root"},
	{METHOD_GET, "/one", NULL, "one"},
	{METHOD_POST, "/one", NULL, "change one"},
	{METHOD_POST, "/clusters/*/backends/*/drain", NULL, "drain"},
};

/* The sentence of the page that is found, "other" if only the method is wrong, "" if there is
 * none. */
static const char *find(enum method method, const char *path, struct admin_ask *ret_ask,
                        struct arena *arena)
{
	static struct message message;
	const struct admin_page *other;
	const struct admin_page *page;

	message = (struct message){.method = method, .path = span_of_string(path)};
	*ret_ask =
		(struct admin_ask){.request = &message, .pages = pages, .page_count = ARRAY_LENGTH(pages)};
	page = admin_find_page(ret_ask, arena, &other);
	if (!page)
		return other ? "other" : "";
	return page->sentence;
}

static void test_paths(void **state)
{
	static const struct {
		enum method method;
		const char *path;
		const char *found;
	} rows[] = {
		{METHOD_GET, "/", "root"},
		{METHOD_HEAD, "/one", "one"},
		{METHOD_POST, "/one", "change one"},
		{METHOD_PUT, "/one", "other"},
		{METHOD_GET, "/one/", ""},
		{METHOD_GET, "//one", ""},
		{METHOD_GET, "/on", ""},
		{METHOD_GET, "/One", ""},
		{METHOD_GET, "", ""},
		{METHOD_GET, "*", ""},
		{METHOD_POST, "/clusters/a/backends/b/drain", "drain"},
		{METHOD_GET, "/clusters/a/backends/b/drain", "other"},
		{METHOD_POST, "/clusters//backends/b/drain", ""},
		{METHOD_POST, "/clusters/a/b/backends/b/drain", ""},
		{METHOD_POST, "/clusters/a/backends/b/drain/x", ""},
	};
	struct admin_ask ask;
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, ARENA_MAX);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_string_equal(find(rows[i].method, rows[i].path, &ask, &arena), rows[i].found);
	arena_done(&arena);
}

static void test_arguments_are_decoded(void **state)
{
	struct admin_ask ask;
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, ARENA_MAX);
	assert_string_equal(
		find(METHOD_POST, "/clusters/a.b/backends/unix:%2Frun%2fx%25/drain", &ask, &arena),
		"drain");
	assert_true(span_equal(ask.arguments[0], SPAN("a.b")));
	assert_true(span_equal(ask.arguments[1], SPAN("unix:/run/x%")));
	arena_done(&arena);
}

static void test_parameters(void **state)
{
	struct message message = {.query = SPAN("a=1&format=text&limit=&format=json&b")};
	struct admin_ask ask = {.request = &message};

	(void)state;
	assert_true(span_equal(admin_parameter(&ask, "a"), SPAN("1")));
	assert_true(span_equal(admin_parameter(&ask, "format"), SPAN("text")));
	assert_int_equal(admin_parameter(&ask, "limit").size, 0);
	assert_int_equal(admin_parameter(&ask, "b").size, 0);
	assert_int_equal(admin_parameter(&ask, "c").size, 0);
}

static void test_accept(void **state)
{
	static const struct {
		const char *value;
		bool wants_text;
	} rows[] = {
		{"text/plain", true},
		{"Text/Plain;charset=utf-8, */*", true},
		{"text/html, text/plain;q=0.9, */*", true},
		{"application/json, text/plain", false},
		{"*/*", false},
		{"*/*, text/plain", false},
		{"text/plainer", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct field field = {.name = SPAN("accept"), .value = span_of_string(rows[i].value)};
		struct message message = {.fields = &field, .field_count = 1};

		assert_int_equal(admin_accepts(&message, SPAN("text/plain")), rows[i].wants_text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_arguments_are_decoded),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_accept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
