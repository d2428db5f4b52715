#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "config/character.h"

static struct character first(const char *text)
{
	return character_first(span_of_string(text));
}

static void test_reads_utf8(void **state)
{
	(void)state;
	assert_int_equal(first("a").code, 'a');
	assert_int_equal(first("\xc3\xa9").code, 0xe9);
	assert_int_equal(first("\xe6\x97\xa5").code, 0x65e5);
	assert_int_equal(first("\xf0\x9f\x98\x80").code, 0x1f600);
	assert_int_equal(first("\xf0\x9f\x98\x80").size, 4);
	assert_int_equal(first("\xf4\x8f\xbf\xbf").code, 0x10ffff);
	assert_int_equal(character_first(SPAN("\0")).size, 1);
}

static void test_refuses_what_is_not_utf8(void **state)
{
	static const char *const texts[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc3",
		"\xc3(",
		"\xe0\x80\x80",
		"\xe6\x97",
		"\xed\xa0\x80",
		"\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xfe",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		assert_false(first(texts[i]).valid);
		assert_false(first(texts[i]).harmless);
		assert_int_equal(first(texts[i]).size, 1);
	}
}

static void test_knows_width_and_harm(void **state)
{
	static const char *const harmful[] = {
		"\x1b",         "\x7f",         "\n",           "\t",           "\xc2\x9b",
		"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\xa8", "\xef\xbb\xbf",
	};

	(void)state;
	assert_int_equal(first("a").width, 1);
	assert_int_equal(first("\xc3\xa9").width, 1);
	assert_int_equal(first("\xe6\x97\xa5").width, 2);
	assert_int_equal(first("\xf0\x9f\x98\x80").width, 2);
	assert_int_equal(first("\xcc\x81").width, 0);
	assert_true(first("\xe6\x97\xa5").harmless);
	for (size_t i = 0; i < ARRAY_LENGTH(harmful); i++)
		assert_false(first(harmful[i]).harmless);
}

static void check_line(struct span text, unsigned number, const char *expected)
{
	struct span line = SPAN("none");
	bool found = character_line(text, number, &line);

	assert_true(found == (expected != NULL));
	if (expected)
		assert_true(span_equal(line, span_of_string(expected)));
}

static void test_finds_lines(void **state)
{
	(void)state;
	check_line(SPAN("a\nb\r\nc\rd"), 0, NULL);
	check_line(SPAN("a\nb\r\nc\rd"), 1, "a");
	check_line(SPAN("a\nb\r\nc\rd"), 2, "b");
	check_line(SPAN("a\nb\r\nc\rd"), 3, "c");
	check_line(SPAN("a\nb\r\nc\rd"), 4, "d");
	check_line(SPAN("a\nb\r\nc\rd"), 5, NULL);
	check_line(SPAN("a\n"), 2, "");
	check_line(SPAN("a\n\n"), 2, "");
	check_line(SPAN(""), 1, "");
	check_line(SPAN(""), 2, NULL);
	check_line((struct span){0}, 1, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_utf8),
		cmocka_unit_test(test_refuses_what_is_not_utf8),
		cmocka_unit_test(test_knows_width_and_harm),
		cmocka_unit_test(test_finds_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
