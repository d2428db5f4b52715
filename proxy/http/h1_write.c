#include "http/h1_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Measures with `at` NULL, then writes: the same code does both, so they can not differ.
 */
struct pen {
	char *at;
	size_t size;
};

static void put(struct pen *pen, struct span bytes)
{
	if (pen->at && bytes.size > 0)
		memcpy(pen->at + pen->size, bytes.data, bytes.size);
	pen->size += bytes.size;
}

static void put_field(struct pen *pen, struct span name, struct span value)
{
	put(pen, name);
	put(pen, SPAN(": "));
	put(pen, value);
	put(pen, SPAN("\r\n"));
}

static void put_own(struct pen *pen, enum field_id id, struct span value)
{
	put_field(pen, field_name(id), value);
}

static void put_number(struct pen *pen, enum field_id id, uint64_t number)
{
	char digits[24];
	int size = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	put_own(pen, id, span_of(digits, (size_t)size));
}

static void put_start_line(struct pen *pen, const struct message *message)
{
	if (message->kind == MESSAGE_REQUEST) {
		put(pen, message->method_token);
		put(pen, SPAN(" "));
		put(pen, message->target);
		put(pen, SPAN(" HTTP/1.1\r\n"));
		put_own(pen, FIELD_HOST, message->authority);
		return;
	}

	char status[16];
	int size = snprintf(status, sizeof(status), "HTTP/1.1 %03d ", message->status);

	put(pen, span_of(status, (size_t)size));
	put(pen, message->reason);
	put(pen, SPAN("\r\n"));
}

static bool is_upgrade(const struct message *message)
{
	return message->upgrade == UPGRADE_WEBSOCKET &&
	       (message->kind == MESSAGE_REQUEST || message->status == 101);
}

static void put_connection(struct pen *pen, const struct message *message)
{
	bool is_interim = message->kind == MESSAGE_RESPONSE && message->status < 200;

	if (is_interim && !is_upgrade(message))
		return;
	if (is_upgrade(message)) {
		put_own(pen, FIELD_UPGRADE, SPAN("websocket"));
		put_own(pen, FIELD_CONNECTION, SPAN("Upgrade"));
	} else if (!message->keep_alive || message->framing == BODY_UNTIL_CLOSE) {
		put_own(pen, FIELD_CONNECTION, SPAN("close"));
	} else if (message->version == HTTP_VERSION_1_0) {
		put_own(pen, FIELD_CONNECTION, SPAN("keep-alive"));
	}
}

static void put_framing(struct pen *pen, const struct message *message)
{
	/* RFC 9112 §6.1: never to a receiver who can not read it. */
	check(message->framing != BODY_CHUNKED || message->version == HTTP_VERSION_1_1);
	if (message->framing == BODY_CHUNKED)
		put_own(pen, FIELD_TRANSFER_ENCODING, SPAN("chunked"));
	else if (message->framing == BODY_LENGTH ||
	         (message->framing == BODY_NONE && message->length_stated))
		put_number(pen, FIELD_CONTENT_LENGTH, message->length);
}

static void put_head(struct pen *pen, const struct message *message)
{
	put_start_line(pen, message);
	for (size_t i = 0; i < message->field_count; i++) {
		const struct field *field = &message->fields[i];

		if ((field_traits(field->id) & (FIELD_WRITTEN | FIELD_HOP)) == 0)
			put_field(pen, field->name, field->value);
	}
	if (message->kind == MESSAGE_REQUEST && message->expects_continue)
		put_own(pen, FIELD_EXPECT, SPAN("100-continue"));
	put_connection(pen, message);
	put_framing(pen, message);
	put(pen, SPAN("\r\n"));
}

enum error h1_write_head(const struct message *message, struct arena *arena, struct span *ret_bytes)
{
	struct pen pen = {.at = NULL};

	put_head(&pen, message);

	size_t size = pen.size;

	pen = (struct pen){.at = arena_bytes(arena, size)};
	if (!pen.at)
		return ERROR_OUT_OF_MEMORY;
	put_head(&pen, message);
	check(pen.size == size);
	*ret_bytes = span_of(pen.at, size);
	return OK;
}

static size_t hex_digits(size_t number)
{
	size_t digits = 1;

	while (number >>= 4)
		digits++;
	return digits;
}

size_t h1_write_chunk(struct buffer *out, struct span payload)
{
	const size_t line_ends = 4;
	size_t room = buffer_room(out);
	size_t size = payload.size;

	if (size == 0 || room < line_ends + 2)
		return 0;
	/* Fewer bytes need no more digits, so what fits with this many digits fits. */
	if (size > room || size + hex_digits(size) + line_ends > room)
		size = room - line_ends - hex_digits(room);

	char *at = buffer_room_at(out);
	size_t digits = hex_digits(size);

	for (size_t i = 0; i < digits; i++)
		at[i] = "0123456789abcdef"[size >> 4 * (digits - 1 - i) & 15];
	memcpy(at + digits, "\r\n", 2);
	memcpy(at + digits + 2, payload.data, size);
	memcpy(at + digits + 2 + size, "\r\n", 2);
	buffer_filled(out, digits + line_ends + size);
	return size;
}

bool h1_write_last_chunk(struct buffer *out)
{
	const struct span last = SPAN("0\r\n\r\n");

	return buffer_room(out) >= last.size && buffer_put(out, last) == last.size;
}
