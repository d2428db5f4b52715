#include "base/buffer.h"

#include <string.h>

enum error buffer_open(struct buffer *buffer, struct pool *pool, enum block_size size)
{
	if (buffer->data)
		return OK;

	char *block = pool_take(pool, size);

	if (!block)
		return ERROR_OUT_OF_MEMORY;
	*buffer = (struct buffer){.data = block, .capacity = block_bytes(size)};
	return OK;
}

void buffer_close(struct buffer *buffer, struct pool *pool)
{
	check(!buffer->pinned);
	if (buffer->data)
		pool_give(pool, buffer->data, block_size_of(buffer->capacity));
	*buffer = (struct buffer){0};
}

void buffer_rest(struct buffer *buffer, struct pool *pool)
{
	if (buffer->data && buffer_is_empty(buffer) && !buffer->pinned)
		buffer_close(buffer, pool);
}

enum error buffer_grow(struct buffer *buffer, struct pool *pool, enum block_size size)
{
	check(!buffer->pinned);
	check(buffer_size(buffer) <= block_bytes(size));

	struct buffer grown = {0};
	enum error error = buffer_open(&grown, pool, size);

	if (error)
		return error;
	(void)buffer_put(&grown, buffer_content(buffer));
	buffer_close(buffer, pool);
	*buffer = grown;
	return OK;
}

char *buffer_room_at(struct buffer *buffer)
{
	if (buffer->start > 0 && !buffer->pinned) {
		size_t size = buffer_size(buffer);

		if (size > 0)
			memmove(buffer->data, buffer->data + buffer->start, size);
		buffer->start = 0;
		buffer->end = size;
	}
	return buffer->data ? buffer->data + buffer->end : NULL;
}

void buffer_filled(struct buffer *buffer, size_t size)
{
	check(size <= buffer->capacity - buffer->end);
	buffer->end += size;
}

void buffer_taken(struct buffer *buffer, size_t size)
{
	check(size <= buffer_size(buffer));
	buffer->start += size;
	if (buffer->start == buffer->end && !buffer->pinned)
		buffer->start = buffer->end = 0;
}

void buffer_hand_over(struct buffer *buffer, struct buffer *to)
{
	struct buffer empty = *to;

	check(buffer_is_empty(to) && !to->pinned && !buffer->pinned);
	*to = *buffer;
	*buffer = empty;
}

size_t buffer_put(struct buffer *buffer, struct span bytes)
{
	size_t size = buffer_room(buffer);

	if (size > bytes.size)
		size = bytes.size;
	if (size > 0) {
		memcpy(buffer_room_at(buffer), bytes.data, size);
		buffer_filled(buffer, size);
	}
	return size;
}
