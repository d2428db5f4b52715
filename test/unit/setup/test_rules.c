#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "setup/file.h"
#include "setup/setup.h"
#include "tls/library.h"
#include "unit/setup/folder.h"

#define HASH "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"

static struct diagnostics diagnostics;
static struct setup *setup;

static int set_up(void **state)
{
	(void)state;
	folder_open();
	diagnostics_init(&diagnostics);
	setup = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	setup_unref(setup);
	diagnostics_done(&diagnostics);
	folder_close();
	return 0;
}

static int open_library(void **state)
{
	(void)state;
	return tls_library_open() ? -1 : 0;
}

/* Loads a configuration whose routes, from line 3 on, are these. */
static enum error load(const char *routes)
{
	char text[4096];

	(void)snprintf(text, sizeof(text),
	               "listeners: [{address: 127.0.0.1:8080}]\n"
	               "routes:\n"
	               "%s"
	               "clusters: {app: {backends: [{address: 127.0.0.1:9000}]}}\n",
	               routes);
	folder_write_text("site.yaml", text);
	return setup_load(folder_path("site.yaml"), &diagnostics, &setup);
}

static void check_told(const char *path, unsigned line, const char *part)
{
	for (size_t i = 0; i < diagnostics.count; i++) {
		const struct diagnostic *item = &diagnostics.items[i];

		if (span_equal(item->path, span_of_string(path)) && item->place.line == line &&
		    memmem(item->message.data, item->message.size, part, strlen(part)))
			return;
	}
	fail_msg("%s, line %u: %s", path, line, part);
}

static void test_loads_what_the_routes_name(void **state)
{
	const struct rules *rules;

	(void)state;
	folder_write_text("page.html", "<p>sorry</p>");
	folder_write_text("closed.txt", "closed");
	folder_write_text("users.txt", "alice:" HASH "\n");
	assert_int_equal(load("  - {path: /a, answer: {file: closed.txt}}\n"
	                      "  - {path: /b, answer: {body: open}}\n"
	                      "  - {path: /c, cluster: app, error_pages: {502: {file: page.html}}}\n"
	                      "  - {path: /d, cluster: app, basic_auth: {users_file: users.txt}}\n"
	                      "  - cluster: app\n"),
	                 OK);
	assert_int_equal(setup->rules.count, 5);
	assert_true(span_equal(setup->rules.of[0]->answer, SPAN("closed")));
	assert_true(span_equal(setup->rules.of[1]->answer, SPAN("open")));
	rules = setup->rules.of[2];
	assert_true(
		span_equal(page_find(rules->pages, rules->page_count, 502)->content, SPAN("<p>sorry</p>")));
	assert_null(page_find(rules->pages, rules->page_count, 503));
	assert_non_null(users_find(setup->rules.of[3]->users, SPAN("alice")));
	assert_string_equal(setup->rules.of[3]->challenge,
	                    "Basic realm=\"restricted\", charset=\"UTF-8\"");
	assert_null(setup->rules.of[4]); /* a route that only names its cluster costs nothing */
}

/* All in one run, with the mistakes of the file itself. */
static void test_tells_what_can_not_be_read_or_done(void **state)
{
	static char large[FILE_SIZE_MAX + 2];

	(void)state;
	memset(large, 'a', sizeof(large) - 1);
	folder_write_text("large.txt", large);
	folder_write_text("users.txt", "alice:secret\n");
	assert_int_equal(load("  - {path: /a, answer: {file: missing.txt}}\n"
	                      "  - {path: /b, answer: {file: large.txt}}\n"
	                      "  - {path: /c, cluster: app, error_pages: {502: {file: missing.html}}}\n"
	                      "  - {path: /d, cluster: app, basic_auth: {users_file: users.txt}}\n"
	                      "  - {path: /e, cluster: app, basic_auth: {users_file: none.txt}}\n"
	                      "  - {path: /f, cluster: app, request_headers: {remove: [Connection]}}\n"
	                      "  - {path: /g, cluster: unknown}\n"),
	                 ERROR_CONFIG);
	assert_null(setup);
	check_told("routes[0].answer.file", 3, "can not read");
	check_told("routes[1].answer.file", 4, "larger");
	check_told("routes[2].error_pages.502.file", 5, "can not read");
	check_told("routes[3].basic_auth.users_file", 6, "line 1: only yescrypt");
	check_told("routes[4].basic_auth.users_file", 7, "can not read");
	check_told("routes[5].request_headers.remove", 8, "can not be changed");
	check_told("routes[6].cluster", 9, "unknown cluster");
}

/* limits.page_files: what is just within it is loaded; one byte more, and the file that crosses it
 * is named. */
static void test_all_pages_together_are_limited(void **state)
{
	static char page[601];

	(void)state;
	memset(page, 'a', sizeof(page) - 1);
	folder_write_text("first.html", page);
	folder_write_text("second.txt", page + 176); /* 600 + 424 bytes are 1 KiB */
	assert_int_equal(load("  - {path: /a, answer: {file: second.txt}}\n"
	                      "  - {cluster: app, error_pages: {502: {file: first.html}}}\n"
	                      "limits: {page_files: 1KiB}\n"),
	                 OK);
	setup_unref(setup);
	setup = NULL;
	folder_write_text("second.txt", page + 175);
	assert_int_equal(load("  - {path: /a, answer: {file: second.txt}}\n"
	                      "  - {cluster: app, error_pages: {502: {file: first.html}}}\n"
	                      "limits: {page_files: 1KiB}\n"),
	                 ERROR_CONFIG);
	check_told("routes[1].error_pages.502.file", 4, "larger than limits.page_files");
}

static void test_each_allocation_that_fails(void **state)
{
	(void)state;
	folder_write_text("page.html", "<p>sorry</p>");
	folder_write_text("users.txt", "alice:" HASH "\n");
	for (long successes = 0; !setup; successes++) {
		diagnostics_done(&diagnostics);
		diagnostics_init(&diagnostics);
		memory_fail_after(successes);

		enum error error =
			load("  - {path: /a, cluster: app, basic_auth: {users_file: users.txt},\n"
		         "     rate_limit: {requests: 1}, concurrency: {requests_per_client: 1},\n"
		         "     error_pages: {502: {file: page.html}}}\n");

		memory_fail_after(-1);
		assert_true(error == OK || error == ERROR_OUT_OF_MEMORY || error == ERROR_CONFIG);
		assert_true((error == OK) == (setup != NULL));
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_loads_what_the_routes_name),
		TEST(test_tells_what_can_not_be_read_or_done),
		TEST(test_all_pages_together_are_limited),
		TEST(test_each_allocation_that_fails),
	};

	return cmocka_run_group_tests(tests, open_library, NULL);
}
