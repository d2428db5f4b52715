/*
 * Blocks of memory in a few fixed sizes, one pool per worker, under one budget for the process.
 *
 * A pool keeps a few free blocks of each size, unless the budget is low, and gives the rest back to
 * the heap. The budget is *the* memory limit (`limits.memory`): all blocks count against it, free
 * or not, and so do the TLS sessions, which charge it with what the TLS library takes for them.
 *
 * Threads: a pool belongs to one thread. A budget is shared by all and lock-free.
 */
#ifndef SALLYPORT_BASE_POOL_H
#define SALLYPORT_BASE_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct budget {
	atomic_size_t used;
	atomic_size_t max; /* bytes; a reload may change it, also to less than is used */
};

/* Takes `bytes` from the budget; false, and nothing taken, if they are not there. */
MUST_CHECK bool budget_charge(struct budget *budget, size_t bytes);
void budget_release(struct budget *budget, size_t bytes);
/* True if less than an eighth is left: time to stop accepting, so that what is open can end. */
bool budget_is_low(struct budget *budget);

enum block_size {
	BLOCK_SMALL,  /* a few heads */
	BLOCK_RECORD, /* a whole TLS record as on the wire (RFC 8446 §5.2), and a little more */
	BLOCK_LARGE,  /* a streaming body */
	BLOCK_HUGE,   /* a fast streaming body */
	BLOCK_SIZE_COUNT
};

/* Capacity of a block in bytes. */
size_t block_bytes(enum block_size size);
/*
 * The size to take next, after `bytes` have passed through a block of `capacity` at once: what
 * fills it asks for a larger one, little for a smaller one. Between BLOCK_RECORD and BLOCK_HUGE.
 */
enum block_size block_size_next(enum block_size size, size_t bytes, size_t capacity);
/* The smallest from BLOCK_RECORD on that holds `bytes`; BLOCK_HUGE if none does. */
enum block_size block_size_for(size_t bytes);
/* The size whose capacity is `bytes`. */
enum block_size block_size_of(size_t bytes);

struct pool {
	struct budget *budget; /* Borrows: from the server, which outlives it */
	struct {
		void *first; /* free blocks, each beginning with a pointer to the next */
		unsigned count;
	} free[BLOCK_SIZE_COUNT];
	size_t taken; /* blocks out now, for tests and metrics */
};

void pool_init(struct pool *pool, struct budget *budget);
/* All blocks must be back. */
void pool_done(struct pool *pool);

/* An uninitialised block, or NULL if the budget or the heap has none. Owner: the caller. */
MUST_CHECK char *pool_take(struct pool *pool, enum block_size size);
void pool_give(struct pool *pool, char *block, enum block_size size);

#endif
