#include "route/path.h"

#include <stdbool.h>
#include <string.h>

#include "base/number.h"

/* What is written so far: begins with `/`; the segment being written begins at `segment`. */
struct normal {
	char *bytes;
	size_t size;
	size_t segment;
};

/* Of a path that begins with `/`; a name that begins with a dot is taken for a dot segment here. */
static bool is_normal(struct span path)
{
	char before = '\0';

	for (size_t i = 0; i < path.size; i++) {
		char c = path.data[i];

		if (c == '%' || (before == '/' && (c == '/' || c == '.')))
			return false;
		before = c;
	}
	return true;
}

/* Removes the segment, and for `..` the one before it, if it is a dot segment. */
static void end_segment(struct normal *normal)
{
	struct span segment = span_of(normal->bytes + normal->segment, normal->size - normal->segment);

	if (span_equal(segment, SPAN("."))) {
		normal->size = normal->segment;
	} else if (span_equal(segment, SPAN(".."))) {
		normal->size = normal->segment;
		if (normal->size == 1)
			return;
		do
			normal->size--;
		while (normal->bytes[normal->size - 1] != '/');
	}
}

static void put_slash(struct normal *normal)
{
	end_segment(normal);
	if (normal->bytes[normal->size - 1] != '/')
		normal->bytes[normal->size++] = '/';
	normal->segment = normal->size;
}

/* Decodes the three bytes of a percent-encoded one, or returns false. */
static bool decode(struct span text, char *ret_byte)
{
	if (text.size < 3 || number_hex_digit(text.data[1]) < 0 || number_hex_digit(text.data[2]) < 0)
		return false;
	*ret_byte = (char)(number_hex_digit(text.data[1]) << 4 | number_hex_digit(text.data[2]));
	return true;
}

/* Writes what begins at the front of `rest`, which is not a `/`. Returns how much of it. */
static size_t put_byte(struct normal *normal, struct span rest)
{
	char byte = rest.data[0];

	if (byte != '%' || !decode(rest, &byte)) {
		normal->bytes[normal->size++] = byte;
		return 1;
	}
	if (byte == '/' || byte == '%') {
		memcpy(normal->bytes + normal->size, byte == '/' ? "%2F" : "%25", 3);
		normal->size += 3;
	} else {
		normal->bytes[normal->size++] = byte;
	}
	return 3;
}

enum error path_normalise(struct span path, struct arena *arena, struct span *ret_path)
{
	struct normal normal = {.size = 1, .segment = 1};

	if (path.size == 0 || path.data[0] != '/') {
		*ret_path = SPAN("/");
		return OK;
	}
	if (is_normal(path)) {
		*ret_path = path;
		return OK;
	}
	normal.bytes = arena_bytes(arena, path.size);
	if (!normal.bytes)
		return ERROR_OUT_OF_MEMORY;
	normal.bytes[0] = '/';
	for (size_t i = 1; i < path.size;) {
		if (path.data[i] == '/') {
			put_slash(&normal);
			i++;
		} else {
			i += put_byte(&normal, span_from(path, i));
		}
	}
	end_segment(&normal);
	*ret_path = span_of(normal.bytes, normal.size);
	return OK;
}
