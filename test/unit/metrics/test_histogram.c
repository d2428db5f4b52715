#include "metrics/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void bounds_ascend(void **state)
{
	(void)state;
	for (unsigned i = 1; i < HISTOGRAM_BOUNDS; i++)
		assert_true(histogram_bounds_us[i - 1] < histogram_bounds_us[i]);
}

static void a_bound_belongs_to_its_class(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
		struct histogram histogram = {0};

		histogram_observe(&histogram, histogram_bounds_us[i]);
		histogram_observe(&histogram, histogram_bounds_us[i] + 1);
		assert_int_equal(histogram.counts[i], 1);
		assert_int_equal(histogram.counts[i + 1], 1);
		assert_int_equal(histogram_count(&histogram), 2);
		assert_int_equal(histogram.sum_us, 2 * histogram_bounds_us[i] + 1);
	}
}

static void nothing_is_too_short_or_too_long(void **state)
{
	struct histogram histogram = {0};

	(void)state;
	histogram_observe(&histogram, 0);
	histogram_observe(&histogram, (uint64_t)1 << 62);
	assert_int_equal(histogram.counts[0], 1);
	assert_int_equal(histogram.counts[HISTOGRAM_BOUNDS], 1);
}

static void two_make_one(void **state)
{
	struct histogram a = {0};
	struct histogram b = {0};

	(void)state;
	histogram_observe(&a, 5);
	histogram_observe(&b, 5);
	histogram_observe(&b, 3000);
	histogram_add(&a, &b);
	assert_int_equal(histogram_count(&a), 3);
	assert_int_equal(a.counts[0], 2);
	assert_int_equal(a.sum_us, 3010);
	assert_int_equal(histogram_count(&b), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_ascend),
		cmocka_unit_test(a_bound_belongs_to_its_class),
		cmocka_unit_test(nothing_is_too_short_or_too_long),
		cmocka_unit_test(two_make_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
