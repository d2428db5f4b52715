/*
 * The heap, with a switch that makes chosen allocations fail in tests.
 *
 * All of our own heap use outside blocks (see base/pool.h) goes through here, so that a unit test
 * can fail each allocation of a function in turn.
 */
#ifndef SALLYPORT_BASE_MEMORY_H
#define SALLYPORT_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

/* Zeroed memory of `count` × `size` bytes, or NULL. Owner: the caller, until memory_free(). */
MUST_CHECK void *memory_new(size_t count, size_t size);
/* As realloc(3) for `count` × `size` bytes, with the product checked; new bytes are not zeroed. */
MUST_CHECK void *memory_resize(void *memory, size_t count, size_t size);
/* NULL is allowed. */
void memory_free(void *memory);
/* Overwrites with zeros in a way that the compiler cannot remove. For secrets. */
void memory_wipe(void *memory, size_t size);

/* For base/secret.c, which has memory of its own: counts an allocation; false: it is to fail. And
 * memory_new() without that. */
MUST_CHECK bool memory_may_allocate(void);
MUST_CHECK void *memory_new_unasked(size_t size);

/* For tests: the allocation after `successes` more in this thread fails, and all after it; -1:
 * none. */
void memory_fail_after(long successes);
/* For tests: allocations made in this thread so far. */
unsigned long memory_allocations(void);

#endif
