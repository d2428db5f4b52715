#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "net/loop.h"
#include "server/inquiry.h"

enum { TARGETS = 4, PATIENCE_S = 60, SOON_MS = 20, LONG_MS = 3600 * 1000 };

/* A thread with a loop, as a worker is one. */
struct target {
	struct loop *loop;
	pthread_t thread;
	pthread_t self; /* written by the thread itself */
	bool is_started;
	unsigned asked; /* its thread's alone: no atomic */
	unsigned step;
	struct post stop;
	size_t index;
};

struct answer {
	unsigned number;
	unsigned step;
};

static struct loop *loop;
static struct target targets[TARGETS];
static struct inquiries *inquiries;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* held: targets do not answer */
static unsigned answers_released;
static unsigned questions_released;
static atomic_uint answers_made;

/* What came of one inquiry. */
struct outcome {
	unsigned calls;
	unsigned answered;
	unsigned sum;
	size_t count;
	struct inquiry *cancels; /* in on_done() */
	bool stops;
};

static void *answer(void *subject, const void *question)
{
	struct target *target = subject;
	struct answer *mine = memory_new(1, sizeof(*mine));

	assert_true(pthread_equal(pthread_self(), target->self));
	assert_non_null(mine);
	(void)pthread_mutex_lock(&gate);
	(void)pthread_mutex_unlock(&gate);
	target->asked++;
	target->step += *(const unsigned *)question;
	*mine = (struct answer){.number = target->asked, .step = target->step};
	(void)atomic_fetch_add(&answers_made, 1);
	return mine;
}

static void release_answer(void *one)
{
	answers_released++;
	memory_free(one);
}

static void release_question(void *question)
{
	questions_released++;
	memory_free(question);
}

static void on_done(void *owner, void *const *answers, size_t count)
{
	struct outcome *outcome = owner;

	outcome->calls++;
	outcome->count = count;
	for (size_t i = 0; i < count; i++) {
		const struct answer *one = answers[i];

		if (!one)
			continue;
		outcome->answered++;
		outcome->sum += one->step;
	}
	inquiry_cancel(outcome->cancels);
	if (outcome->stops)
		loop_stop(loop);
}

static const struct inquiry_events events = {
	.answer = answer,
	.on_done = on_done,
	.release_answer = release_answer,
	.release_question = release_question,
};

static unsigned *question(unsigned step)
{
	unsigned *one = memory_new(1, sizeof(*one));

	assert_non_null(one);
	*one = step;
	return one;
}

static struct inquiry *ask(unsigned step, uint64_t within_ms, struct outcome *outcome)
{
	struct inquiry *inquiry = NULL;

	assert_int_equal(
		inquiry_start(inquiries, &events, question(step), outcome, within_ms, &inquiry), OK);
	assert_int_equal(outcome->calls, 0);
	return inquiry;
}

/* --- Threads ---------------------------------------------------------------------------------- */

static void on_stop(struct post *post)
{
	loop_stop(LIST_OBJECT(post, struct target, stop)->loop);
}

static void *run(void *argument)
{
	struct target *target = argument;

	target->self = pthread_self();
	loop_run(target->loop);
	inquiries_leave(inquiries, target->index);
	return NULL;
}

static void start_targets(void)
{
	for (size_t i = 0; i < TARGETS; i++) {
		assert_int_equal(pthread_create(&targets[i].thread, NULL, run, &targets[i]), 0);
		targets[i].is_started = true;
	}
}

static void stop_target(struct target *target)
{
	loop_post(target->loop, &target->stop);
}

static void join_target(struct target *target)
{
	if (target->is_started)
		assert_int_equal(pthread_join(target->thread, NULL), 0);
	target->is_started = false;
}

/* Turns of the main loop, until `*value` is `wanted`. */
struct waiting {
	const unsigned *value;
	unsigned wanted;
	struct deadline again;
};

static void look(void *owner)
{
	struct waiting *waiting = owner;

	if (*waiting->value < waiting->wanted)
		loop_set_deadline(loop, &waiting->again, 1);
	else
		loop_stop(loop);
}

/* The last thing that a test does with the main loop. */
static void run_until(const unsigned *value, unsigned wanted)
{
	struct waiting waiting = {.value = value, .wanted = wanted};

	deadline_init(&waiting.again, look, &waiting);
	look(&waiting);
	loop_run(loop);
	assert_int_equal(*value, wanted);
}

static int set_up(void **state)
{
	struct inquiry_target facts[TARGETS];

	(void)state;
	(void)alarm(PATIENCE_S);
	answers_released = 0;
	questions_released = 0;
	atomic_store(&answers_made, 0);
	if (loop_new(&loop))
		return -1;
	for (size_t i = 0; i < TARGETS; i++) {
		targets[i] = (struct target){.index = i, .stop.on_post = on_stop};
		if (loop_new(&targets[i].loop))
			return -1;
		facts[i] = (struct inquiry_target){.loop = targets[i].loop, .subject = &targets[i]};
	}
	return inquiries_new(loop, facts, TARGETS, &inquiries) ? -1 : 0;
}

/* As the server does: threads, their loops, then the questions, then the main loop. */
static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	for (size_t i = 0; i < TARGETS; i++) {
		if (targets[i].is_started)
			stop_target(&targets[i]);
		join_target(&targets[i]);
		loop_free(targets[i].loop);
	}
	inquiries_free(inquiries);
	loop_free(loop);
	assert_int_equal(answers_released, atomic_load(&answers_made));
	(void)alarm(0);
	return 0;
}

/* --- Tests ------------------------------------------------------------------------------------ */

static void test_all_answer(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	(void)ask(5, LONG_MS, &outcome);
	start_targets();
	run_until(&questions_released, 1);
	assert_int_equal(outcome.calls, 1);
	assert_int_equal(outcome.count, TARGETS);
	assert_int_equal(outcome.answered, TARGETS);
	assert_int_equal(outcome.sum, 5 * TARGETS);
}

static void test_many_at_once_up_to_the_limit(void **state)
{
	struct outcome outcomes[INQUIRIES_MAX] = {0};
	struct inquiry *none = NULL;
	unsigned one = 1;

	(void)state;
	for (size_t i = 0; i < INQUIRIES_MAX; i++)
		(void)ask(1, LONG_MS, &outcomes[i]);
	assert_int_equal(inquiry_start(inquiries, &events, &one, NULL, LONG_MS, &none),
	                 ERROR_OVERLOADED);
	assert_null(none);
	start_targets();
	run_until(&questions_released, INQUIRIES_MAX);
	for (size_t i = 0; i < INQUIRIES_MAX; i++) {
		assert_int_equal(outcomes[i].calls, 1);
		assert_int_equal(outcomes[i].answered, TARGETS);
		/* Each target answers in the order of the questions. */
		assert_int_equal(outcomes[i].sum, (i + 1) * TARGETS);
	}
}

static void test_those_too_late_are_left_out(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	(void)pthread_mutex_lock(&gate);
	start_targets();
	(void)ask(1, SOON_MS, &outcome);
	run_until(&outcome.calls, 1);
	assert_int_equal(outcome.count, TARGETS);
	assert_int_equal(outcome.answered, 0);
	assert_int_equal(questions_released, 0);
	(void)pthread_mutex_unlock(&gate);
}

static void test_one_that_does_not_run_holds_up_only_to_the_deadline(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	start_targets();
	stop_target(&targets[2]);
	join_target(&targets[2]);
	/* It has left, but the main loop has not heard of that yet. */
	(void)ask(1, LONG_MS, &outcome);
	run_until(&questions_released, 1);
	assert_int_equal(outcome.calls, 1);
	assert_int_equal(outcome.answered, TARGETS - 1);
}

static void test_nobody_is_left(void **state)
{
	struct outcome first = {0};
	struct outcome second = {0};

	(void)state;
	start_targets();
	for (size_t i = 0; i < TARGETS; i++) {
		stop_target(&targets[i]);
		join_target(&targets[i]);
	}
	(void)ask(1, LONG_MS, &first);
	(void)ask(1, LONG_MS, &second);
	run_until(&questions_released, 2);
	assert_int_equal(first.calls, 1);
	assert_int_equal(first.answered, 0);
	assert_int_equal(second.calls, 1);
}

static struct outcome asked_late;

static void ask_when_all_have_left(void *owner)
{
	(void)owner;
	(void)ask(1, LONG_MS, &asked_late);
}

static void test_asked_after_all_have_left(void **state)
{
	struct deadline later;

	(void)state;
	asked_late = (struct outcome){0};
	start_targets();
	for (size_t i = 0; i < TARGETS; i++) {
		stop_target(&targets[i]);
		join_target(&targets[i]);
	}
	deadline_init(&later, ask_when_all_have_left, NULL);
	loop_set_deadline(loop, &later, SOON_MS);
	run_until(&questions_released, 1);
	assert_int_equal(asked_late.calls, 1);
	assert_int_equal(asked_late.answered, 0);
}

static void test_a_cancelled_one_says_nothing(void **state)
{
	struct outcome cancelled = {0};
	struct outcome other = {0};
	struct inquiry *inquiry;

	(void)state;
	start_targets();
	inquiry = ask(1, LONG_MS, &cancelled);
	(void)ask(1, LONG_MS, &other);
	inquiry_cancel(inquiry);
	inquiry_cancel(NULL);
	run_until(&questions_released, 2);
	assert_int_equal(cancelled.calls, 0);
	assert_int_equal(other.calls, 1);
	/* The order was carried out all the same. */
	assert_int_equal(other.sum, 2 * TARGETS);
}

static void test_one_answer_cancels_another(void **state)
{
	struct outcome second = {0};
	struct outcome first = {0};

	(void)state;
	start_targets();
	for (size_t i = 0; i < TARGETS; i++) {
		stop_target(&targets[i]);
		join_target(&targets[i]);
	}
	(void)ask(1, LONG_MS, &first);
	first.cancels = ask(1, LONG_MS, &second);
	run_until(&questions_released, 2);
	assert_int_equal(first.calls, 1);
	assert_int_equal(second.calls, 0);
}

/* What is under way when the server ends: on the way there, there, and on the way back. */
static void test_freed_in_the_middle(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		(void)ask(1, LONG_MS, &outcome);
	start_targets();
	while (atomic_load(&answers_made) < TARGETS)
		(void)sched_yield();
}

static void test_without_memory(void **state)
{
	struct inquiry *none = NULL;
	struct inquiries *no_inquiries = NULL;
	unsigned one = 1;

	(void)state;
	for (long i = 0; i < 2; i++) {
		memory_fail_after(i);
		assert_int_equal(inquiry_start(inquiries, &events, &one, NULL, LONG_MS, &none),
		                 ERROR_OUT_OF_MEMORY);
		memory_fail_after(-1);
		assert_null(none);
	}
	memory_fail_after(0);
	assert_int_equal(inquiries_new(loop, NULL, 0, &no_inquiries), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_null(no_inquiries);
	inquiries_free(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_answer),
		TEST(test_many_at_once_up_to_the_limit),
		TEST(test_those_too_late_are_left_out),
		TEST(test_one_that_does_not_run_holds_up_only_to_the_deadline),
		TEST(test_nobody_is_left),
		TEST(test_asked_after_all_have_left),
		TEST(test_a_cancelled_one_says_nothing),
		TEST(test_one_answer_cancels_another),
		TEST(test_freed_in_the_middle),
		TEST(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
