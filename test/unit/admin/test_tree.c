#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/tree.h"
#include "base/memory.h"

enum { SIZE_BYTES = 1 << 20, TEXT_MAX = 1 << 20 };

static struct tree tree;
static struct text written;

static int set_up(void **state)
{
	(void)state;
	tree_init(&tree, SIZE_BYTES);
	text_init(&written, TEXT_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	tree_done(&tree);
	text_done(&written);
	return 0;
}

static void expect_json(const char *wanted)
{
	text_clear(&written);
	tree_write_json(&tree, &written);
	assert_false(tree.failed);
	assert_string_equal(text_string(&written), wanted);
}

static void expect_text(const char *wanted)
{
	text_clear(&written);
	tree_write_text(&tree, &written);
	assert_false(tree.failed);
	assert_string_equal(text_string(&written), wanted);
}

static void test_scalars(void **state)
{
	(void)state;
	tree_put_string(&tree, "name", "a \"quoted\" word");
	tree_put_string(&tree, "none", NULL);
	tree_put_number(&tree, "most", UINT64_MAX);
	tree_put_integer(&tree, "below", INT64_MIN);
	tree_put_thousandths(&tree, "rate", 12345);
	tree_put_bool(&tree, "is_so", true);
	tree_put_nothing(&tree, "nothing");
	tree_put_time(&tree, "at", 1763929560123456);
	expect_json("{\"name\":\"a \\\"quoted\\\" word\",\"none\":\"\",\"most\":18446744073709551615,"
	            "\"below\":-9223372036854775808,\"rate\":12.345,\"is_so\":true,\"nothing\":null,"
	            "\"at\":\"2025-11-23T20:26:00Z\"}\n");
	expect_text("name     a \"quoted\" word\n"
	            "none     -\n"
	            "most     18446744073709551615\n"
	            "below    -9223372036854775808\n"
	            "rate     12.3\n"
	            "is so    yes\n"
	            "nothing  -\n"
	            "at       2025-11-23T20:26:00Z\n");
}

static void test_units(void **state)
{
	static const struct {
		uint64_t value;
		const char *seconds;
		const char *bytes;
	} rows[] = {
		{0, "0s", "0 B"},
		{59, "59s", "59 B"},
		{60, "1m", "60 B"},
		{3661, "1h 1m", "3.5 KiB"},
		{1023, "17m 3s", "1023 B"},
		{1024, "17m 4s", "1.0 KiB"},
		{86400, "1d", "84.3 KiB"},
		{86400 + 60, "1d", "84.4 KiB"},
		{10 * 86400 + 7200, "10d 2h", "850.7 KiB"},
		{(uint64_t)1 << 40, "12725829d", "1.0 TiB"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char wanted[128];

		tree_done(&tree);
		tree_init(&tree, SIZE_BYTES);
		tree_put_seconds(&tree, "age_seconds", rows[i].value);
		tree_put_bytes(&tree, "size_bytes", rows[i].value);
		(void)snprintf(wanted, sizeof(wanted), "age   %s\nsize  %s\n", rows[i].seconds,
		               rows[i].bytes);
		expect_text(wanted);
	}
}

static void put_row(const char *name, uint64_t count)
{
	tree_begin_object(&tree, NULL);
	tree_put_string(&tree, "name", name);
	tree_put_number(&tree, "how_many", count);
	tree_end(&tree);
}

static void test_tables(void **state)
{
	(void)state;
	tree_begin_list(&tree, "rows");
	put_row("long one", 1);
	put_row("b", 23);
	tree_end(&tree);
	tree_begin_list(&tree, "words");
	tree_put_string(&tree, NULL, "x");
	tree_put_string(&tree, NULL, "y");
	tree_end(&tree);
	tree_begin_list(&tree, "empty");
	tree_end(&tree);
	expect_json(
		"{\"rows\":[{\"name\":\"long one\",\"how_many\":1},{\"name\":\"b\",\"how_many\":23}],"
		"\"words\":[\"x\",\"y\"],\"empty\":[]}\n");
	expect_text("words  x, y\n"
	            "empty  -\n"
	            "\n"
	            "rows:\n"
	            "  name      how many\n"
	            "  long one  1\n"
	            "  b         23\n");
}

static void test_what_is_no_table(void **state)
{
	(void)state;
	tree_begin_list(&tree, "rows");
	tree_begin_object(&tree, NULL);
	tree_put_string(&tree, "name", "a");
	tree_begin_object(&tree, "more");
	tree_put_number(&tree, "n", 1);
	tree_end(&tree);
	tree_end(&tree);
	tree_begin_object(&tree, NULL);
	tree_put_string(&tree, "name", "b");
	tree_end(&tree);
	tree_end(&tree);
	expect_text("rows:\n"
	            "  - name  a\n"
	            "    more:\n"
	            "      n  1\n"
	            "  - name  b\n");
}

/* What a client has sent neither moves the cursor nor ends a string. */
static void test_bytes_of_strangers(void **state)
{
	(void)state;
	tree_put(&tree, "path", SPAN("/\x1b[2J\n\"\xff\x80"));
	expect_text("path  /\\x1b[2J\\x0a\"\\xff\\x80\n");
	text_clear(&written);
	tree_write_json(&tree, &written);
	for (size_t i = 0; i + 1 < written.size; i++)
		assert_true((unsigned char)written.data[i] >= 0x20);
}

static void put_ordered(struct tree *into, uint64_t order)
{
	tree_begin_object(into, NULL);
	tree_set_order(into, order);
	tree_put_number(into, "n", order);
	tree_end(into);
}

static void test_lists_of_several_are_one(void **state)
{
	struct tree others[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		tree_init(&others[i], SIZE_BYTES);
		tree_begin_list(&others[i], "x");
		put_ordered(&others[i], 10 + i);
		put_ordered(&others[i], 1 + i);
		tree_end(&others[i]);
	}
	tree_begin_list(&tree, "all");
	tree_adopt(&tree, &others[0]);
	tree_adopt(&tree, &others[1]);
	tree_sort(&tree, 3);
	tree_end(&tree);
	expect_json("{\"all\":[{\"n\":11},{\"n\":10},{\"n\":2}]}\n");
	tree_done(&others[0]);
	tree_done(&others[1]);
}

static void test_empty_lists_are_sorted_too(void **state)
{
	struct tree other;

	(void)state;
	tree_init(&other, SIZE_BYTES);
	tree_begin_list(&other, "x");
	tree_end(&other);
	tree_begin_list(&tree, "all");
	tree_adopt(&tree, &other);
	tree_sort(&tree, 3);
	tree_end(&tree);
	expect_json("{\"all\":[]}\n");
	tree_begin_list(&tree, "none");
	tree_sort(&tree, 0);
	tree_end(&tree);
	tree_done(&other);
}

/* It fails as a whole, and is still written without a crash. */
static void test_the_maximum(void **state)
{
	(void)state;
	tree_done(&tree);
	tree_init(&tree, 4096);
	for (int i = 0; i < 1000; i++) {
		tree_begin_object(&tree, "one");
		tree_put_string(&tree, "name", "value");
		tree_end(&tree);
	}
	assert_true(tree.failed);
	tree_write_json(&tree, &written);
	tree_write_text(&tree, &written);
}

static void test_each_allocation_fails(void **state)
{
	(void)state;
	for (long i = 0; i < 3; i++) {
		tree_done(&tree);
		memory_fail_after(i);
		tree_init(&tree, SIZE_BYTES);
		tree_begin_list(&tree, "all");
		for (int j = 0; j < 200; j++)
			put_ordered(&tree, 1);
		tree_sort(&tree, 1);
		tree_end(&tree);
		memory_fail_after(-1);
		tree_write_json(&tree, &written);
		if (i == 0)
			assert_true(tree.failed);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_scalars),
		TEST(test_units),
		TEST(test_tables),
		TEST(test_what_is_no_table),
		TEST(test_bytes_of_strangers),
		TEST(test_lists_of_several_are_one),
		TEST(test_empty_lists_are_sorted_too),
		TEST(test_the_maximum),
		TEST(test_each_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
