#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"

#define assert_span(span, literal) assert_true(span_equal(span, SPAN(literal)))

static const struct span null_span = {0};

static void test_span_of(void **state)
{
	(void)state;
	assert_int_equal(SPAN("a\0b").size, 3);
	assert_span(span_of("abc", 2), "ab");
	assert_span(span_of_string("abc"), "abc");
	assert_true(span_is_empty(span_of_string("")));
	assert_true(span_is_empty(span_of_string(NULL)));
	assert_false(span_is_empty(SPAN(" ")));
}

static void test_init_in_a_static_table(void **state)
{
	static const struct span words[] = {SPAN_INIT("one"), SPAN_INIT("")};

	(void)state;
	assert_span(words[0], "one");
	assert_span(words[1], "");
}

static void test_ascii_lower_changes_only_ascii_letters(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		int lower = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;

		assert_int_equal((unsigned char)ascii_lower((char)c), lower);
	}
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(span_equal(null_span, SPAN("")));
	assert_true(span_equal(null_span, null_span));
	assert_true(span_equal(SPAN("a\0b"), SPAN("a\0b")));
	assert_false(span_equal(SPAN("a\0b"), SPAN("a\0c")));
	assert_false(span_equal(SPAN("abc"), SPAN("ab")));
	assert_false(span_equal(SPAN("abc"), SPAN("aBc")));
}

static void test_equal_nocase(void **state)
{
	(void)state;
	assert_true(span_equal_nocase(null_span, SPAN("")));
	assert_true(span_equal_nocase(SPAN("Content-Length"), SPAN("cONTENT-lENGTH")));
	assert_false(span_equal_nocase(SPAN("abc"), SPAN("ab")));
	/* Pairs that differ only in the bit that makes letters lower case. */
	assert_false(span_equal_nocase(SPAN("@[\\]^"), SPAN("`{|}~")));
	assert_false(span_equal_nocase(SPAN("\xc4"), SPAN("\xe4")));
}

static void test_starts_with(void **state)
{
	(void)state;
	assert_true(span_starts_with(SPAN("/api/x"), SPAN("/api")));
	assert_true(span_starts_with(SPAN("/api"), SPAN("/api")));
	assert_true(span_starts_with(SPAN("/api"), null_span));
	assert_true(span_starts_with(null_span, SPAN("")));
	assert_false(span_starts_with(SPAN("/ap"), SPAN("/api")));
	assert_false(span_starts_with(SPAN("/API"), SPAN("/api")));
}

static void test_ends_with_nocase(void **state)
{
	(void)state;
	assert_true(span_ends_with_nocase(SPAN("www.Example.ORG"), SPAN(".example.org")));
	assert_true(span_ends_with_nocase(SPAN("x"), null_span));
	assert_true(span_ends_with_nocase(null_span, null_span));
	assert_false(span_ends_with_nocase(SPAN("example.org"), SPAN(".example.org")));
	assert_false(span_ends_with_nocase(SPAN("www.example.orx"), SPAN(".example.org")));
}

static void test_cut_and_from(void **state)
{
	struct span text = SPAN("abcdef");

	(void)state;
	assert_span(span_cut(text, 0, 6), "abcdef");
	assert_span(span_cut(text, 1, 3), "bc");
	assert_span(span_cut(text, 4, SIZE_MAX), "ef");
	assert_span(span_cut(text, SIZE_MAX, SIZE_MAX), "");
	assert_span(span_cut(text, 3, 1), "");
	assert_span(span_from(text, 0), "abcdef");
	assert_span(span_from(text, 5), "f");
	assert_span(span_from(text, 6), "");
	assert_span(span_from(text, SIZE_MAX), "");
	assert_null(span_cut(null_span, 0, 1).data);
	assert_null(span_from(null_span, 1).data);
}

static void test_cut_stays_inside(void **state)
{
	struct span text = SPAN("abc");

	(void)state;
	for (size_t from = 0; from < 6; from++)
		for (size_t to = 0; to < 6; to++) {
			struct span cut = span_cut(text, from, to);

			assert_true(cut.data >= text.data);
			assert_true(cut.data + cut.size <= text.data + text.size);
		}
}

static void test_trim(void **state)
{
	(void)state;
	assert_span(span_trim(SPAN(" \t a b\t ")), "a b");
	assert_span(span_trim(SPAN("a")), "a");
	assert_span(span_trim(SPAN(" \t ")), "");
	assert_span(span_trim(null_span), "");
	/* Only spaces and tabs are OWS. */
	for (int i = 0; i < 256; i++) {
		char c = (char)i;

		assert_int_equal(span_trim(span_of(&c, 1)).size, c == ' ' || c == '\t' ? 0 : 1);
	}
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(span_find(SPAN("a:b:c"), ':'), 1);
	assert_int_equal(span_find(SPAN("abc"), ':'), 3);
	assert_int_equal(span_find(SPAN("ab\0"), '\0'), 2);
	assert_int_equal(span_find(SPAN("\xff"), '\xff'), 0);
	assert_int_equal(span_find(null_span, ':'), 0);
}

static void test_next_walks_a_list(void **state)
{
	struct span rest = SPAN("a , b\t,,c,");
	struct span element;

	(void)state;
	assert_true(span_next(&rest, ',', &element));
	assert_span(element, "a");
	assert_true(span_next(&rest, ',', &element));
	assert_span(element, "b");
	assert_true(span_next(&rest, ',', &element));
	assert_span(element, "");
	assert_true(span_next(&rest, ',', &element));
	assert_span(element, "c");
	assert_true(span_next(&rest, ',', &element));
	assert_span(element, "");
	assert_false(span_next(&rest, ',', &element));
	assert_false(span_next(&rest, ',', &element));
}

static void test_next_of_nothing(void **state)
{
	struct span rest = SPAN("");
	struct span element = SPAN("x");

	(void)state;
	assert_true(span_next(&rest, ',', &element));
	assert_span(element, "");
	assert_false(span_next(&rest, ',', &element));

	rest = null_span;
	element = SPAN("untouched");
	assert_false(span_next(&rest, ',', &element));
	assert_span(element, "untouched");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_span_of),
		cmocka_unit_test(test_init_in_a_static_table),
		cmocka_unit_test(test_ascii_lower_changes_only_ascii_letters),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_equal_nocase),
		cmocka_unit_test(test_starts_with),
		cmocka_unit_test(test_ends_with_nocase),
		cmocka_unit_test(test_cut_and_from),
		cmocka_unit_test(test_cut_stays_inside),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_next_walks_a_list),
		cmocka_unit_test(test_next_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
