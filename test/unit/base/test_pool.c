#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/pool.h"

static struct budget budget;
static struct pool pool;

static int set_up(void **state)
{
	(void)state;
	budget.max = (size_t)4 << 20;
	pool_init(&pool, &budget);
	return 0;
}

/* Whatever a test did, nothing may be left of the budget's charge. */
static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	pool_done(&pool);
	assert_int_equal(budget.used, 0);
	return 0;
}

static void test_budget_has_a_limit(void **state)
{
	(void)state;
	budget.max = 100;
	assert_true(budget_charge(&budget, 0));
	assert_true(budget_charge(&budget, 60));
	assert_false(budget_charge(&budget, 41));
	assert_int_equal(budget.used, 60);
	assert_true(budget_charge(&budget, 40));
	assert_false(budget_charge(&budget, 1));
	assert_false(budget_charge(&budget, SIZE_MAX));
	budget_release(&budget, 100);
	assert_false(budget_charge(&budget, 101));
}

static void test_budget_without_limit_does_not_wrap(void **state)
{
	(void)state;
	budget.max = SIZE_MAX;
	assert_true(budget_charge(&budget, SIZE_MAX));
	assert_false(budget_charge(&budget, 1));
	budget_release(&budget, SIZE_MAX);
}

static void test_budget_is_low(void **state)
{
	(void)state;
	budget.max = 800;
	assert_false(budget_is_low(&budget));
	assert_true(budget_charge(&budget, 700));
	assert_false(budget_is_low(&budget));
	assert_true(budget_charge(&budget, 1));
	assert_true(budget_is_low(&budget));
	budget_release(&budget, 701);
}

enum { TURNS = 100000, PIECE = 3 };

static void *charge_and_release(void *shared)
{
	struct budget *mine = shared;
	size_t kept = 0;

	for (int i = 0; i < TURNS; i++) {
		if (!budget_charge(mine, PIECE))
			continue;
		if (i % 16 == 0)
			kept += PIECE;
		else
			budget_release(mine, PIECE);
	}
	return (void *)(uintptr_t)kept;
}

static void run_two_threads(size_t *ret_kept)
{
	pthread_t threads[2];

	*ret_kept = 0;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, charge_and_release, &budget), 0);
	for (int i = 0; i < 2; i++) {
		void *kept;

		assert_int_equal(pthread_join(threads[i], &kept), 0);
		*ret_kept += (uintptr_t)kept;
	}
}

static void test_two_threads_share_a_budget(void **state)
{
	size_t kept;

	(void)state;
	budget.max = SIZE_MAX;
	run_two_threads(&kept);
	assert_int_equal(kept, 2 * PIECE * (TURNS / 16));
	assert_int_equal(budget.used, kept);
	budget_release(&budget, kept);
}

static void test_two_threads_do_not_overdraw(void **state)
{
	size_t kept;

	(void)state;
	budget.max = 1000;
	run_two_threads(&kept);
	assert_int_equal(budget.used, kept);
	assert_in_range(kept, budget.max - 2 * PIECE, budget.max);
	budget_release(&budget, kept);
}

static void test_block_sizes(void **state)
{
	(void)state;
	for (unsigned size = 0; size < BLOCK_SIZE_COUNT; size++) {
		assert_int_equal(block_size_of(block_bytes((enum block_size)size)), size);
		if (size > 0)
			assert_true(block_bytes((enum block_size)size) >
			            block_bytes((enum block_size)(size - 1)));
	}
	/* RFC 8446 §5.2: a header of 5, and 2^14 + 256 bytes. */
	assert_true(block_bytes(BLOCK_RECORD) >= 5 + (1 << 14) + 256);
}

static void test_every_byte_of_a_block_can_be_used(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BLOCK_SIZE_COUNT; i++) {
		enum block_size size = (enum block_size)i;
		char *block = pool_take(&pool, size);

		assert_non_null(block);
		assert_int_equal((uintptr_t)block % _Alignof(max_align_t), 0);
		memset(block, 'x', block_bytes(size));
		assert_int_equal(pool.taken, 1);
		pool_give(&pool, block, size);
		assert_int_equal(pool.taken, 0);
	}
}

static void test_a_free_block_is_taken_again(void **state)
{
	(void)state;

	char *one = pool_take(&pool, BLOCK_SMALL);
	char *two = pool_take(&pool, BLOCK_SMALL);

	assert_non_null(one);
	assert_non_null(two);
	assert_ptr_not_equal(one, two);
	pool_give(&pool, one, BLOCK_SMALL);
	pool_give(&pool, two, BLOCK_SMALL);
	assert_int_equal(budget.used, 2 * block_bytes(BLOCK_SMALL));

	unsigned long allocations = memory_allocations();
	char *again[2] = {pool_take(&pool, BLOCK_SMALL), pool_take(&pool, BLOCK_SMALL)};

	assert_int_equal(memory_allocations(), allocations);
	assert_true((again[0] == one && again[1] == two) || (again[0] == two && again[1] == one));
	/* A free block serves no other size. */
	pool_give(&pool, again[0], BLOCK_SMALL);

	char *record = pool_take(&pool, BLOCK_RECORD);

	assert_int_equal(memory_allocations(), allocations + 1);
	pool_give(&pool, record, BLOCK_RECORD);
	pool_give(&pool, again[1], BLOCK_SMALL);
}

static void test_keeps_only_a_few_free_blocks(void **state)
{
	enum { MANY = 400 };
	static char *blocks[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		assert_non_null(blocks[i] = pool_take(&pool, BLOCK_SMALL));
	assert_int_equal(budget.used, MANY * block_bytes(BLOCK_SMALL));
	for (int i = 0; i < MANY; i++)
		pool_give(&pool, blocks[i], BLOCK_SMALL);
	assert_true(pool.free[BLOCK_SMALL].count < MANY);
	assert_int_equal(budget.used, pool.free[BLOCK_SMALL].count * block_bytes(BLOCK_SMALL));
}

static void test_take_stops_at_the_budget(void **state)
{
	(void)state;
	budget.max = block_bytes(BLOCK_RECORD) + block_bytes(BLOCK_SMALL) - 1;

	char *block = pool_take(&pool, BLOCK_RECORD);

	assert_non_null(block);
	assert_null(pool_take(&pool, BLOCK_SMALL));
	assert_int_equal(pool.taken, 1);
	assert_int_equal(budget.used, block_bytes(BLOCK_RECORD));
	pool_give(&pool, block, BLOCK_RECORD);
}

static void test_take_without_memory_charges_nothing(void **state)
{
	(void)state;
	memory_fail_after(0);
	assert_null(pool_take(&pool, BLOCK_HUGE));
	assert_int_equal(budget.used, 0);
	assert_int_equal(pool.taken, 0);
}

static void test_free_blocks_make_way_for_another_size(void **state)
{
	char *blocks[4];

	(void)state;
	budget.max = 5 * block_bytes(BLOCK_SMALL);
	for (int i = 0; i < 4; i++)
		assert_non_null(blocks[i] = pool_take(&pool, BLOCK_SMALL));
	for (int i = 0; i < 4; i++)
		pool_give(&pool, blocks[i], BLOCK_SMALL);
	assert_int_equal(budget.used, 4 * block_bytes(BLOCK_SMALL));

	char *record = pool_take(&pool, BLOCK_RECORD);

	assert_non_null(record);
	assert_int_equal(budget.used, block_bytes(BLOCK_RECORD));
	pool_give(&pool, record, BLOCK_RECORD);
}

static void test_a_low_budget_recovers(void **state)
{
	char *blocks[16];

	(void)state;
	budget.max = 16 * block_bytes(BLOCK_SMALL);
	for (int i = 0; i < 16; i++)
		assert_non_null(blocks[i] = pool_take(&pool, BLOCK_SMALL));
	assert_true(budget_is_low(&budget));
	for (int i = 0; i < 16; i++)
		pool_give(&pool, blocks[i], BLOCK_SMALL);
	/* Or nobody would be accepted any more, although nothing is in use. */
	assert_false(budget_is_low(&budget));
}

#define pool_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pool_test(test_budget_has_a_limit),
		pool_test(test_budget_without_limit_does_not_wrap),
		pool_test(test_budget_is_low),
		pool_test(test_two_threads_share_a_budget),
		pool_test(test_two_threads_do_not_overdraw),
		pool_test(test_block_sizes),
		pool_test(test_every_byte_of_a_block_can_be_used),
		pool_test(test_a_free_block_is_taken_again),
		pool_test(test_keeps_only_a_few_free_blocks),
		pool_test(test_take_stops_at_the_budget),
		pool_test(test_take_without_memory_charges_nothing),
		pool_test(test_free_blocks_make_way_for_another_size),
		pool_test(test_a_low_budget_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
