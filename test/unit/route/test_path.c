#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "route/path.h"

enum { ARENA_SIZE_MAX = 1 << 20 };

static void test_normal_forms(void **state)
{
	static const struct {
		const char *path;
		const char *normal;
	} rows[] = {
		{"/", "/"},
		{"/a/b.html", "/a/b.html"},
		{"/a/", "/a/"},
		{"", "/"},
		{"*", "/"},
		{"a/b", "/"},
		/* RFC 3986 §5.2.4 and §5.4 */
		{"/a/b/c/./../../g", "/a/g"},
		{"/./a", "/a"},
		{"/a/.", "/a/"},
		{"/a/..", "/"},
		{"/a/b/..", "/a/"},
		{"/..", "/"},
		{"/../../a", "/a"},
		{"/a/../../b", "/b"},
		{"/.", "/"},
		{"/a/...", "/a/..."},
		{"/a/..b", "/a/..b"},
		{"/a/b..", "/a/b.."},
		{"/.well-known/x", "/.well-known/x"},
		{"/a/.b/../c", "/a/c"},
		/* §6.2.2.1 and §6.2.2.2 */
		{"/%41%7e", "/A~"},
		{"/a%20b", "/a b"},
		{"/%2e%2E/a", "/a"},
		{"/a/%2e./b", "/b"},
		{"/a%2fb", "/a%2Fb"},
		{"/a%2Fb", "/a%2Fb"},
		{"/a/..%2fb", "/a/..%2Fb"},
		{"/a%2f../b", "/a%2F../b"},
		{"/%252e%252e/", "/%252e%252e/"},
		{"/%25%32%65", "/%252e"},
		{"/%zz", "/%zz"},
		{"/%4", "/%4"},
		{"/%", "/%"},
		/* Runs of slashes */
		{"//", "/"},
		{"//a///b//", "/a/b/"},
		{"/a//../b", "/b"},
		{"//..//a", "/a"},
		{"/a/%2e%2e//b", "/b"},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct span normal;

		assert_int_equal(path_normalise(span_of_string(rows[i].path), &arena, &normal), OK);
		if (!span_equal(normal, span_of_string(rows[i].normal)))
			fail_msg("%s: %.*s, not %s", rows[i].path, (int)normal.size, normal.data,
			         rows[i].normal);
	}
	arena_done(&arena);
}

static void test_a_normal_path_needs_no_memory(void **state)
{
	struct arena arena;
	struct span normal = SPAN("?");

	(void)state;
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	memory_fail_after(0);
	assert_int_equal(path_normalise(SPAN("/a/b-c"), &arena, &normal), OK);
	assert_true(span_equal(normal, SPAN("/a/b-c")));
	assert_int_equal(path_normalise(SPAN("/a//b"), &arena, &normal), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_true(span_equal(normal, SPAN("/a/b-c")));
	arena_done(&arena);
}

/* Of all short paths made of what matters: begins with a slash, no dot segment, no two slashes. */
static void test_all_short_paths(void **state)
{
	static const char *const pieces[] = {"/", ".", "a", "%2e", "%2f", "%61"};
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	for (unsigned long n = 0; n < 6UL * 6 * 6 * 6 * 6 * 6; n++) {
		char path[1 + 6 * 3] = "/";
		size_t size = 1;
		struct span normal;
		unsigned long rest = n;

		for (int i = 0; i < 6; i++, rest /= 6)
			for (const char *piece = pieces[rest % 6]; *piece != '\0'; piece++)
				path[size++] = *piece;
		assert_int_equal(path_normalise(span_of(path, size), &arena, &normal), OK);
		assert_true(normal.size > 0 && normal.data[0] == '/' && normal.size <= size);

		struct span segments = span_from(normal, 1);
		struct span segment;

		while (span_next(&segments, '/', &segment)) {
			assert_false(span_equal(segment, SPAN(".")) || span_equal(segment, SPAN("..")));
			assert_true(segment.size > 0 || segments.data == NULL);
		}
		arena_done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_forms),
		cmocka_unit_test(test_a_normal_path_needs_no_memory),
		cmocka_unit_test(test_all_short_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
