/* A fake clock, and a fake tree of files: each path is one letter, and its mark is a number. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "server/watch.h"

enum { MANY = 4000 };

static uint64_t numbers[128];
static size_t looks;
static uint64_t now_ms;
static struct materials materials;
static struct watch watch;

static struct file_mark look(const char *path)
{
	uint64_t number = numbers[(unsigned char)path[0]];

	looks++;
	return number == 0 ? (struct file_mark){.missing = ENOENT}
	                   : (struct file_mark){.inode = number};
}

/* `paths`: a letter for each file, two for each pair; 0 for none. */
static void begin(const char (*paths)[2], size_t count)
{
	static char names[128][2];

	now_ms = 1000000;
	looks = 0;
	materials = (struct materials){.items = calloc(count, sizeof(struct material)), .count = count};
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < MATERIAL_FILES; j++) {
			unsigned char letter = (unsigned char)paths[i][j];

			if (letter == 0)
				continue;
			names[letter][0] = (char)letter;
			numbers[letter] = 1;
			materials.items[i].paths[j] = names[letter];
			materials.items[i].marks[j] = look(names[letter]);
		}
	looks = 0;
	assert_int_equal(watch_init(&watch, &materials, look, now_ms), OK);
}

static void end(void)
{
	watch_done(&watch);
	free(materials.items);
}

/* Goes on until something is due, for so long at most; the milliseconds that it took. */
static uint64_t run(uint64_t for_ms, size_t *ret_due)
{
	uint64_t began_ms = now_ms;

	do {
		uint64_t again_ms = watch_look(&watch, now_ms);

		*ret_due = watch_take_due(&watch);
		if (*ret_due < watch.count)
			break;
		assert_true(again_ms > now_ms && again_ms <= now_ms + WATCH_SWEEP_MS);
		now_ms = again_ms;
	} while (now_ms - began_ms < for_ms);
	return now_ms - began_ms;
}

static void read_it(size_t index, bool is_good)
{
	struct file_mark marks[MATERIAL_FILES] = {{0}};

	for (size_t i = 0; i < MATERIAL_FILES; i++)
		if (materials.items[index].paths[i])
			marks[i] = look(materials.items[index].paths[i]);
	watch_was_read(&watch, index, marks, is_good, now_ms);
}

static void expect_due(size_t index, uint64_t within_ms)
{
	size_t due;

	run(within_ms, &due);
	assert_int_equal(due, index);
}

static void expect_none(uint64_t for_ms)
{
	expect_due(watch.count, for_ms);
}

static void test_a_change_is_due_once(void **state)
{
	(void)state;
	begin((const char[][2]){{'a', 'b'}, {'c', 'd'}, {'e', 0}}, 3);
	expect_none(10000);
	numbers['d'] = 2;
	expect_due(1, WATCH_SWEEP_MS + 2 * WATCH_SETTLE_MS);
	expect_none(10000); /* it is being read */
	read_it(1, true);
	expect_none(10000);
	numbers['e'] = 7;
	expect_due(2, WATCH_SWEEP_MS + 2 * WATCH_SETTLE_MS);
	read_it(2, true);
	expect_none(10000);
	end();
}

static void test_what_moves_is_waited_for(void **state)
{
	size_t due;

	(void)state;
	begin((const char[][2]){{'a', 'b'}}, 1);
	numbers['a']++;
	for (unsigned i = 0; i < 10; i++) { /* a file that is being written */
		run(i == 0 ? WATCH_SWEEP_MS + 1 : WATCH_SETTLE_MS, &due);
		assert_int_equal(due, 1);
		numbers[i % 2 == 0 ? 'a' : 'b']++;
	}
	expect_due(0, 2 * WATCH_SETTLE_MS + 1);
	end();
}

static void test_what_never_stands_still_is_read_nevertheless(void **state)
{
	uint64_t began_ms;
	size_t due;

	(void)state;
	begin((const char[][2]){{'a', 'b'}}, 1);
	began_ms = now_ms;
	do {
		numbers['a']++;
		run(WATCH_SETTLE_MS, &due);
	} while (due == 1 && now_ms - began_ms < 60000);
	assert_int_equal(due, 0);
	assert_true(now_ms - began_ms <= WATCH_SWEEP_MS + WATCH_MOVING_MAX_MS + 2 * WATCH_SETTLE_MS);
	end();
}

static void test_a_change_while_it_is_read(void **state)
{
	(void)state;
	begin((const char[][2]){{'a', 'b'}}, 1);
	numbers['a'] = 2;
	expect_due(0, 2000);

	const struct file_mark before[] = {look("a"), look("b")};

	numbers['b'] = 2;
	watch_was_read(&watch, 0, before, true, now_ms);
	expect_due(0, 2000);
	end();
}

static void test_what_is_broken_is_told_once(void **state)
{
	(void)state;
	begin((const char[][2]){{'a', 'b'}}, 1);
	numbers['a'] = 2;
	expect_due(0, 2000);
	read_it(0, false);
	assert_int_equal(watch.broken_count, 1);
	assert_false(watch_must_tell(&watch, 0, now_ms));
	assert_false(watch_must_tell(&watch, 0, now_ms + WATCH_PATIENCE_MS - 1));
	assert_true(watch_must_tell(&watch, 0, now_ms + WATCH_PATIENCE_MS));
	assert_false(watch_must_tell(&watch, 0, now_ms + WATCH_PATIENCE_MS));
	expect_none(WATCH_RETRY_MS - WATCH_SWEEP_MS);
	expect_due(0, 2 * WATCH_SWEEP_MS); /* tried again */
	read_it(0, false);
	assert_false(watch_must_tell(&watch, 0, now_ms + WATCH_PATIENCE_MS));
	numbers['b'] = 2;
	expect_due(0, 2000);
	read_it(0, true);
	assert_int_equal(watch.broken_count, 0);
	numbers['b'] = 3;
	expect_due(0, 2000);
	read_it(0, false);
	assert_true(watch_must_tell(&watch, 0, now_ms + WATCH_PATIENCE_MS));
	end();
}

/* The second file of a pair comes a second after the first. */
static void test_a_pair_settles_untold(void **state)
{
	(void)state;
	begin((const char[][2]){{'a', 'b'}}, 1);
	numbers['a'] = 2;
	expect_due(0, 2000);
	read_it(0, false);
	now_ms += 1000;
	numbers['b'] = 2;
	expect_due(0, 2000);
	assert_false(watch_must_tell(&watch, 0, now_ms));
	read_it(0, true);
	assert_false(watch_must_tell(&watch, 0, now_ms + 10 * WATCH_PATIENCE_MS));
	end();
}

static void test_what_could_not_be_tried_is_tried_again(void **state)
{
	(void)state;
	begin((const char[][2]){{'a', 'b'}}, 1);
	numbers['a'] = 2;
	expect_due(0, 2000);
	watch_was_read(&watch, 0, NULL, false, now_ms);
	expect_due(0, WATCH_RETRY_MS + WATCH_SWEEP_MS);
	end();
}

static void test_files_that_go_and_come(void **state)
{
	(void)state;
	begin((const char[][2]){{'a', 'b'}}, 1);
	numbers['a'] = 0;
	expect_due(0, 2000);
	read_it(0, false);
	expect_none(5000);
	numbers['a'] = 1; /* the very same one */
	expect_due(0, 2000);
	read_it(0, true);
	end();
}

/* Many: each is looked at once a second, a part at a time. */
static void test_many(void **state)
{
	char(*paths)[2] = calloc(MANY, sizeof(*paths));
	size_t most = 0;
	uint64_t until_ms;
	size_t due;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		paths[i][0] = i == MANY - 1 ? 'z' : 'a';
	begin((const char(*)[2])paths, MANY);
	until_ms = now_ms + 10 * WATCH_SWEEP_MS;
	while (now_ms < until_ms) {
		size_t before = looks;

		now_ms = watch_look(&watch, now_ms);
		most = looks - before > most ? looks - before : most;
	}
	assert_in_range(looks, 9 * MANY, 11 * MANY);
	assert_in_range(most, 1, WATCH_LOOKS_MAX + WATCH_LOOKS_MAX / 8);
	numbers['z'] = 2;
	assert_in_range(run(10000, &due), 0, WATCH_SWEEP_MS + 2 * WATCH_SETTLE_MS);
	assert_int_equal(due, MANY - 1);
	end();
	free(paths);
}

static void test_none(void **state)
{
	(void)state;
	begin((const char[][2]){{0, 0}}, 0);
	expect_none(5000);
	end();
}

static void test_no_memory(void **state)
{
	(void)state;
	materials = (struct materials){0};
	memory_fail_after(0);
	assert_int_equal(watch_init(&watch, &materials, look, 0), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	watch_done(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_is_due_once),
		cmocka_unit_test(test_what_moves_is_waited_for),
		cmocka_unit_test(test_what_never_stands_still_is_read_nevertheless),
		cmocka_unit_test(test_a_change_while_it_is_read),
		cmocka_unit_test(test_what_is_broken_is_told_once),
		cmocka_unit_test(test_a_pair_settles_untold),
		cmocka_unit_test(test_what_could_not_be_tried_is_tried_again),
		cmocka_unit_test(test_files_that_go_and_come),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
