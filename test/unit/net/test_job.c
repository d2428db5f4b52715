#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "net/job.h"
#include "unit/net/rig.h"

/* One piece of work, and what became of it. */
struct piece {
	atomic_int worked;
	pthread_t thread;
	unsigned done;
	unsigned released;
};

static void work(void *subject)
{
	struct piece *piece = subject;

	piece->thread = pthread_self();
	(void)atomic_fetch_add(&piece->worked, 1);
}

static void on_done(void *owner)
{
	struct piece *piece = owner;

	assert_int_equal(atomic_load(&piece->worked), 1);
	assert_int_equal(piece->released, 0);
	piece->done++;
}

static void release(void *subject)
{
	((struct piece *)subject)->released++;
}

static const struct job_events events = {.work = work, .on_done = on_done, .release = release};

static struct job *start(struct piece *piece)
{
	struct job *job = NULL;

	*piece = (struct piece){.done = 0};
	assert_int_equal(job_start(rig_loop, &events, piece, piece, &job), OK);
	assert_non_null(job);
	assert_int_equal(piece->done, 0);
	return job;
}

static void test_works_on_another_thread(void **state)
{
	struct piece piece;

	(void)state;
	(void)start(&piece);
	RIG_UNTIL(piece.released > 0);
	assert_int_equal(piece.done, 1);
	assert_false(pthread_equal(piece.thread, pthread_self()));
	rig_turns();
	assert_int_equal(piece.done, 1);
	assert_int_equal(piece.released, 1);
}

/* More than there are threads, so that some have begun when they are cancelled and some have not.
 * */
static void test_a_cancelled_one_is_released_and_says_nothing(void **state)
{
	enum { COUNT = 16 };
	struct piece pieces[COUNT];
	struct job *jobs[COUNT];

	(void)state;
	for (int i = 0; i < COUNT; i++)
		jobs[i] = start(&pieces[i]);
	for (int i = 0; i < COUNT; i++)
		job_cancel(jobs[i]);
	job_cancel(NULL);
	for (int i = 0; i < COUNT; i++)
		RIG_UNTIL(pieces[i].released > 0);
	rig_turns();
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(pieces[i].done, 0);
		assert_int_equal(pieces[i].released, 1);
	}
}

static void test_start_without_memory(void **state)
{
	struct piece piece = {.done = 0};
	struct job *job = NULL;

	(void)state;
	memory_fail_after(0);
	assert_int_equal(job_start(rig_loop, &events, &piece, &piece, &job), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_null(job);
	assert_int_equal(piece.released, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_works_on_another_thread),
		TEST(test_a_cancelled_one_is_released_and_says_nothing),
		TEST(test_start_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
