#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/memory.h"

static struct budget budget = {.max = (size_t)1 << 20};
static struct pool pool;
static struct arena arena;

static int set_up_heap(void **state)
{
	(void)state;
	pool_init(&pool, &budget);
	arena_init(&arena, NULL, (size_t)1 << 20);
	return 0;
}

static int set_up_pool(void **state)
{
	(void)state;
	pool_init(&pool, &budget);
	arena_init(&arena, &pool, (size_t)1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	arena_done(&arena);
	pool_done(&pool);
	assert_int_equal(budget.used, 0);
	return 0;
}

/* Pieces that fill several chunks, and some that need a chunk of their own. */
static size_t piece_size(unsigned i)
{
	return i % 50 == 49 ? 20000 : i % 97;
}

static void test_pieces_do_not_overlap(void **state)
{
	enum { PIECES = 300 };
	unsigned char *pieces[PIECES];

	(void)state;
	for (unsigned i = 0; i < PIECES; i++) {
		pieces[i] = (unsigned char *)arena_bytes(&arena, piece_size(i));
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], (int)(i % 256), piece_size(i));
	}
	for (unsigned i = 0; i < PIECES; i++)
		for (size_t at = 0; at < piece_size(i); at++)
			assert_int_equal(pieces[i][at], i % 256);
}

static void test_new_is_zeroed(void **state)
{
	char *dirty;

	(void)state;
	assert_non_null(dirty = arena_bytes(&arena, 3000));
	memset(dirty, 'x', 3000);
	arena_done(&arena);

	unsigned char *zeroed = arena_new(&arena, 300, 10);

	assert_non_null(zeroed);
	for (size_t i = 0; i < 3000; i++)
		assert_int_equal(zeroed[i], 0);
}

static void test_nothing_is_not_a_failure(void **state)
{
	(void)state;
	assert_non_null(arena_new(&arena, 0, 8));
	assert_non_null(arena_new(&arena, 8, 0));
	assert_non_null(arena_bytes(&arena, 0));
	assert_ptr_not_equal(arena_bytes(&arena, 0), arena_bytes(&arena, 0));
}

static void test_copy_ends_with_nul(void **state)
{
	char source[] = "ab\0cd";
	struct span copy = {0};

	(void)state;
	assert_int_equal(arena_copy(&arena, span_of(source, 5), &copy), OK);
	memset(source, 'x', sizeof(source));
	assert_true(span_equal(copy, SPAN("ab\0cd")));
	assert_int_equal(copy.data[5], '\0');

	assert_int_equal(arena_copy(&arena, span_of(NULL, 0), &copy), OK);
	assert_int_equal(copy.size, 0);
	assert_string_equal(copy.data, "");
}

static void test_the_maximum_holds(void **state)
{
	(void)state;
	arena_init(&arena, arena.pool, 100);
	assert_null(arena_bytes(&arena, 101));
	assert_int_equal(arena.used, 0);
	assert_non_null(arena_bytes(&arena, 90));
	assert_null(arena_bytes(&arena, 11));
	assert_non_null(arena_bytes(&arena, arena.max - arena.used));
	assert_null(arena_bytes(&arena, 1));
	assert_int_equal(arena.used, 100);

	arena_done(&arena);
	assert_int_equal(arena.used, 0);
	assert_non_null(arena_bytes(&arena, 100));
}

static void test_many_small_pieces_reach_the_maximum(void **state)
{
	unsigned pieces = 0;

	(void)state;
	arena_init(&arena, arena.pool, 10000);
	while (arena_bytes(&arena, 1))
		pieces++;
	/* They count with what their alignment takes. */
	assert_in_range(pieces, 10000 / _Alignof(max_align_t), 10000 / _Alignof(max_align_t) + 1);
}

static void test_huge_sizes_do_not_wrap(void **state)
{
	(void)state;
	arena_init(&arena, arena.pool, SIZE_MAX);
	assert_non_null(arena_bytes(&arena, 1));

	size_t used = arena.used;

	assert_null(arena_bytes(&arena, SIZE_MAX - used));
	assert_null(arena_bytes(&arena, SIZE_MAX / 2 + 1));
	assert_null(arena_new(&arena, SIZE_MAX, SIZE_MAX));
	assert_null(arena_new(&arena, SIZE_MAX / 2 + 1, 2));
	assert_null(arena_new(&arena, 1, SIZE_MAX));
	assert_int_equal(arena.used, used);
}

static void test_done_twice(void **state)
{
	(void)state;
	assert_non_null(arena_bytes(&arena, 10));
	arena_done(&arena);
	arena_done(&arena);
	assert_int_equal(pool.taken, 0);
}

static void test_small_chunks_come_from_the_pool(void **state)
{
	(void)state;
	assert_non_null(arena_bytes(&arena, 100));
	assert_non_null(arena_bytes(&arena, 100));
	assert_int_equal(pool.taken, 1);
	/* A piece larger than a block comes from the heap. */
	assert_non_null(arena_bytes(&arena, block_bytes(BLOCK_SMALL)));
	assert_int_equal(pool.taken, 1);
	arena_done(&arena);
	assert_int_equal(pool.taken, 0);
}

static void test_a_spent_budget_is_a_failure(void **state)
{
	size_t rest = budget.max;

	(void)state;
	assert_true(budget_charge(&budget, rest));
	assert_null(arena_bytes(&arena, 1));
	budget_release(&budget, rest);
	assert_non_null(arena_bytes(&arena, 1));
}

static enum error copy_three(void)
{
	struct span copies[3];
	static char large[6000];

	if (!arena_new(&arena, 100, 30))
		return ERROR_OUT_OF_MEMORY;

	enum error error = arena_copy(&arena, SPAN("first"), &copies[0]);

	if (!error)
		error = arena_copy(&arena, span_of(large, sizeof(large)), &copies[1]);
	if (!error)
		error = arena_copy(&arena, span_of(large, 3000), &copies[2]);
	return error;
}

static void test_each_allocation_fails(void **state)
{
	long successes = 0;
	enum error error;

	(void)state;
	do {
		memory_fail_after(successes++);
		error = copy_three();
		memory_fail_after(-1);
		assert_true(error == OK || error == ERROR_OUT_OF_MEMORY);
		arena_done(&arena);
		assert_int_equal(pool.taken, 0);
		pool_done(&pool);
	} while (error);
	assert_int_equal(successes - 1, 3);
}

static void test_failed_copy_leaves_its_result(void **state)
{
	struct span copy = SPAN("untouched");

	(void)state;
	memory_fail_after(0);
	assert_int_equal(arena_copy(&arena, SPAN("x"), &copy), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_int_equal(arena_copy(&arena, span_of(copy.data, SIZE_MAX), &copy), ERROR_OUT_OF_MEMORY);
	assert_true(span_equal(copy, SPAN("untouched")));
}

#define on_both(function)                                           \
	{#function " (heap)", function, set_up_heap, tear_down, NULL},  \
	{                                                               \
#function " (pool)", function, set_up_pool, tear_down, NULL \
	}
#define on_pool(function) cmocka_unit_test_setup_teardown(function, set_up_pool, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_both(test_pieces_do_not_overlap),
		on_both(test_new_is_zeroed),
		on_both(test_nothing_is_not_a_failure),
		on_both(test_copy_ends_with_nul),
		on_both(test_the_maximum_holds),
		on_both(test_many_small_pieces_reach_the_maximum),
		on_both(test_huge_sizes_do_not_wrap),
		on_both(test_done_twice),
		on_pool(test_small_chunks_come_from_the_pool),
		on_pool(test_a_spent_budget_is_a_failure),
		on_both(test_each_allocation_fails),
		on_both(test_failed_copy_leaves_its_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
