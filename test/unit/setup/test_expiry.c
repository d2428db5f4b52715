#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "setup/expiry.h"

enum { DAY_S = 86400 };

static void test_states_and_days(void **state)
{
	static const int64_t end_s = 1800000000;
	static const uint64_t warning_ms = 21 * (uint64_t)DAY_S * 1000;
	static const struct {
		int64_t left_s;
		enum expiry_state state;
		int64_t days_left;
	} cases[] = {
		{90 * DAY_S, EXPIRY_FAR, 90},
		{21 * DAY_S, EXPIRY_FAR, 21},
		{21 * DAY_S - 1, EXPIRY_NEAR, 20},
		{DAY_S, EXPIRY_NEAR, 1},
		{DAY_S - 1, EXPIRY_NEAR, 0},
		{0, EXPIRY_NEAR, 0},
		{-1, EXPIRY_PAST, -1},
		{-DAY_S, EXPIRY_PAST, -1},
		{-DAY_S - 1, EXPIRY_PAST, -2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct expiry expiry = expiry_of(end_s, warning_ms, end_s - cases[i].left_s);

		assert_int_equal(expiry.state, cases[i].state);
		assert_int_equal(expiry.days_left, cases[i].days_left);
	}
}

static void test_without_a_warning(void **state)
{
	(void)state;
	assert_int_equal(expiry_of(1000, 0, 999).state, EXPIRY_FAR);
	assert_int_equal(expiry_of(1000, 0, 1000).state, EXPIRY_FAR);
	assert_int_equal(expiry_of(1000, 0, 1001).state, EXPIRY_PAST);
}

static void test_client_authorities_are_far(void **state)
{
	const struct material material = {.kind = MATERIAL_CLIENT_CA, .expiry_warning_ms = UINT64_MAX};

	(void)state;
	assert_int_equal(expiry_of_material(&material, INT64_MAX).state, EXPIRY_FAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_and_days),
		cmocka_unit_test(test_without_a_warning),
		cmocka_unit_test(test_client_authorities_are_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
