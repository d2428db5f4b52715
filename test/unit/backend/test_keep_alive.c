#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/keep_alive.h"

enum { START_MS = 1000000, MOMENT_MS = 5000 };

static uint64_t announced(const char *value)
{
	struct field field = {.value = span_of_string(value), .id = FIELD_KEEP_ALIVE};
	struct message message = {.kind = MESSAGE_RESPONSE, .fields = &field, .field_count = 1};

	return keep_alive_announced_ms(&message);
}

static void test_what_a_response_announces(void **state)
{
	static const struct {
		const char *value;
		uint64_t timeout_ms;
	} rows[] = {
		{"timeout=5", 5000},
		{"Timeout = 5 , max = 100", 5000},
		{"max=3, timeout=60", 60000},
		{"timeout=0", 0},
		{"timeout=5, max=0", 0},
		{"max=0", 0},
		{"timeout=30, timeout=20", 20000},
		{"max=100", KEEP_ALIVE_UNKNOWN},
		{"timeout", KEEP_ALIVE_UNKNOWN},
		{"timeout=", KEEP_ALIVE_UNKNOWN},
		{"timeout=-1", KEEP_ALIVE_UNKNOWN},
		{"timeout=5s", KEEP_ALIVE_UNKNOWN},
		{"timeout=99999999999999999999", KEEP_ALIVE_UNKNOWN},
		{"timeout=9999999999", KEEP_ALIVE_UNKNOWN},
		{"300", KEEP_ALIVE_UNKNOWN},
		{"", KEEP_ALIVE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(announced(rows[i].value), rows[i].timeout_ms);
	assert_int_equal(keep_alive_announced_ms(&(struct message){.kind = MESSAGE_RESPONSE}),
	                 KEEP_ALIVE_UNKNOWN);
}

static void test_the_margin(void **state)
{
	struct keep_alive none = {0};

	(void)state;
	assert_int_equal(keep_alive_limit_ms(&none, KEEP_ALIVE_UNKNOWN, START_MS), KEEP_ALIVE_UNKNOWN);
	assert_int_equal(keep_alive_limit_ms(&none, 60000, START_MS), 60000 - KEEP_ALIVE_MARGIN_MS);
	assert_int_equal(keep_alive_limit_ms(&none, 1000, START_MS), 500);
	assert_int_equal(keep_alive_limit_ms(&none, 0, START_MS), 0);
}

static uint64_t limit(const struct keep_alive *seen)
{
	return keep_alive_limit_ms(seen, KEEP_ALIVE_UNKNOWN, START_MS + MOMENT_MS);
}

static void test_two_closes_after_the_same_time_teach(void **state)
{
	struct keep_alive seen = {0};

	(void)state;
	keep_alive_note_close(&seen, 20000, START_MS);
	assert_int_equal(limit(&seen), KEEP_ALIVE_UNKNOWN);
	keep_alive_note_close(&seen, 20400, START_MS + MOMENT_MS);
	assert_int_equal(limit(&seen), 20000 - KEEP_ALIVE_MARGIN_MS);
	/* The shorter of both holds, and what was seen is not true for ever. */
	assert_int_equal(keep_alive_limit_ms(&seen, 5000, START_MS + MOMENT_MS), 4000);
	assert_int_equal(keep_alive_limit_ms(&seen, 50000, START_MS + MOMENT_MS), 19000);
	assert_int_equal(keep_alive_limit_ms(&seen, KEEP_ALIVE_UNKNOWN,
	                                     START_MS + MOMENT_MS + KEEP_ALIVE_FORGOTTEN_MS),
	                 KEEP_ALIVE_UNKNOWN);
}

static void test_what_teaches_nothing(void **state)
{
	struct keep_alive restart = {0};
	struct keep_alive random = {0};
	struct keep_alive at_once = {0};

	(void)state;
	for (int i = 0; i < 10; i++) {
		keep_alive_note_close(&restart, 20000 + (uint64_t)i, START_MS);
		keep_alive_note_close(&random, (uint64_t)2000 << i, START_MS + (uint64_t)i * MOMENT_MS);
		keep_alive_note_close(&at_once, 10, START_MS + (uint64_t)i * MOMENT_MS);
	}
	assert_int_equal(limit(&restart), KEEP_ALIVE_UNKNOWN);
	assert_int_equal(limit(&random), KEEP_ALIVE_UNKNOWN);
	assert_int_equal(limit(&at_once), KEEP_ALIVE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_response_announces),
		cmocka_unit_test(test_the_margin),
		cmocka_unit_test(test_two_closes_after_the_same_time_teach),
		cmocka_unit_test(test_what_teaches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
