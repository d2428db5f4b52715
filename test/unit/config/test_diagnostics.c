#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "config/diagnostics.h"

static struct diagnostics diagnostics;
static struct text out;

static int begin(void **state)
{
	(void)state;
	diagnostics_init(&diagnostics);
	text_init(&out, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	text_done(&out);
	diagnostics_done(&diagnostics);
	return 0;
}

static struct place at(unsigned line, unsigned column, unsigned length)
{
	return (struct place){.line = line, .column = column, .length = length};
}

static void open_source(struct span source)
{
	assert_int_equal(diagnostics_open(&diagnostics, SPAN("site.yaml"), source), OK);
}

static void check_printed(const char *expected)
{
	text_clear(&out);
	diagnostics_print(&diagnostics, &out);
	assert_string_equal(text_string(&out), expected);
}

static void test_prints_as_documented(void **state)
{
	(void)state;
	open_source(SPAN("\n\n\n\n\n\n\n\n\n\n\n      cluster: ap\n"));
	diagnostics_error_suggest(&diagnostics, at(12, 16, 2), "routes[0].cluster", SPAN("app"),
	                          "unknown cluster \"%s\"", "ap");
	check_printed("site.yaml:12:16: error: routes[0].cluster: unknown cluster \"ap\"; did you mean "
	              "\"app\"?\n"
	              "   12 |       cluster: ap\n"
	              "      |                ^~\n");
}

static void test_prints_nothing_for_nothing(void **state)
{
	(void)state;
	check_printed("");
	open_source(SPAN("a: b\n"));
	check_printed("");
}

static void test_sorts_by_place_and_counts(void **state)
{
	(void)state;
	open_source(SPAN("a\nb\n"));
	diagnostics_warning(&diagnostics, at(2, 1, 1), "", "third");
	diagnostics_error(&diagnostics, at(1, 1, 1), NULL, "first");
	diagnostics_error(&diagnostics, at(1, 1, 1), "x", "second");
	diagnostics_error(&diagnostics, at(0, 0, 0), NULL, "of the whole");
	assert_int_equal(diagnostics.errors, 3);
	assert_int_equal(diagnostics.warnings, 1);
	check_printed("site.yaml: error: of the whole\n"
	              "site.yaml:1:1: error: first\n    1 | a\n      | ^\n"
	              "site.yaml:1:1: error: x: second\n    1 | a\n      | ^\n"
	              "site.yaml:2:1: warning: third\n    2 | b\n      | ^\n");
}

static void test_aligns_under_tabs_and_wide_characters(void **state)
{
	(void)state;
	open_source(SPAN("\ta\xe6\x97\xa5"
	                 "e\xcc\x81x\n"));
	diagnostics_error(&diagnostics, at(1, 3, 1), NULL, "wide");
	diagnostics_error(&diagnostics, at(1, 6, 1), NULL, "after");
	check_printed("site.yaml:1:3: error: wide\n"
	              "    1 | \ta\xe6\x97\xa5"
	              "e\xcc\x81x\n"
	              "      | \t ^~\n"
	              "site.yaml:1:6: error: after\n"
	              "    1 | \ta\xe6\x97\xa5"
	              "e\xcc\x81x\n"
	              "      | \t    ^\n");
}

static void test_lets_nothing_harmful_through(void **state)
{
	(void)state;
	open_source(SPAN("a\x1b[31m\xff\xe2\x80\xae\n"));
	diagnostics_error_suggest(&diagnostics, at(1, 1, 99), "k\x07", SPAN("s\x1b"), "%s",
	                          "m\x1b\n\xff\xe2\x80\xae\xc2\x9b");
	check_printed("site.yaml:1:1: error: k\\x07: m\\x1b\\x0a\\xff\\u202e\\x9b; did you mean "
	              "\"s\\x1b\"?\n"
	              "    1 | a?[31m??\n"
	              "      | ^~~~~~~~\n");
}

static void test_survives_places_outside(void **state)
{
	(void)state;
	open_source(SPAN("abc"));
	diagnostics_error(&diagnostics, at(1, 60, 5), NULL, "beyond the end");
	diagnostics_error(&diagnostics, at(9, 1, 1), NULL, "no such line");
	diagnostics_print(&diagnostics, &out);
	assert_non_null(strstr(text_string(&out), "no such line\n"));
}

static void test_shows_a_window_of_a_long_line(void **state)
{
	char line[500];
	char *caret;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[299] = 'o';
	open_source(span_of(line, sizeof(line)));
	diagnostics_error(&diagnostics, at(1, 300, 3), NULL, "here");
	diagnostics_print(&diagnostics, &out);
	caret = strchr(text_string(&out), '^');
	assert_non_null(caret);

	char *shown = strstr(text_string(&out), "    1 | ...");
	char *below = strstr(text_string(&out), "      | ");

	assert_non_null(shown);
	assert_non_null(below);
	assert_int_equal(shown[caret - below], 'o');
	assert_true(text_span(&out).size < 300);
}

static void test_keeps_a_bounded_number(void **state)
{
	(void)state;
	open_source(SPAN("a"));
	for (int i = 0; i < DIAGNOSTICS_MAX + 5; i++)
		diagnostics_error(&diagnostics, at(1, 1, 1), NULL, "number %d", i);
	assert_int_equal(diagnostics.errors, DIAGNOSTICS_MAX + 5);
	assert_int_equal(diagnostics.count, DIAGNOSTICS_MAX);
	diagnostics_print(&diagnostics, &out);
	assert_non_null(strstr(text_string(&out), "site.yaml: and 5 more\n"));
}

static void test_counts_without_memory(void **state)
{
	(void)state;
	memory_fail_after(0);
	diagnostics_error(&diagnostics, at(1, 1, 1), NULL, "lost");
	assert_int_equal(diagnostics_open(&diagnostics, SPAN("a"), SPAN("b")), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_int_equal(diagnostics.errors, 1);
	check_printed(": and 1 more\n");
}

static void test_prints_json(void **state)
{
	(void)state;
	open_source(SPAN("a\n"));
	diagnostics_warning(&diagnostics, at(1, 1, 1), NULL, "quote \" and \x1b");
	diagnostics_error_suggest(&diagnostics, at(1, 2, 3), "p", SPAN("s"), "m");
	diagnostics_print_json(&diagnostics, &out);
	assert_string_equal(
		text_string(&out),
		"{\"file\":\"site.yaml\",\"errors\":1,\"warnings\":1,\"notices\":0,\"diagnostics\":["
		"{\"severity\":\"warning\",\"line\":1,\"column\":1,\"length\":1,\"path\":\"\","
		"\"message\":\"quote \\\" and \\u001b\",\"suggestion\":null},"
		"{\"severity\":\"error\",\"line\":1,\"column\":2,\"length\":3,\"path\":\"p\","
		"\"message\":\"m\",\"suggestion\":\"s\"}]}\n");
}

/* A notice is neither an error nor a warning, and whoever wants none gets none. */
static void test_notices(void **state)
{
	(void)state;
	diagnostics_notice(&diagnostics, (struct place){0}, "workers", "good to know: %d", 1);
	diagnostics.without_notices = true;
	diagnostics_notice(&diagnostics, (struct place){0}, "workers", "good to know: %d", 2);
	assert_int_equal(diagnostics.errors + diagnostics.warnings, 0);
	assert_int_equal(diagnostics.notices, 1);
	diagnostics_print(&diagnostics, &out);
	assert_string_equal(text_string(&out), ": notice: workers: good to know: 1\n");
	text_clear(&out);
	diagnostics_print_json(&diagnostics, &out);
	assert_non_null(strstr(text_string(&out), "\"notices\":1"));
	assert_non_null(strstr(text_string(&out), "\"severity\":\"notice\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_prints_as_documented, begin, end),
		cmocka_unit_test_setup_teardown(test_prints_nothing_for_nothing, begin, end),
		cmocka_unit_test_setup_teardown(test_sorts_by_place_and_counts, begin, end),
		cmocka_unit_test_setup_teardown(test_aligns_under_tabs_and_wide_characters, begin, end),
		cmocka_unit_test_setup_teardown(test_lets_nothing_harmful_through, begin, end),
		cmocka_unit_test_setup_teardown(test_survives_places_outside, begin, end),
		cmocka_unit_test_setup_teardown(test_shows_a_window_of_a_long_line, begin, end),
		cmocka_unit_test_setup_teardown(test_keeps_a_bounded_number, begin, end),
		cmocka_unit_test_setup_teardown(test_counts_without_memory, begin, end),
		cmocka_unit_test_setup_teardown(test_prints_json, begin, end),
		cmocka_unit_test_setup_teardown(test_notices, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
