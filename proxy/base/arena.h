/*
 * Memory that is given piece by piece and taken back all at once.
 *
 * For things that live and die together: a decoded configuration, one exchange. Pieces are aligned
 * for any type. There is a maximum, because everything has one.
 *
 * Owner: the arena owns all its pieces, until arena_done().
 */
#ifndef SALLYPORT_BASE_ARENA_H
#define SALLYPORT_BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/span.h"

struct arena_chunk;

struct arena {
	struct pool *pool; /* source of small chunks, and its budget of all; NULL: the heap */
	struct arena_chunk *chunks;
	char *next;
	size_t left;
	size_t used;
	size_t max;
};

/* `max`: bytes in all. Allocates nothing yet. */
void arena_init(struct arena *arena, struct pool *pool, size_t max);
/* Frees all pieces; the arena can be used again. */
void arena_done(struct arena *arena);

/* Zeroed memory of `count` × `size` bytes, or NULL. */
MUST_CHECK void *arena_new(struct arena *arena, size_t count, size_t size);
/* Memory of `size` bytes, not zeroed, or NULL. */
MUST_CHECK char *arena_bytes(struct arena *arena, size_t size);
/* A copy of `bytes`, followed by a NUL that is not counted. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error arena_copy(struct arena *arena, struct span bytes, struct span *ret_copy);

#endif
