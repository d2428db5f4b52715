#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "route/rewrite.h"

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	memory_fail_after(-1);
	arena_done(&arena);
	return 0;
}

/* `made` NULL: refused. */
struct row {
	const char *prefix;
	const char *replacement;
	const char *path;
	const char *made;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct span made = SPAN("untouched");
		enum error error =
			rewrite_path(span_of_string(rows[i].prefix), span_of_string(rows[i].replacement),
		                 span_of_string(rows[i].path), &arena, &made);
		struct span wanted = span_of_string(rows[i].made ? rows[i].made : "untouched");

		if (error != (rows[i].made ? OK : ERROR_PATH_AMBIGUOUS) || !span_equal(made, wanted))
			fail_msg("%s for %s in %s: %s, %.*s", rows[i].replacement, rows[i].prefix, rows[i].path,
			         error_code(error), (int)made.size, made.data);
	}
}

static void test_replaces_whole_segments(void **state)
{
	static const struct row rows[] = {
		{"/api/", "/", "/api/", "/"},
		{"/api/", "/", "/api/x", "/x"},
		{"/api", "/", "/api", "/"},
		{"/api", "/", "/api/x", "/x"},
		{"/api", "/v2", "/api", "/v2"},
		{"/api", "/v2", "/api/", "/v2/"},
		{"/api", "/v2/", "/api/x", "/v2/x"},
		{"/api/", "/v2", "/api/x", "/v2/x"},
		{"/", "/app", "/", "/app/"},
		{"/", "/app", "/x", "/app/x"},
		{"/", "/", "/x", "/x"},
		{"/a/b", "/c/d/e", "/a/b/f", "/c/d/e/f"},
		{"/", "/app", "*", "*"},
		{"/api", "/v2", "/apis", NULL},
	};

	(void)state;
	check_rows(rows, ARRAY_LENGTH(rows));
}

/* Not a byte of the rest changes. */
static void test_leaves_the_rest_as_it_came(void **state)
{
	static const struct row rows[] = {
		{"/api", "/v2", "/api/a//b/./%41%2f%2F%zz;p=1/..", "/v2/a//b/./%41%2f%2F%zz;p=1/.."},
		{"/api", "/v2", "/api//x", "/v2//x"},
		{"/api", "/", "/api/x/../y", "/x/../y"},
		{"/api", "/", "/api/api", "/api"},
	};

	(void)state;
	check_rows(rows, ARRAY_LENGTH(rows));
}

static void test_refuses_what_could_be_another_path(void **state)
{
	static const struct row rows[] = {
		/* The prefix does not stand there literally. */
		{"/api", "/", "/%61pi/x", NULL},
		{"/api", "/", "//api/x", NULL},
		{"/api", "/", "/./api/x", NULL},
		{"/api", "/", "/x/../api/y", NULL},
		/* The rest climbs out, and comes back or not. */
		{"/api", "/", "/api/../api/x", NULL},
		{"/api", "/v2", "/api/../api/x", NULL},
		{"/api", "/v2", "/api/%2e%2e/api/x", NULL},
		{"/api", "/v2", "/api/x/../../api/y", NULL},
		/* Links would take what follows for a host. */
		{"/api", "/", "/api//evil.example/", NULL},
		{"/api/", "/", "/api//evil.example/", NULL},
	};

	(void)state;
	check_rows(rows, ARRAY_LENGTH(rows));
}

static void test_each_allocation_that_fails(void **state)
{
	(void)state;
	for (long successes = 0;; successes++) {
		struct arena small;
		struct span made = {0};

		arena_init(&small, NULL, 1 << 20);
		memory_fail_after(successes);

		enum error error =
			rewrite_path(SPAN("/api"), SPAN("/v2"), SPAN("/api/%41/../b"), &small, &made);

		memory_fail_after(-1);
		arena_done(&small);
		if (!error)
			return;
		assert_int_equal(error, ERROR_OUT_OF_MEMORY);
		assert_null(made.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaces_whole_segments),
		cmocka_unit_test(test_leaves_the_rest_as_it_came),
		cmocka_unit_test(test_refuses_what_could_be_another_path),
		cmocka_unit_test(test_each_allocation_that_fails),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
