#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log_rate.h"

enum { SECOND = 1000 * 1000 };

static const char *event;
static enum log_stream stream;
static uint64_t count;

static unsigned allowed(struct log_rate *rate, uint64_t now_us, const char *name, unsigned lines)
{
	unsigned passed = 0;

	while (lines-- > 0)
		passed += log_rate_allows(rate, now_us, LOG_TO_ERRORS, name);
	return passed;
}

static void test_so_many_a_second_and_no_more(void **state)
{
	struct log_rate rate;

	(void)state;
	log_rate_init(&rate, 0, 5);
	assert_int_equal(allowed(&rate, 7 * SECOND, "a", 5), 5);
	assert_false(log_rate_has_some(&rate));
	assert_int_equal(allowed(&rate, 8 * SECOND - 1, "a", 3), 0);
	assert_int_equal(allowed(&rate, 8 * SECOND, "a", 6), 5);
	assert_true(log_rate_take(&rate, 9 * SECOND, false, &event, &stream, &count));
	assert_int_equal(count, 4);
	assert_false(log_rate_has_some(&rate));
}

/* A flood of one event does not hide another. */
static void test_each_event_by_itself(void **state)
{
	char same[] = "a";
	struct log_rate rate;

	(void)state;
	log_rate_init(&rate, 0, 1);
	assert_int_equal(allowed(&rate, 0, "a", 3), 1);
	assert_int_equal(allowed(&rate, 0, "b", 2), 1);
	assert_int_equal(allowed(&rate, 0, same, 1), 0);

	uint64_t counts[2] = {0};

	while (log_rate_take(&rate, SECOND, false, &event, &stream, &count)) {
		assert_int_equal(stream, LOG_TO_ERRORS);
		counts[strcmp(event, "b") == 0] = count;
	}
	assert_int_equal(counts[0], 3);
	assert_int_equal(counts[1], 1);
}

/* The number is told when the second is over, or at the end. */
static void test_not_told_before_the_second_is_over(void **state)
{
	struct log_rate rate;

	(void)state;
	log_rate_init(&rate, 0, 1);
	assert_int_equal(allowed(&rate, SECOND, "a", 2), 1);
	assert_false(log_rate_take(&rate, SECOND + 999, false, &event, &stream, &count));
	assert_true(log_rate_take(&rate, SECOND + 999, true, &event, &stream, &count));
	assert_int_equal(count, 1);
}

static void test_without_a_limit(void **state)
{
	struct log_rate rate;

	(void)state;
	log_rate_init(&rate, 0, 1);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(log_rate_allows(&rate, 0, LOG_TO_ACCESS, "request"));
	assert_false(log_rate_has_some(&rate));
}

static void test_more_events_than_there_is_room_for(void **state)
{
	static char names[LOG_RATE_EVENTS_MAX + 1][8];
	struct log_rate rate;

	(void)state;
	log_rate_init(&rate, 0, 1);
	for (unsigned i = 0; i <= LOG_RATE_EVENTS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "e%u", i);
		assert_int_equal(allowed(&rate, 0, names[i], 2), i < LOG_RATE_EVENTS_MAX ? 1 : 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_so_many_a_second_and_no_more),
		cmocka_unit_test(test_each_event_by_itself),
		cmocka_unit_test(test_not_told_before_the_second_is_over),
		cmocka_unit_test(test_without_a_limit),
		cmocka_unit_test(test_more_events_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
