/*
 * A linear buffer of fixed capacity: bytes are added at the end and taken from the start.
 *
 *      data        start            end          capacity
 *       │  taken     │    content    │     room     │
 *
 * `filled` adds, `taken` removes; nobody else does arithmetic on the indices.
 * An empty buffer may own no memory at all (data == NULL, capacity == 0): it has no room.
 *
 * Owner: the memory is a block of a pool (base/pool.h); buffer_open() takes it, buffer_close()
 * gives it back. Memory that the kernel holds is pinned: it neither moves nor goes away.
 */
#ifndef SALLYPORT_BASE_BUFFER_H
#define SALLYPORT_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/span.h"

struct buffer {
	char *data;
	size_t start;
	size_t end;
	size_t capacity;
	bool pinned;
};

/* Takes a block of `size`, unless the buffer has one already. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error buffer_open(struct buffer *buffer, struct pool *pool, enum block_size size);
/* Gives the block back, whatever is in it. Not while pinned. */
void buffer_close(struct buffer *buffer, struct pool *pool);
/* Gives the block back if the buffer is empty and not pinned. */
void buffer_rest(struct buffer *buffer, struct pool *pool);
/* Moves the content into a block of `size`, which must be large enough. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error buffer_grow(struct buffer *buffer, struct pool *pool, enum block_size size);

static inline size_t buffer_size(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

static inline bool buffer_is_empty(const struct buffer *buffer)
{
	return buffer->start == buffer->end;
}

/* The content. Valid until the buffer is compacted, grown or closed. */
static inline struct span buffer_content(const struct buffer *buffer)
{
	return span_of(buffer->data ? buffer->data + buffer->start : NULL, buffer_size(buffer));
}

/* Bytes that can be added: after a move of the content to the front, if nothing is pinned. */
static inline size_t buffer_room(const struct buffer *buffer)
{
	return buffer->capacity - (buffer->pinned ? buffer->end : buffer_size(buffer));
}

/* Makes all the room contiguous (moves the content unless pinned) and returns where it begins. */
char *buffer_room_at(struct buffer *buffer);
/* `size` bytes have been written at buffer_room_at(). */
void buffer_filled(struct buffer *buffer, size_t size);
/* `size` bytes of the content have been used up. */
void buffer_taken(struct buffer *buffer, size_t size);
/* Copies as many bytes as there is room for; returns how many. */
size_t buffer_put(struct buffer *buffer, struct span bytes);
/* Gives `to` all of the content, and no byte is copied: the blocks change hands. `to` must be
 * empty and neither of them pinned; their blocks must be of the same pool. */
void buffer_hand_over(struct buffer *buffer, struct buffer *to);

#endif
