#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"

#define assert_text(text, literal)                               \
	do {                                                         \
		assert_true(span_equal(text_span(text), SPAN(literal))); \
		assert_int_equal(text_string(text)[(text)->size], '\0'); \
	} while (0)

static struct text text;

static int set_up(void **state)
{
	(void)state;
	text_init(&text, 10000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	text_done(&text);
	return 0;
}

static void test_empty(void **state)
{
	(void)state;
	assert_string_equal(text_string(&text), "");
	assert_int_equal(text_span(&text).size, 0);
	text_clear(&text);
	text_taken(&text, 0);
	text_put(&text, span_of(NULL, 0));
	text_put_string(&text, NULL);
	text_put_json(&text, span_of(NULL, 0));
	text_printf(&text, "%s", "");
	assert_text(&text, "");
	assert_false(text.cut);
	text_done(&text);
	text_done(&text);
}

static void test_put(void **state)
{
	(void)state;
	text_put(&text, SPAN("a\0b"));
	text_put_string(&text, "-c-");
	text_put_char(&text, '\xff');
	text_printf(&text, "%s=%d %%", "d", -7);
	assert_text(&text, "a\0b-c-\xff"
	                   "d=-7 %");
	assert_false(text.cut);
}

static void test_put_number(void **state)
{
	(void)state;
	text_put_number(&text, 0);
	text_put_char(&text, ' ');
	text_put_number(&text, 1234567890);
	text_put_char(&text, ' ');
	text_put_number(&text, UINT64_MAX);
	assert_text(&text, "0 1234567890 18446744073709551615");
}

static void test_it_grows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		text_printf(&text, "%04u", i);
	assert_int_equal(text.size, 4000);
	assert_false(text.cut);
	for (unsigned i = 0; i < 1000; i++) {
		char expected[5];

		(void)snprintf(expected, sizeof(expected), "%04u", i);
		assert_memory_equal(text_string(&text) + 4 * (size_t)i, expected, 4);
	}
}

static void test_clear_keeps_the_memory(void **state)
{
	(void)state;
	text_put_string(&text, "abc");

	unsigned long allocations = memory_allocations();

	text_clear(&text);
	assert_text(&text, "");
	text_put_string(&text, "de");
	assert_text(&text, "de");
	assert_int_equal(memory_allocations(), allocations);
}

static void test_taken(void **state)
{
	(void)state;
	text_put_string(&text, "abcdef");
	text_taken(&text, 0);
	text_taken(&text, 2);
	assert_text(&text, "cdef");
	text_put_char(&text, 'g');
	assert_text(&text, "cdefg");
	text_taken(&text, 5);
	assert_text(&text, "");
}

static void test_the_maximum_cuts(void **state)
{
	(void)state;
	text_init(&text, 5);
	text_put_string(&text, "abcde");
	assert_false(text.cut);
	text_put_string(&text, "");
	assert_false(text.cut);
	text_put_string(&text, "f");
	assert_true(text.cut);
	assert_text(&text, "abcde");

	text_clear(&text);
	assert_false(text.cut);
	text_put_string(&text, "abc");
	text_put_string(&text, "defgh");
	assert_text(&text, "abcde");
	assert_true(text.cut);

	text_clear(&text);
	text_printf(&text, "%s", "abcdefgh");
	text_printf(&text, "%s", "i");
	assert_text(&text, "abcde");
	assert_true(text.cut);

	text_clear(&text);
	text_put_number(&text, 1234567);
	assert_text(&text, "12345");
	assert_true(text.cut);
}

static void test_a_maximum_of_nothing(void **state)
{
	(void)state;
	text_init(&text, 0);
	text_put_string(&text, "");
	assert_false(text.cut);
	text_put_string(&text, "a");
	text_printf(&text, "%d", 1);
	assert_text(&text, "");
	assert_true(text.cut);
}

/* All the ways to add, to more than the first allocation gives. */
static void put_all_sorts(struct text *to)
{
	text_put_string(to, "string");
	text_put_char(to, ' ');
	text_put_number(to, 12345);
	text_printf(to, "%200s", "padded");
	text_put_json(to, SPAN("\"quoted\" \xc3\xa9 \x01 \xff"));
	text_printf(to, "%150s", "again");
}

/* Whatever the maximum is, the text is the beginning of the whole, and says if it is not all. */
static void test_every_maximum(void **state)
{
	(void)state;
	put_all_sorts(&text);
	assert_false(text.cut);
	for (size_t max = 0; max <= text.size; max++) {
		struct text cut;

		text_init(&cut, max);
		put_all_sorts(&cut);
		assert_int_equal(cut.size, max);
		assert_true(span_starts_with(text_span(&text), text_span(&cut)));
		assert_int_equal(text_string(&cut)[cut.size], '\0');
		assert_int_equal(cut.cut, max < text.size);
		text_done(&cut);
	}
}

static void test_each_allocation_fails(void **state)
{
	long successes = 0;
	bool was_cut;

	(void)state;
	put_all_sorts(&text);
	do {
		struct text cut;

		text_init(&cut, text.max);
		memory_fail_after(successes++);
		put_all_sorts(&cut);
		memory_fail_after(-1);
		was_cut = cut.cut;
		assert_true(span_starts_with(text_span(&text), text_span(&cut)));
		assert_int_equal(text_string(&cut)[cut.size], '\0');
		assert_int_equal(was_cut, cut.size < text.size);
		text_done(&cut);
	} while (was_cut);
	assert_true(successes - 1 >= 2);
}

static void test_without_memory_at_all(void **state)
{
	(void)state;
	memory_fail_after(0);
	text_put_string(&text, "abc");
	text_printf(&text, "%d", 1);
	text_put_json(&text, SPAN("\x01"));
	assert_string_equal(text_string(&text), "");
	assert_true(text.cut);
}

static void test_printf_of_every_length(void **state)
{
	(void)state;
	for (int length = 1; length < 600; length++) {
		text_clear(&text);
		text_put_char(&text, '>');
		text_printf(&text, "%*d", length, 7);
		assert_int_equal(text.size, length + 1);
		assert_int_equal(text_string(&text)[length], '7');
		assert_int_equal(text_string(&text)[length + 1], '\0');
	}
}

/* Each byte alone: as it is, escaped by a backslash, or as \u00xx. */
static void test_json_of_every_byte(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;
		char expected[8];

		if (c == '"' || c == '\\')
			(void)snprintf(expected, sizeof(expected), "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			(void)snprintf(expected, sizeof(expected), "\\u%04x", (unsigned)c);
		else
			(void)snprintf(expected, sizeof(expected), "%c", c);
		text_clear(&text);
		text_put_char(&text, '[');
		text_put_json(&text, span_of(&byte, 1));
		text_put_char(&text, ']');
		assert_int_equal(text.size, strlen(expected) + 2);
		assert_memory_equal(text_string(&text) + 1, expected, strlen(expected));
	}
}

static void test_json_of_every_byte_at_once(void **state)
{
	char bytes[256];

	(void)state;
	for (int c = 0; c < 256; c++)
		bytes[c] = (char)c;
	text_put_json(&text, span_of(bytes, sizeof(bytes)));
	/* 93 as they are, 2 by a backslash, 161 by six. No two neighbours make a UTF-8 sequence. */
	assert_int_equal(text.size, 93 + 2 * 2 + 161 * 6);
	for (size_t i = 0; i < text.size; i++)
		assert_in_range((unsigned char)text_string(&text)[i], 0x20, 0x7e);
}

#define assert_json(bytes, expected)       \
	do {                                   \
		text_clear(&text);                 \
		text_put_json(&text, SPAN(bytes)); \
		assert_text(&text, expected);      \
	} while (0)

static void test_json_of_utf8(void **state)
{
	(void)state;
	assert_json("na\xc3\xafve", "na\xc3\xafve");
	/* The first and the last of each length, and those around the surrogates. */
	assert_json("\xc2\x80", "\xc2\x80");
	assert_json("\xdf\xbf", "\xdf\xbf");
	assert_json("\xe0\xa0\x80", "\xe0\xa0\x80");
	assert_json("\xed\x9f\xbf", "\xed\x9f\xbf");
	assert_json("\xee\x80\x80", "\xee\x80\x80");
	assert_json("\xef\xbf\xbf", "\xef\xbf\xbf");
	assert_json("\xf0\x90\x80\x80", "\xf0\x90\x80\x80");
	assert_json("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
	assert_json("\xe2\x82\xac\"\xe2\x82\xac", "\xe2\x82\xac\\\"\xe2\x82\xac");
}

static void test_json_of_invalid_utf8(void **state)
{
	(void)state;
	assert_json("\x80", "\\u0080");
	/* Overlong: a slash, NUL, and those that the second byte tells. */
	assert_json("\xc0\xaf", "\\u00c0\\u00af");
	assert_json("\xc1\xbf", "\\u00c1\\u00bf");
	assert_json("\xe0\x80\xaf", "\\u00e0\\u0080\\u00af");
	assert_json("\xe0\x9f\xbf", "\\u00e0\\u009f\\u00bf");
	assert_json("\xf0\x8f\xbf\xbf", "\\u00f0\\u008f\\u00bf\\u00bf");
	/* Surrogates, and beyond U+10FFFF. */
	assert_json("\xed\xa0\x80", "\\u00ed\\u00a0\\u0080");
	assert_json("\xed\xbf\xbf", "\\u00ed\\u00bf\\u00bf");
	assert_json("\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080");
	assert_json("\xf5\x80\x80\x80", "\\u00f5\\u0080\\u0080\\u0080");
	assert_json("\xff\xfe", "\\u00ff\\u00fe");
	/* Broken off, by the end or by another byte, which counts for itself. */
	assert_json("\xc3", "\\u00c3");
	assert_json("\xe2\x82", "\\u00e2\\u0082");
	assert_json("\xf0\x9f\x98", "\\u00f0\\u009f\\u0098");
	assert_json("\xc3(", "\\u00c3(");
	assert_json("\xe2\x82(", "\\u00e2\\u0082(");
	assert_json("\xe2\xc3\xa9", "\\u00e2\xc3\xa9");
	assert_json("\xf0\x9f\"\x80", "\\u00f0\\u009f\\\"\\u0080");
}

/* Every sequence of two bytes, against RFC 3629 §4 written another way. */
static void test_json_of_all_pairs(void **state)
{
	(void)state;
	for (unsigned pair = 0x8000; pair <= 0xffff; pair++) {
		unsigned first = pair >> 8;
		unsigned second = pair & 0xff;
		char bytes[2] = {(char)first, (char)second};
		bool valid = first >= 0xc2 && first <= 0xdf && second >= 0x80 && second <= 0xbf;

		text_clear(&text);
		text_put_json(&text, span_of(bytes, 2));
		if (valid)
			assert_memory_equal(text_string(&text), bytes, 2);
		else
			assert_memory_equal(text_string(&text), "\\u00", 4);
		assert_int_equal(text.size == 2, valid);
	}
}

static void test_json_of_control_bytes_in_words(void **state)
{
	(void)state;
	assert_json("a\r\nb\tc\0d\x7f", "a\\u000d\\u000ab\\u0009c\\u0000d\\u007f");
	assert_json("C:\\\"x\"", "C:\\\\\\\"x\\\"");
	assert_json("</script>", "</script>");
}

static void test_json_is_cut_at_the_maximum(void **state)
{
	static const char whole[] = "ab\\u0001\\\"\xc3\xa9";

	(void)state;
	for (size_t max = 0; max < sizeof(whole); max++) {
		text_done(&text);
		text_init(&text, max);
		text_put_json(&text, SPAN("ab\x01\"\xc3\xa9"));
		assert_int_equal(text.size, max);
		assert_memory_equal(text_string(&text), whole, max);
		assert_int_equal(text.cut, max < sizeof(whole) - 1);
	}
}

#define text_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		text_test(test_empty),
		text_test(test_put),
		text_test(test_put_number),
		text_test(test_it_grows),
		text_test(test_clear_keeps_the_memory),
		text_test(test_taken),
		text_test(test_the_maximum_cuts),
		text_test(test_a_maximum_of_nothing),
		text_test(test_every_maximum),
		text_test(test_each_allocation_fails),
		text_test(test_without_memory_at_all),
		text_test(test_printf_of_every_length),
		text_test(test_json_of_every_byte),
		text_test(test_json_of_every_byte_at_once),
		text_test(test_json_of_utf8),
		text_test(test_json_of_invalid_utf8),
		text_test(test_json_of_all_pairs),
		text_test(test_json_of_control_bytes_in_words),
		text_test(test_json_is_cut_at_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
