/*
 * Memory for private keys: never written to a swap device (mlock), left out of core dumps, empty in
 * a process that is forked off, and wiped when it is freed.
 *
 * It comes from one region of its own, in blocks of fixed sizes, so that thousands of small keys
 * share pages. What is larger than SECRET_SIZE_MAX, or does not fit any more, comes from the heap
 * and is only wiped. The system may not let all be locked (RLIMIT_MEMLOCK): secret_usage() tells.
 *
 * Libraries allocate by themselves. Between secret_begin() and secret_end() this thread's
 * allocations are for secrets: whoever has given a library its functions asks secret_is_wanted().
 *
 * Threads: all, with a lock. Not for what is made for each connection.
 */
#ifndef SALLYPORT_BASE_SECRET_H
#define SALLYPORT_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

enum { SECRET_SIZE_MAX = 65536 };

/* Zeroed memory of `count` × `size` bytes, or NULL. Owner: the caller, until secret_free(). */
MUST_CHECK void *secret_new(size_t count, size_t size);
/* As realloc(3) for what secret_new() gave; `secret` may be NULL. */
MUST_CHECK void *secret_resize(void *secret, size_t size);
/* Wipes and frees; also what memory_new() gave. NULL is allowed. */
void secret_free(void *secret);
/* True for what lies in the region. */
bool secret_holds(const void *memory);

/* They nest. */
void secret_begin(void);
void secret_end(void);
bool secret_is_wanted(void);

struct secret_usage {
	size_t taken;    /* bytes of the region that were ever in use */
	size_t unlocked; /* of these, that could not be locked */
	size_t outside;  /* allocations that came from the heap */
};

struct secret_usage secret_usage(void);

#endif
