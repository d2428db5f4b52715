#include "unit/net/rig.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "net/loop_private.h"

enum { TURN_MS = 2, TURNS = 8 }; /* a turn's longest sleep */

struct loop *rig_loop;
struct pool rig_pool;
struct budget rig_budget;

static uv_timer_t turn_timer;
static unsigned files_before;
static atomic_uint_fast64_t skipped_ms;
static atomic_uint_fast64_t held_ms; /* 0: the clock goes */
static size_t used_up;

static uint64_t real_ms(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_nsec / 1000000;
}

/* libuv's clock is this one, as the dynamic linker looks here first. */
/* glibc's own names of the parameters are reserved. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int status = (int)syscall(SYS_clock_gettime, clock, ret_time);

	if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE) {
		uint64_t held = atomic_load(&held_ms);
		uint64_t now_ms = held ? held : real_ms(ret_time);
		uint64_t shown_ms = now_ms + atomic_load(&skipped_ms);

		ret_time->tv_sec = (time_t)(shown_ms / 1000);
		ret_time->tv_nsec = (long)(shown_ms % 1000) * 1000000;
	}
	return status;
}

void rig_hold_clock(bool held)
{
	struct timespec now;

	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	atomic_store(&held_ms, held ? real_ms(&now) : 0);
}

void rig_skip_ms(uint64_t ms)
{
	(void)atomic_fetch_add(&skipped_ms, ms);
}

unsigned rig_open_files(void)
{
	DIR *files = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(files);
	while (readdir(files))
		count++;
	(void)closedir(files);
	return count;
}

static void on_turn_timer(uv_timer_t *timer)
{
	(void)timer;
}

int rig_set_up(void **state)
{
	(void)state;
	(void)alarm(RIG_PATIENCE_S);
	(void)signal(SIGPIPE, SIG_IGN);
	/* The first loop of a process leaves a pipe of libuv's behind. */
	if (loop_new(&rig_loop))
		return -1;
	loop_free(rig_loop);
	files_before = rig_open_files();
	used_up = 0;
	rig_budget = (struct budget){.max = (size_t)64 << 20};
	pool_init(&rig_pool, &rig_budget);
	if (loop_new(&rig_loop))
		return -1;
	/* Only so that a turn ends. */
	(void)uv_timer_init(&rig_loop->uv, &turn_timer);
	(void)uv_timer_start(&turn_timer, on_turn_timer, TURN_MS, TURN_MS);
	return 0;
}

static void count_open(uv_handle_t *handle, void *count)
{
	*(unsigned *)count += !uv_is_closing(handle);
}

int rig_tear_down(void **state)
{
	unsigned left_open = 0;

	(void)state;
	memory_fail_after(-1);
	rig_hold_clock(false);
	rig_turns();
	uv_close((uv_handle_t *)&turn_timer, NULL);
	loop_stop(rig_loop);
	uv_walk(&rig_loop->uv, count_open, &left_open);
	/* libuv's own for its signals and threads are hidden. With others the loop would never end. */
	if (left_open > 0) {
		print_error("the test left %u handles open\n", left_open);
		return -1;
	}
	loop_free(rig_loop);
	assert_int_equal(rig_open_files(), files_before);
	assert_int_equal(rig_pool.taken, 0);
	pool_done(&rig_pool);
	assert_int_equal(rig_budget.used, 0);
	(void)alarm(0);
	return 0;
}

static void use_up_rest(void)
{
	size_t rest = rig_budget.max - rig_budget.used;

	assert_true(budget_charge(&rig_budget, rest));
	used_up += rest;
}

void rig_use_up_memory(void)
{
	use_up_rest();
	/* When the budget is low, what is given back to the pool is not kept. */
	for (unsigned size = 0; size < BLOCK_SIZE_COUNT; size++)
		while (rig_pool.free[size].count > 0)
			pool_give(&rig_pool, pool_take(&rig_pool, (enum block_size)size),
			          (enum block_size)size);
	use_up_rest();
}

void rig_refill_memory(void)
{
	budget_release(&rig_budget, used_up);
	used_up = 0;
}

void rig_turn(void)
{
	/* While the clock stands still, nothing would end the turn. */
	(void)uv_run(&rig_loop->uv, atomic_load(&held_ms) ? UV_RUN_NOWAIT : UV_RUN_ONCE);
}

void rig_turns(void)
{
	for (int i = 0; i < TURNS; i++)
		rig_turn();
}
