#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

struct arena_chunk {
	struct arena_chunk *next;
	bool is_block;  /* from the pool, else from the heap */
	size_t charged; /* bytes from the heap that count against the pool's budget */
	alignas(max_align_t) char bytes[];
};

static const size_t heap_chunk_bytes = 4096;

void arena_init(struct arena *arena, struct pool *pool, size_t max)
{
	*arena = (struct arena){.pool = pool, .max = max};
}

void arena_done(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;

	while (chunk) {
		struct arena_chunk *next = chunk->next;

		if (chunk->is_block) {
			pool_give(arena->pool, (char *)chunk, BLOCK_SMALL);
		} else {
			if (arena->pool)
				budget_release(arena->pool->budget, chunk->charged);
			memory_free(chunk);
		}
		chunk = next;
	}
	arena_init(arena, arena->pool, arena->max);
}

/* A chunk from the heap; with a pool, it counts against the same budget as the pool's blocks. */
static struct arena_chunk *new_heap_chunk(struct arena *arena, size_t bytes)
{
	struct budget *budget = arena->pool ? arena->pool->budget : NULL;
	struct arena_chunk *chunk;

	if (budget && !budget_charge(budget, bytes))
		return NULL;
	chunk = memory_resize(NULL, 1, bytes);
	if (!chunk) {
		if (budget)
			budget_release(budget, bytes);
		return NULL;
	}
	chunk->is_block = false;
	chunk->charged = bytes;
	return chunk;
}

static struct arena_chunk *new_block_chunk(struct arena *arena)
{
	struct arena_chunk *chunk = (struct arena_chunk *)(void *)pool_take(arena->pool, BLOCK_SMALL);

	if (chunk) {
		chunk->is_block = true;
		chunk->charged = 0;
	}
	return chunk;
}

static bool add_chunk(struct arena *arena, size_t size)
{
	size_t bytes = arena->pool ? block_bytes(BLOCK_SMALL) : heap_chunk_bytes;
	bool is_large = size > bytes - sizeof(struct arena_chunk);
	struct arena_chunk *chunk;

	if (is_large)
		bytes = size + sizeof(struct arena_chunk);
	chunk = arena->pool && !is_large ? new_block_chunk(arena) : new_heap_chunk(arena, bytes);
	if (!chunk)
		return false;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->next = chunk->bytes;
	arena->left = bytes - sizeof(struct arena_chunk);
	return true;
}

char *arena_bytes(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);

	if (size > arena->max - arena->used || size > SIZE_MAX >> 1)
		return NULL;

	/* Nothing takes a place, too: NULL would say that memory is used up. */
	size_t rounded = size > 0 ? (size + align - 1) & ~(align - 1) : align;

	if (rounded > arena->left && !add_chunk(arena, rounded))
		return NULL;

	char *bytes = arena->next;

	arena->next += rounded;
	arena->left -= rounded;
	arena->used += rounded < arena->max - arena->used ? rounded : arena->max - arena->used;
	return bytes;
}

void *arena_new(struct arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > (SIZE_MAX >> 1) / size)
		return NULL;

	char *bytes = arena_bytes(arena, count * size);

	if (bytes)
		memset(bytes, 0, count * size);
	return bytes;
}

enum error arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy)
{
	char *copy = bytes.size < SIZE_MAX >> 1 ? arena_bytes(arena, bytes.size + 1) : NULL;

	if (!copy)
		return ERROR_OUT_OF_MEMORY;
	if (bytes.size > 0)
		memcpy(copy, bytes.data, bytes.size);
	copy[bytes.size] = '\0';
	*ret_copy = span_of(copy, bytes.size);
	return OK;
}
