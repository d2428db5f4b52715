#include "base/pool.h"

#include <string.h>

#include "base/memory.h"

/* Kept free per size: enough for the ebb and flow of a busy loop, small against any budget. */
static const struct {
	size_t bytes;
	unsigned free_max;
} sizes[BLOCK_SIZE_COUNT] = {
	[BLOCK_SMALL] = {(size_t)4 << 10, 256},
	[BLOCK_RECORD] = {(size_t)20 << 10, 128},
	[BLOCK_LARGE] = {(size_t)80 << 10, 32},
	[BLOCK_HUGE] = {(size_t)272 << 10, 8},
};

bool budget_charge(struct budget *budget, size_t bytes)
{
	size_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
	size_t max = atomic_load_explicit(&budget->max, memory_order_relaxed);

	do {
		if (bytes > max || used > max - bytes)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used + bytes,
	                                                memory_order_relaxed, memory_order_relaxed));
	return true;
}

void budget_release(struct budget *budget, size_t bytes)
{
	size_t before = atomic_fetch_sub_explicit(&budget->used, bytes, memory_order_relaxed);

	check(before >= bytes);
	(void)before;
}

bool budget_is_low(struct budget *budget)
{
	size_t max = atomic_load_explicit(&budget->max, memory_order_relaxed);

	return atomic_load_explicit(&budget->used, memory_order_relaxed) > max - max / 8;
}

size_t block_bytes(enum block_size size)
{
	check(size < BLOCK_SIZE_COUNT);
	return sizes[size].bytes;
}

enum block_size block_size_next(enum block_size size, size_t bytes, size_t capacity)
{
	if (bytes > capacity - capacity / 4 && size < BLOCK_HUGE)
		return size + 1;
	if (bytes < capacity / 8 && size > BLOCK_RECORD)
		return size - 1;
	return size;
}

enum block_size block_size_for(size_t bytes)
{
	enum block_size size = BLOCK_RECORD;

	while (size < BLOCK_HUGE && sizes[size].bytes < bytes)
		size++;
	return size;
}

enum block_size block_size_of(size_t bytes)
{
	unsigned size = 0;

	while (size < BLOCK_SIZE_COUNT - 1 && sizes[size].bytes != bytes)
		size++;
	check(sizes[size].bytes == bytes);
	return (enum block_size)size;
}

void pool_init(struct pool *pool, struct budget *budget)
{
	*pool = (struct pool){.budget = budget};
}

static void free_block(struct pool *pool, void *block, enum block_size size)
{
	memory_free(block);
	budget_release(pool->budget, sizes[size].bytes);
}

static void *pop_free(struct pool *pool, enum block_size size)
{
	void *block = pool->free[size].first;

	if (block) {
		memcpy(&pool->free[size].first, block, sizeof(void *));
		pool->free[size].count--;
	}
	return block;
}

static void free_all(struct pool *pool)
{
	for (unsigned size = 0; size < BLOCK_SIZE_COUNT; size++)
		for (void *block; (block = pop_free(pool, (enum block_size)size));)
			free_block(pool, block, (enum block_size)size);
}

void pool_done(struct pool *pool)
{
	check(pool->taken == 0);
	free_all(pool);
}

/* Free blocks of other sizes must not stand in the way of one that is needed. */
static bool charge_block(struct pool *pool, enum block_size size)
{
	if (budget_charge(pool->budget, sizes[size].bytes))
		return true;
	free_all(pool);
	return budget_charge(pool->budget, sizes[size].bytes);
}

char *pool_take(struct pool *pool, enum block_size size)
{
	check(size < BLOCK_SIZE_COUNT);

	void *block = pop_free(pool, size);

	if (!block) {
		if (!charge_block(pool, size))
			return NULL;
		block = memory_resize(NULL, 1, sizes[size].bytes);
		if (!block) {
			budget_release(pool->budget, sizes[size].bytes);
			return NULL;
		}
	}
	pool->taken++;
	return block;
}

void pool_give(struct pool *pool, char *block, enum block_size size)
{
	check(size < BLOCK_SIZE_COUNT && pool->taken > 0);
	pool->taken--;
	/* When memory is short, what is kept here is missing elsewhere, and would keep it short. */
	if (pool->free[size].count >= sizes[size].free_max || budget_is_low(pool->budget)) {
		free_block(pool, block, size);
		return;
	}
	memcpy(block, &pool->free[size].first, sizeof(void *));
	pool->free[size].first = block;
	pool->free[size].count++;
}
