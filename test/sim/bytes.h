/*
 * A queue of bytes that grows without limit, and the bodies that travel in the simulation.
 *
 * Owner of the memory: the queue, until bytes_done(). It comes from malloc(3), never from
 * base/memory.h, so that a run can fail the proxy's allocations and not the simulator's.
 *
 * A body is not kept anywhere: each of its bytes follows from the body's key and the byte's
 * offset, so that whoever gets one can tell whether it is the right one.
 */
#ifndef SALLYPORT_SIM_BYTES_H
#define SALLYPORT_SIM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

struct bytes {
	char *data;
	size_t start;
	size_t end;
	size_t capacity;
};

static inline size_t bytes_size(const struct bytes *bytes)
{
	return bytes->end - bytes->start;
}

static inline struct span bytes_content(const struct bytes *bytes)
{
	return span_of(bytes->data ? bytes->data + bytes->start : NULL, bytes_size(bytes));
}

void bytes_put(struct bytes *bytes, struct span content);
void bytes_put_string(struct bytes *bytes, const char *string);
void bytes_printf(struct bytes *bytes, const char *format, ...) PRINTF_LIKE(2, 3);
/* `size` bytes of the body `key`, from `offset` on. */
void bytes_put_body(struct bytes *bytes, uint64_t key, uint64_t offset, size_t size);
void bytes_taken(struct bytes *bytes, size_t size);
void bytes_clear(struct bytes *bytes);
void bytes_done(struct bytes *bytes);

/* True if `content` is what the body `key` has at `offset`. */
bool body_has(uint64_t key, uint64_t offset, struct span content);

#endif
