/*
 * Counting what runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "route/tally.h"

static void test_up_to_the_limit(void **state)
{
	struct tally *tally;

	(void)state;
	assert_int_equal(tally_new(&tally), OK);
	assert_true(tally_enter(tally, 2));
	assert_true(tally_enter(tally, 2));
	assert_false(tally_enter(tally, 2));
	assert_true(tally_enter(tally, 3));
	assert_int_equal(tally_count(tally), 3);
	for (int i = 0; i < 3; i++)
		tally_leave(tally);
	assert_int_equal(tally_count(tally), 0);
	tally_unref(tally);
}

static void test_it_lives_as_long_as_anybody_has_it(void **state)
{
	struct tally *tally;

	(void)state;
	assert_int_equal(tally_new(&tally), OK);
	assert_ptr_equal(tally_ref(tally), tally);
	tally_unref(tally);
	assert_true(tally_enter(tally, 1));
	tally_leave(tally);
	tally_unref(tally);
	tally_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_to_the_limit),
		cmocka_unit_test(test_it_lives_as_long_as_anybody_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
