#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/pool.h"
#include "base/text.h"

/* How a child that does nothing but `step` ends: the signal that killed it, or 0. */
static int signal_of(void (*step)(void))
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)close(STDERR_FILENO);
		step();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void hold(void)
{
	check(1 + 1 == 2);
}

static void break_check(void)
{
	check(1 + 1 == 3);
}

static void take_more_than_there_is(void)
{
	struct buffer buffer = {0};

	buffer_taken(&buffer, 1);
}

static void fill_more_than_there_is_room(void)
{
	struct buffer buffer = {0};

	buffer_filled(&buffer, 1);
}

static void close_what_is_pinned(void)
{
	struct budget budget = {0};
	struct pool pool;
	struct buffer buffer = {.pinned = true};

	pool_init(&pool, &budget);
	buffer_close(&buffer, &pool);
}

static void leave_with_a_block_out(void)
{
	struct budget budget = {.max = (size_t)1 << 20};
	struct pool pool;

	pool_init(&pool, &budget);
	if (pool_take(&pool, BLOCK_SMALL))
		pool_done(&pool);
}

static void release_more_than_was_charged(void)
{
	struct budget budget = {.max = 10};

	budget_release(&budget, 1);
}

static void ask_for_an_unknown_block_size(void)
{
	(void)block_size_of(1);
}

static void take_more_text_than_there_is(void)
{
	struct text text;

	text_init(&text, 10);
	text_taken(&text, 1);
}

static void test_a_condition_that_holds(void **state)
{
	(void)state;
	assert_int_equal(signal_of(hold), 0);
}

static void test_programming_errors_abort(void **state)
{
	static void (*const steps[])(void) = {
		break_check,
		take_more_than_there_is,
		fill_more_than_there_is_room,
		close_what_is_pinned,
		leave_with_a_block_out,
		release_more_than_was_charged,
		ask_for_an_unknown_block_size,
		take_more_text_than_there_is,
	};

	(void)state;
	if (!SALLYPORT_CHECKS)
		skip();
	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
		assert_int_equal(signal_of(steps[i]), SIGABRT);
}

static void test_release_builds_do_not_look(void **state)
{
	(void)state;
	if (SALLYPORT_CHECKS)
		skip();
	assert_int_equal(signal_of(break_check), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_condition_that_holds),
		cmocka_unit_test(test_programming_errors_abort),
		cmocka_unit_test(test_release_builds_do_not_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
