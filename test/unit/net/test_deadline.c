#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "net/deadline.h"

enum { TICK = DEADLINE_TICK_MS, ROUND = DEADLINE_TICK_MS * DEADLINE_SLOTS, START_MS = 1000003 };

static struct deadlines wheel;

/* A deadline that counts its calls, and may do something in them. */
struct alarm {
	struct deadline deadline;
	unsigned calls;
	uint64_t called_ms;
	uint64_t again_ms;    /* set anew in the call; 0: not */
	struct alarm *clears; /* cleared in the call */
	struct alarm *moves;  /* moved in the call, to moves_to_ms */
	uint64_t moves_to_ms;
};

static void on_alarm(void *owner)
{
	struct alarm *alarm = owner;

	alarm->calls++;
	alarm->called_ms = wheel.now_ms;
	if (alarm->again_ms)
		deadline_set(&wheel, &alarm->deadline, alarm->again_ms);
	if (alarm->clears)
		deadline_clear(&alarm->clears->deadline);
	if (alarm->moves)
		deadline_set(&wheel, &alarm->moves->deadline, alarm->moves_to_ms);
}

static void alarm_init(struct alarm *alarm)
{
	*alarm = (struct alarm){0};
	deadline_init(&alarm->deadline, on_alarm, alarm);
}

static void set(struct alarm *alarm, uint64_t at_ms)
{
	deadline_set(&wheel, &alarm->deadline, at_ms);
}

/* Runs the wheel whenever it asks for it, up to the given time. */
static void run_to(uint64_t now_ms)
{
	for (uint64_t next_ms; (next_ms = deadlines_next(&wheel)) <= now_ms;)
		deadlines_run(&wheel, next_ms > wheel.now_ms ? next_ms : wheel.now_ms);
	deadlines_run(&wheel, now_ms);
}

static int set_up(void **state)
{
	(void)state;
	deadlines_init(&wheel, START_MS);
	return 0;
}

static void assert_called_on_time(const struct alarm *alarm, uint64_t at_ms)
{
	assert_int_equal(alarm->calls, 1);
	assert_true(alarm->called_ms >= at_ms);
	assert_true(alarm->called_ms <= at_ms + TICK);
}

static void test_nothing_set_has_no_next(void **state)
{
	(void)state;
	assert_true(deadlines_next(&wheel) == DEADLINE_NEVER);
	deadlines_run(&wheel, START_MS + ROUND);
	assert_true(deadlines_next(&wheel) == DEADLINE_NEVER);
}

static void test_is_never_early_and_hardly_late(void **state)
{
	(void)state;
	for (uint64_t after = 0; after < 3 * TICK; after++) {
		struct alarm alarm;

		alarm_init(&alarm);
		set_up(NULL);
		set(&alarm, START_MS + after);
		for (uint64_t now = START_MS; now < START_MS + after; now++) {
			deadlines_run(&wheel, now);
			assert_int_equal(alarm.calls, 0);
		}
		run_to(START_MS + after + TICK);
		assert_called_on_time(&alarm, START_MS + after);
		assert_true(alarm.deadline.at_ms == DEADLINE_NEVER);
		assert_true(deadlines_next(&wheel) == DEADLINE_NEVER);
	}
}

static void test_the_past_is_due_at_once(void **state)
{
	struct alarm alarm;

	(void)state;
	alarm_init(&alarm);
	set(&alarm, 5);
	assert_true(deadlines_next(&wheel) <= START_MS + TICK);
	run_to(START_MS + TICK);
	assert_int_equal(alarm.calls, 1);
}

static void test_moving_later_only_stores_the_number(void **state)
{
	struct alarm alarm;

	(void)state;
	alarm_init(&alarm);
	set(&alarm, START_MS + 100);

	struct list *before = alarm.deadline.node.previous;
	uint64_t slot_ms = alarm.deadline.slot_ms;

	set(&alarm, START_MS + 5000);
	assert_ptr_equal(alarm.deadline.node.previous, before);
	assert_int_equal(alarm.deadline.slot_ms, slot_ms);
	run_to(START_MS + 4999);
	assert_int_equal(alarm.calls, 0);
	run_to(START_MS + 5000 + TICK);
	assert_called_on_time(&alarm, START_MS + 5000);
}

static void test_moving_earlier(void **state)
{
	struct alarm alarm;

	(void)state;
	alarm_init(&alarm);
	set(&alarm, START_MS + 20000);
	set(&alarm, START_MS + 300);
	run_to(START_MS + 299);
	assert_int_equal(alarm.calls, 0);
	run_to(START_MS + 300 + TICK);
	assert_called_on_time(&alarm, START_MS + 300);
	run_to(START_MS + 30000);
	assert_int_equal(alarm.calls, 1);
}

static void test_moving_earlier_within_its_slot(void **state)
{
	struct alarm alarm;
	uint64_t slot_begin = START_MS / TICK * TICK + (uint64_t)4 * TICK;

	(void)state;
	alarm_init(&alarm);
	set(&alarm, slot_begin + TICK - 1);
	set(&alarm, slot_begin);
	run_to(slot_begin + TICK);
	assert_called_on_time(&alarm, slot_begin);
}

static void test_far_ahead_beyond_the_wheel(void **state)
{
	struct alarm alarm;
	uint64_t at_ms = START_MS + (uint64_t)10 * ROUND + 17;

	(void)state;
	alarm_init(&alarm);
	set(&alarm, at_ms);
	run_to(at_ms - 1);
	assert_int_equal(alarm.calls, 0);
	run_to(at_ms + TICK);
	assert_called_on_time(&alarm, at_ms);
}

static void test_around_one_round(void **state)
{
	(void)state;
	for (int off = -3; off <= 3; off++) {
		struct alarm alarm;
		uint64_t at_ms = START_MS + ROUND - 3 * TICK + (uint64_t)(off + 3) * TICK;

		alarm_init(&alarm);
		set_up(NULL);
		set(&alarm, at_ms);
		run_to(at_ms - 1);
		assert_int_equal(alarm.calls, 0);
		run_to(at_ms + TICK);
		assert_called_on_time(&alarm, at_ms);
	}
}

static void test_never_clears(void **state)
{
	struct alarm alarm;

	(void)state;
	alarm_init(&alarm);
	set(&alarm, DEADLINE_NEVER);
	set(&alarm, START_MS + 50);
	set(&alarm, DEADLINE_NEVER);
	run_to(START_MS + 200);
	assert_int_equal(alarm.calls, 0);
	set(&alarm, START_MS + 250);
	deadline_clear(&alarm.deadline);
	deadline_clear(&alarm.deadline);
	run_to(START_MS + 400);
	assert_int_equal(alarm.calls, 0);
	assert_true(deadlines_next(&wheel) == DEADLINE_NEVER);
}

static void test_set_again_in_its_call(void **state)
{
	struct alarm alarm;

	(void)state;
	alarm_init(&alarm);
	alarm.again_ms = START_MS + 500;
	set(&alarm, START_MS + 100);
	run_to(START_MS + 100 + TICK);
	assert_called_on_time(&alarm, START_MS + 100);
	alarm.again_ms = 0;
	run_to(START_MS + 499);
	assert_int_equal(alarm.calls, 1);
	run_to(START_MS + 500 + TICK);
	assert_int_equal(alarm.calls, 2);
}

/* Else a run would never end, or a deadline be called many times while a long sleep is caught up.
 * */
static void test_one_run_calls_each_only_once(void **state)
{
	static const uint64_t again[] = {1, START_MS, START_MS + 90000 - 1, START_MS + 90000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(again); i++) {
		struct alarm alarm;

		alarm_init(&alarm);
		set_up(NULL);
		alarm.again_ms = again[i];
		set(&alarm, START_MS + 100);
		deadlines_run(&wheel, START_MS + 90000);
		assert_int_equal(alarm.calls, 1);
		run_to(START_MS + 90000 + TICK);
		assert_true(alarm.calls >= 2);
		deadline_clear(&alarm.deadline);
	}
}

static void test_clear_in_its_call(void **state)
{
	struct alarm alarm;

	(void)state;
	alarm_init(&alarm);
	alarm.clears = &alarm;
	set(&alarm, START_MS + 100);
	run_to(START_MS + 1000);
	assert_int_equal(alarm.calls, 1);
}

/* Both are due in one run, in the same slot and in different ones: one call clears the other. */
static void test_clears_another_that_is_due(void **state)
{
	(void)state;
	for (unsigned apart = 0; apart <= 4 * TICK; apart += 2 * TICK) {
		struct alarm first;
		struct alarm second;

		set_up(NULL);
		alarm_init(&first);
		alarm_init(&second);
		first.clears = &second;
		second.clears = &first;
		set(&first, START_MS + 10);
		set(&second, START_MS + 10 + apart);
		deadlines_run(&wheel, START_MS + 1000);
		assert_int_equal(first.calls + second.calls, 1);
		run_to(START_MS + 2000);
		assert_int_equal(first.calls + second.calls, 1);
		assert_true(deadlines_next(&wheel) == DEADLINE_NEVER);
	}
}

static void test_moves_another_that_is_due(void **state)
{
	struct alarm first;
	struct alarm second;

	(void)state;
	alarm_init(&first);
	alarm_init(&second);
	first.moves = &second;
	first.moves_to_ms = START_MS + 7000;
	set(&first, START_MS + 10);
	set(&second, START_MS + 10);
	deadlines_run(&wheel, START_MS + 1000);
	assert_int_equal(first.calls, 1);
	assert_int_equal(second.calls, 0);
	run_to(START_MS + 7000 + TICK);
	assert_called_on_time(&second, START_MS + 7000);
}

static void test_long_sleeps(void **state)
{
	enum { COUNT = 64 };
	static struct alarm alarms[COUNT];

	(void)state;
	for (int rounds = 1; rounds <= 5; rounds += 2) {
		uint64_t now_ms = wheel.now_ms + (uint64_t)rounds * ROUND + 11;

		for (int i = 0; i < COUNT; i++) {
			alarm_init(&alarms[i]);
			set(&alarms[i], wheel.now_ms + (uint64_t)i * ROUND / 16);
		}
		deadlines_run(&wheel, now_ms);
		for (int i = 0; i < COUNT; i++) {
			bool is_due = alarms[i].deadline.at_ms == DEADLINE_NEVER;

			assert_int_equal(alarms[i].calls, is_due);
			assert_true(is_due || alarms[i].deadline.at_ms > now_ms - TICK);
			deadline_clear(&alarms[i].deadline);
		}
	}
}

/* --- Against a slow but obvious reference ----------------------------------------------------- */

enum { RANDOM_ALARMS = 40, RANDOM_STEPS = 200000 };

static struct {
	struct deadline deadline;
	uint64_t at_ms;  /* DEADLINE_NEVER: not set */
	uint64_t due_ms; /* it must have been called by then */
} model[RANDOM_ALARMS];

static uint64_t seed;

static uint64_t random_below(uint64_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % limit;
}

static void set_random(size_t i)
{
	/* Mostly near; now and then in the past or rounds ahead. */
	uint64_t spans[] = {TICK, 10 * TICK, ROUND, 4 * ROUND};
	uint64_t at_ms = wheel.now_ms + random_below(spans[random_below(4)]) - random_below(3 * TICK);
	uint64_t from_ms = at_ms > wheel.now_ms ? at_ms : wheel.now_ms;

	deadline_set(&wheel, &model[i].deadline, at_ms);
	model[i].at_ms = at_ms;
	model[i].due_ms = (from_ms / TICK + 1) * TICK;
}

static void clear_random(size_t i)
{
	deadline_clear(&model[i].deadline);
	model[i].at_ms = DEADLINE_NEVER;
}

static void on_model(void *owner)
{
	size_t i = (size_t)(uintptr_t)owner;

	assert_true(model[i].at_ms <= wheel.now_ms);
	assert_true(model[i].deadline.at_ms == DEADLINE_NEVER);
	model[i].at_ms = DEADLINE_NEVER;
	if (random_below(4) == 0)
		set_random(i);
	if (random_below(4) == 0)
		set_random(random_below(RANDOM_ALARMS));
	if (random_below(4) == 0)
		clear_random(random_below(RANDOM_ALARMS));
}

static void assert_model_holds(void)
{
	for (size_t i = 0; i < RANDOM_ALARMS; i++) {
		assert_true(model[i].deadline.at_ms == model[i].at_ms);
		if (model[i].at_ms == DEADLINE_NEVER)
			continue;
		assert_true(model[i].due_ms > wheel.now_ms);
		assert_true(deadlines_next(&wheel) <= model[i].due_ms);
	}
}

static void test_random_against_reference(void **state)
{
	(void)state;
	seed = 0x5a11907f;
	for (size_t i = 0; i < RANDOM_ALARMS; i++) {
		model[i].at_ms = DEADLINE_NEVER;
		deadline_init(&model[i].deadline, on_model, (void *)(uintptr_t)i);
	}
	for (int step = 0; step < RANDOM_STEPS; step++) {
		uint64_t jumps[] = {1, TICK, 20 * TICK, 3 * ROUND};

		switch (random_below(4)) {
		case 0:
			clear_random(random_below(RANDOM_ALARMS));
			break;
		case 1:
			deadlines_run(&wheel,
			              wheel.now_ms + random_below(jumps[random_below(step % 50 ? 3 : 4)]));
			break;
		default:
			set_random(random_below(RANDOM_ALARMS));
		}
		assert_model_holds();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_set_has_no_next, set_up),
		cmocka_unit_test_setup(test_is_never_early_and_hardly_late, set_up),
		cmocka_unit_test_setup(test_the_past_is_due_at_once, set_up),
		cmocka_unit_test_setup(test_moving_later_only_stores_the_number, set_up),
		cmocka_unit_test_setup(test_moving_earlier, set_up),
		cmocka_unit_test_setup(test_moving_earlier_within_its_slot, set_up),
		cmocka_unit_test_setup(test_far_ahead_beyond_the_wheel, set_up),
		cmocka_unit_test_setup(test_around_one_round, set_up),
		cmocka_unit_test_setup(test_never_clears, set_up),
		cmocka_unit_test_setup(test_set_again_in_its_call, set_up),
		cmocka_unit_test_setup(test_one_run_calls_each_only_once, set_up),
		cmocka_unit_test_setup(test_clear_in_its_call, set_up),
		cmocka_unit_test_setup(test_clears_another_that_is_due, set_up),
		cmocka_unit_test_setup(test_moves_another_that_is_due, set_up),
		cmocka_unit_test_setup(test_long_sleeps, set_up),
		cmocka_unit_test_setup(test_random_against_reference, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
