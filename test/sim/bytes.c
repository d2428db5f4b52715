#include "sim/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/random.h"

static char *make_room(struct bytes *bytes, size_t size)
{
	size_t content = bytes_size(bytes);

	if (bytes->capacity - bytes->end < size) {
		if (bytes->start > 0)
			memmove(bytes->data, bytes->data + bytes->start, content);
		bytes->start = 0;
		bytes->end = content;
		if (bytes->capacity - content < size) {
			bytes->capacity = 2 * (content + size);
			bytes->data = realloc(bytes->data, bytes->capacity);
			if (!bytes->data)
				abort();
		}
	}
	return bytes->data + bytes->end;
}

void bytes_put(struct bytes *bytes, struct span content)
{
	if (content.size == 0)
		return;
	memcpy(make_room(bytes, content.size), content.data, content.size);
	bytes->end += content.size;
}

void bytes_put_string(struct bytes *bytes, const char *string)
{
	bytes_put(bytes, span_of_string(string));
}

void bytes_printf(struct bytes *bytes, const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);

	int size = vsnprintf(line, sizeof(line), format, arguments);

	va_end(arguments);
	check(size >= 0 && (size_t)size < sizeof(line));
	bytes_put(bytes, span_of(line, (size_t)size));
}

static char body_byte(uint64_t key, uint64_t offset)
{
	return (char)(random_mix(key + (offset >> 3)) >> (8 * (offset & 7)));
}

void bytes_put_body(struct bytes *bytes, uint64_t key, uint64_t offset, size_t size)
{
	if (size == 0)
		return;

	char *room = make_room(bytes, size);

	for (size_t i = 0; i < size; i++)
		room[i] = body_byte(key, offset + i);
	bytes->end += size;
}

bool body_has(uint64_t key, uint64_t offset, struct span content)
{
	for (size_t i = 0; i < content.size; i++)
		if (content.data[i] != body_byte(key, offset + i))
			return false;
	return true;
}

void bytes_taken(struct bytes *bytes, size_t size)
{
	check(size <= bytes_size(bytes));
	bytes->start += size;
}

void bytes_clear(struct bytes *bytes)
{
	bytes->start = bytes->end = 0;
}

void bytes_done(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}
