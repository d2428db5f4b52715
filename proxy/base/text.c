#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

void text_init(struct text *text, size_t max)
{
	*text = (struct text){.max = max};
}

void text_done(struct text *text)
{
	memory_free(text->data);
	text_init(text, text->max);
}

void text_clear(struct text *text)
{
	text->size = 0;
	text->cut = false;
	if (text->data)
		text->data[0] = '\0';
}

void text_cut(struct text *text, size_t size)
{
	check(size <= text->size);
	text->size = size;
	if (text->data)
		text->data[size] = '\0';
}

void text_taken(struct text *text, size_t size)
{
	check(size <= text->size);
	if (size == 0)
		return;
	memmove(text->data, text->data + size, text->size - size + 1);
	text->size -= size;
}

/* Makes room for `size` more bytes and a NUL; returns how many bytes really fit. */
static size_t reserve(struct text *text, size_t size)
{
	if (size > text->max - text->size) {
		size = text->max - text->size;
		text->cut = true;
	}
	if (text->size + size < text->capacity)
		return size;

	size_t capacity = text->capacity < 128 ? 128 : text->capacity;

	while (capacity <= text->size + size)
		capacity *= 2;

	char *data = memory_resize(text->data, 1, capacity);

	if (!data) {
		text->cut = true;
		return text->capacity > 0 ? text->capacity - text->size - 1 : 0;
	}
	text->data = data;
	text->capacity = capacity;
	return size;
}

void text_put(struct text *text, struct span bytes)
{
	size_t size = reserve(text, bytes.size);

	if (size > 0) {
		memcpy(text->data + text->size, bytes.data, size);
		text->size += size;
	}
	if (text->data)
		text->data[text->size] = '\0';
}

void text_put_string(struct text *text, const char *string)
{
	text_put(text, span_of_string(string));
}

void text_put_char(struct text *text, char c)
{
	text_put(text, span_of(&c, 1));
}

void text_put_number(struct text *text, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	text_put(text, span_of(digits + at, sizeof(digits) - at));
}

void text_vprintf(struct text *text, const char *format, va_list arguments)
{
	va_list again;

	va_copy(again, arguments);

	int size = vsnprintf(NULL, 0, format, again);

	va_end(again);
	if (size <= 0)
		return;

	size_t room = reserve(text, (size_t)size);

	if (room == 0)
		return;
	(void)vsnprintf(text->data + text->size, room + 1, format, arguments);
	text->size += room;
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(text, format, arguments);
	va_end(arguments);
}

/* Length of the valid UTF-8 sequence (RFC 3629 §4) at the front of `bytes`, or 0. */
static size_t utf8_length(struct span bytes)
{
	const unsigned char *b = (const unsigned char *)bytes.data;
	size_t length = b[0] < 0x80 ? 1 : b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;

	if (length == 1)
		return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4 || length > bytes.size)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
	    (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return length;
}

static bool is_plain_in_json(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void text_put_json(struct text *text, struct span bytes)
{
	size_t at = 0;

	while (at < bytes.size) {
		size_t plain = at;

		while (plain < bytes.size && is_plain_in_json((unsigned char)bytes.data[plain]))
			plain++;
		text_put(text, span_cut(bytes, at, plain));
		at = plain;
		if (at == bytes.size)
			break;

		unsigned char c = (unsigned char)bytes.data[at];
		size_t length = utf8_length(span_from(bytes, at));

		if (c == '"' || c == '\\')
			text_printf(text, "\\%c", c);
		else if (length > 1)
			text_put(text, span_cut(bytes, at, at + length));
		else
			text_printf(text, "\\u%04x", c);
		at += length > 1 ? length : 1;
	}
}

const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}

struct span text_span(const struct text *text)
{
	return span_of(text_string(text), text->size);
}
