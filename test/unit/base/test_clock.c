#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

/* With a guard behind it, so that a write past the end shows even without a sanitizer. */
static void assert_formats(uint64_t wall_us, const char *expected)
{
	char text[CLOCK_TEXT_SIZE + 1];

	memset(text, '#', sizeof(text));
	clock_format(wall_us, text);
	assert_string_equal(text, expected);
	assert_int_equal(strlen(text), CLOCK_TEXT_SIZE - 1);
	assert_int_equal(text[CLOCK_TEXT_SIZE], '#');
}

static void test_format(void **state)
{
	(void)state;
	assert_formats(0, "1970-01-01T00:00:00.000000Z");
	assert_formats(999999, "1970-01-01T00:00:00.999999Z");
	assert_formats(951782400000001, "2000-02-29T00:00:00.000001Z");
	assert_formats(1795465560123456, "2026-11-23T20:26:00.123456Z");
	assert_formats(253402300799999999, "9999-12-31T23:59:59.999999Z");
}

static void test_format_remembers_the_right_second(void **state)
{
	(void)state;
	assert_formats(1795465560000000, "2026-11-23T20:26:00.000000Z");
	assert_formats(1795465560999999, "2026-11-23T20:26:00.999999Z");
	assert_formats(1795465561000000, "2026-11-23T20:26:01.000000Z");
	assert_formats(1795465560000001, "2026-11-23T20:26:00.000001Z");
}

static void test_format_after_the_last_year(void **state)
{
	(void)state;
	assert_formats(253402300800000000, "9999-12-31T23:59:59.999999Z");
	assert_formats(UINT64_MAX, "9999-12-31T23:59:59.999999Z");
}

static void test_now_never_goes_back(void **state)
{
	uint64_t before = clock_now_us();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t now = clock_now_us();

		assert_true(now >= before);
		before = now;
	}
}

static void test_now_is_in_microseconds(void **state)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	uint64_t before = clock_now_us();

	(void)state;
	assert_int_equal(nanosleep(&pause, NULL), 0);
	/* No upper bound worth the name: the machine may be busy. */
	assert_in_range(clock_now_us() - before, 5000, 60000000);
}

static void test_wall_is_the_time_of_day(void **state)
{
	uint64_t before = (uint64_t)time(NULL);
	uint64_t wall = clock_wall_us();

	(void)state;
	/* time() may lag by a tick of the kernel. */
	assert_in_range(wall / 1000000, before, (uint64_t)time(NULL) + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_remembers_the_right_second),
		cmocka_unit_test(test_format_after_the_last_year),
		cmocka_unit_test(test_now_never_goes_back),
		cmocka_unit_test(test_now_is_in_microseconds),
		cmocka_unit_test(test_wall_is_the_time_of_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
