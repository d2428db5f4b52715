#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "session/failures.h"

static struct failures failures;

static int set_up(void **state)
{
	(void)state;
	failures_init(&failures, 3);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	failures_done(&failures);
	assert_int_equal(failures.count, 0);
	return 0;
}

static struct failure_record *add(const char *words, uint64_t wall_us, bool *ret_is_new)
{
	struct repeat_kind kind = {
		.reason = ERROR_TLS_NOT_TLS, .listener = SPAN("[::]:443"), .words = span_of_string(words)};

	return failures_add(&failures, &kind, SPAN("192.0.2.1:5"), wall_us, ret_is_new);
}

static const struct failure_record *at(size_t index)
{
	struct list *node = failures.records.next;

	while (index-- > 0)
		node = node->next;
	return LIST_OBJECT(node, struct failure_record, node);
}

static void test_those_of_a_kind_are_one(void **state)
{
	bool is_new;

	(void)state;
	(void)add("a", 10, &is_new);
	assert_true(is_new);
	(void)add("b", 20, &is_new);
	assert_true(is_new);
	(void)add("a", 30, &is_new);
	assert_false(is_new);
	assert_int_equal(failures.count, 2);
	assert_string_equal(text_string(&at(0)->kind_words), "a");
	assert_int_equal(at(0)->count, 2);
	assert_int_equal(at(0)->first_us, 10);
	assert_int_equal(at(0)->last_us, 30);
	assert_string_equal(at(0)->client, "192.0.2.1:5");
	assert_string_equal(text_string(&at(1)->kind_words), "b");
	assert_int_equal(failures.totals[ERROR_TLS_NOT_TLS], 3);
}

static void test_the_one_that_came_longest_ago_makes_room(void **state)
{
	bool is_new;

	(void)state;
	(void)add("a", 1, &is_new);
	(void)add("b", 2, &is_new);
	(void)add("c", 3, &is_new);
	(void)add("a", 4, &is_new);
	(void)add("d", 5, &is_new);
	assert_int_equal(failures.count, 3);
	assert_string_equal(text_string(&at(0)->kind_words), "d");
	assert_string_equal(text_string(&at(1)->kind_words), "a");
	assert_string_equal(text_string(&at(2)->kind_words), "c");
	failures_set_max(&failures, 1);
	assert_int_equal(failures.count, 1);
	assert_string_equal(text_string(&at(0)->kind_words), "d");
}

static void test_none_at_all(void **state)
{
	bool is_new;

	(void)state;
	failures_set_max(&failures, 0);
	assert_null(add("a", 1, &is_new));
	assert_int_equal(failures.totals[ERROR_TLS_NOT_TLS], 1);
}

static void test_long_words_are_cut_and_still_a_kind(void **state)
{
	static char words[FAILURES_WORDS_MAX + 100];
	bool is_new;

	(void)state;
	memset(words, 'w', sizeof(words) - 1);
	(void)add(words, 1, &is_new);
	(void)add(words, 2, &is_new);
	assert_false(is_new);
	assert_int_equal(at(0)->kind_words.size, FAILURES_WORDS_MAX);
}

static void test_without_memory(void **state)
{
	bool is_new;

	(void)state;
	memory_fail_after(0);
	assert_null(add("a", 1, &is_new));
	memory_fail_after(-1);
	assert_int_equal(failures.count, 0);
	assert_non_null(add("a", 1, &is_new));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_those_of_a_kind_are_one),
		TEST(test_the_one_that_came_longest_ago_makes_room),
		TEST(test_none_at_all),
		TEST(test_long_words_are_cut_and_still_a_kind),
		TEST(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
