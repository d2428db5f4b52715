#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/pace.h"

enum { RATE = 100, GRACE_MS = 5000, START_MS = 1000000 };

static struct pace begin(void)
{
	struct pace pace;

	pace_begin(&pace, RATE, GRACE_MS, 7, START_MS);
	pace_note(&pace, 7, true, START_MS);
	return pace;
}

static void test_silence_uses_the_grace_up(void **state)
{
	struct pace pace = begin();

	(void)state;
	assert_int_equal(pace_due_ms(&pace), START_MS + GRACE_MS);
	pace_note(&pace, 7, true, START_MS + GRACE_MS - 1);
	assert_false(pace_is_lost(&pace));
	assert_int_equal(pace_due_ms(&pace), START_MS + GRACE_MS);
	pace_note(&pace, 7, true, START_MS + GRACE_MS);
	assert_true(pace_is_lost(&pace));
}

/* One byte just before each timeout must not hold a connection for ever. */
static void test_a_byte_now_and_then_is_not_enough(void **state)
{
	struct pace pace = begin();
	uint64_t now_ms = START_MS;
	uint64_t bytes = 7;

	(void)state;
	while (!pace_is_lost(&pace)) {
		now_ms += 1000;
		pace_note(&pace, ++bytes, true, now_ms);
	}
	assert_in_range(now_ms - START_MS, GRACE_MS, GRACE_MS + 1000);
}

static void test_the_rate_itself_is_enough(void **state)
{
	struct pace pace = begin();

	(void)state;
	for (uint64_t second = 1; second < 10000; second++)
		pace_note(&pace, 7 + second * RATE, true, START_MS + second * 1000);
	assert_false(pace_is_lost(&pace));
	assert_int_equal(pace.left, pace.grace);
}

/* However much has moved: the grace is all that can be saved. */
static void test_no_more_than_the_grace_is_saved(void **state)
{
	struct pace pace = begin();

	(void)state;
	pace_note(&pace, UINT64_MAX / 2, true, START_MS + 1000);
	assert_int_equal(pace_due_ms(&pace), START_MS + 1000 + GRACE_MS);
}

static void test_the_time_of_others_does_not_count(void **state)
{
	struct pace pace = begin();

	(void)state;
	pace_note(&pace, 7, false, START_MS + 1000);
	assert_int_equal(pace_due_ms(&pace), UINT64_MAX);
	pace_note(&pace, 7, true, START_MS + 100000);
	assert_false(pace_is_lost(&pace));
	assert_int_equal(pace_due_ms(&pace), START_MS + 100000 + GRACE_MS - 1000);
}

static void test_a_burst_that_comes_with_the_look_counts(void **state)
{
	struct pace pace = begin();

	(void)state;
	/* In 20 s at this rate 2,000 bytes; it fell behind by as much as the grace allows, but one. */
	pace_note(&pace, 7 + 1501, true, START_MS + 20000);
	assert_false(pace_is_lost(&pace));
	pace = begin();
	pace_note(&pace, 7 + 1500, true, START_MS + 20000);
	assert_true(pace_is_lost(&pace));
}

static void test_none_is_asked_for(void **state)
{
	struct pace pace;

	(void)state;
	pace_begin(&pace, 0, GRACE_MS, 0, START_MS);
	pace_note(&pace, 0, true, START_MS);
	pace_note(&pace, 0, true, START_MS + 1000 * (uint64_t)GRACE_MS);
	assert_false(pace_is_lost(&pace));
	assert_int_equal(pace_due_ms(&pace), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence_uses_the_grace_up),
		cmocka_unit_test(test_a_byte_now_and_then_is_not_enough),
		cmocka_unit_test(test_the_rate_itself_is_enough),
		cmocka_unit_test(test_no_more_than_the_grace_is_saved),
		cmocka_unit_test(test_the_time_of_others_does_not_count),
		cmocka_unit_test(test_a_burst_that_comes_with_the_look_counts),
		cmocka_unit_test(test_none_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
