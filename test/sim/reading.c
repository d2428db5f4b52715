#include "sim/reading.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 200000 };

void reading_init(struct reading *reading, bool is_response, bool without_body)
{
	struct bytes head = reading->head;

	bytes_clear(&head);
	*reading =
		(struct reading){.is_response = is_response, .without_body = without_body, .head = head};
}

void reading_done(struct reading *reading)
{
	bytes_done(&reading->head);
}

bool reading_has_begun(const struct reading *reading)
{
	return bytes_size(&reading->head) > 0;
}

struct span reading_head(const struct reading *reading)
{
	return bytes_content(&reading->head);
}

bool reading_field(const struct reading *reading, const char *name, struct span *ret_value)
{
	struct span rest = reading_head(reading);
	struct span line;
	bool is_first = true;

	while (span_next(&rest, '\n', &line)) {
		size_t colon = span_find(line, ':');

		if (!is_first && colon < line.size &&
		    span_equal_nocase(span_cut(line, 0, colon), span_of_string(name))) {
			struct span value = span_trim(span_from(line, colon + 1));

			if (value.size > 0 && value.data[value.size - 1] == '\r')
				value.size--;
			*ret_value = span_trim(value);
			return true;
		}
		is_first = false;
	}
	return false;
}

uint64_t reading_number(struct span *text)
{
	uint64_t number = 0;

	while (text->size > 0 && *text->data >= '0' && *text->data <= '9') {
		number = number * 10 + (uint64_t)(*text->data - '0');
		*text = span_from(*text, 1);
	}
	return number;
}

static bool has_token(const struct reading *reading, const char *name, const char *token)
{
	struct span rest;
	struct span element;

	if (!reading_field(reading, name, &rest))
		return false;
	while (span_next(&rest, ',', &element))
		if (span_equal_nocase(element, span_of_string(token)))
			return true;
	return false;
}

static bool read_start_line(struct reading *reading)
{
	struct span head = reading_head(reading);
	struct span line = span_cut(head, 0, span_find(head, '\r'));
	struct span version = reading->is_response ? line : span_from(line, line.size - 8);

	if (line.size < 12 || !span_starts_with(version, SPAN("HTTP/1.")))
		return false;
	reading->minor = version.data[7] - '0';
	line = span_from(line, sizeof("HTTP/1.1"));
	if (reading->is_response)
		reading->status = (int)reading_number(&line);
	return reading->minor == 0 || reading->minor == 1;
}

static void read_framing(struct reading *reading)
{
	struct span value;

	reading->close = has_token(reading, "connection", "close");
	reading->keep = has_token(reading, "connection", "keep-alive");
	reading->chunked = has_token(reading, "transfer-encoding", "chunked");
	reading->has_length = reading_field(reading, "content-length", &value);
	reading->length = reading->has_length ? reading_number(&value) : 0;
}

static void begin_body(struct reading *reading)
{
	bool is_bodiless = reading->is_response && (reading->without_body || reading->status < 200 ||
	                                            reading->status == 204 || reading->status == 304);

	reading->left = reading->length;
	if (is_bodiless)
		reading->phase = READING_WHOLE;
	else if (reading->chunked)
		reading->phase = READING_CHUNK_SIZE;
	else if (reading->has_length || !reading->is_response)
		reading->phase = reading->length > 0 ? READING_LENGTH : READING_WHOLE;
	else
		reading->phase = READING_UNTIL_CLOSE;
}

static size_t take_head(struct reading *reading, struct span bytes)
{
	size_t taken = 0;

	while (taken < bytes.size) {
		bytes_put(&reading->head, span_cut(bytes, taken, taken + 1));
		taken++;

		struct span head = reading_head(reading);

		if (head.size > HEAD_MAX) {
			reading->phase = READING_BROKEN;
			break;
		}
		if (head.size < 4 || memcmp(head.data + head.size - 4, "\r\n\r\n", 4) != 0)
			continue;
		if (read_start_line(reading)) {
			read_framing(reading);
			begin_body(reading);
		} else {
			reading->phase = READING_BROKEN;
		}
		break;
	}
	return taken;
}

static void end_line(struct reading *reading)
{
	char *end;

	reading->line[reading->line_size] = '\0';
	if (reading->phase == READING_CHUNK_SIZE) {
		reading->left = strtoull(reading->line, &end, 16);
		if (end == reading->line || *end != '\r')
			reading->phase = READING_BROKEN; /* a proxy has no reason to send extensions */
		else
			reading->phase = reading->left > 0 ? READING_CHUNK : READING_TRAILER;
	} else if (reading->phase == READING_CHUNK_END) {
		reading->phase = reading->line_size == 1 ? READING_CHUNK_SIZE : READING_BROKEN;
	} else {
		reading->phase = reading->line_size == 1 ? READING_WHOLE : READING_BROKEN;
	}
	reading->line_size = 0;
}

static size_t take_line(struct reading *reading, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		if (bytes.data[i] == '\n') {
			end_line(reading);
			return i + 1;
		}
		if (reading->line_size == sizeof(reading->line) - 1) {
			reading->phase = READING_BROKEN;
			return i + 1;
		}
		reading->line[reading->line_size++] = bytes.data[i];
	}
	return bytes.size;
}

static size_t take_payload(struct reading *reading, struct span bytes, struct span *ret_payload)
{
	size_t size = bytes.size < reading->left ? bytes.size : (size_t)reading->left;

	*ret_payload = span_cut(bytes, 0, size);
	reading->payload += size;
	reading->left -= size;
	if (reading->left == 0)
		reading->phase = reading->phase == READING_CHUNK ? READING_CHUNK_END : READING_WHOLE;
	return size;
}

size_t reading_take(struct reading *reading, struct span bytes, struct span *ret_payload)
{
	*ret_payload = span_of(NULL, 0);
	switch (reading->phase) {
	case READING_HEAD:
		return take_head(reading, bytes);
	case READING_CHUNK_SIZE:
	case READING_CHUNK_END:
	case READING_TRAILER:
		return take_line(reading, bytes);
	case READING_LENGTH:
	case READING_CHUNK:
		return take_payload(reading, bytes, ret_payload);
	case READING_UNTIL_CLOSE:
		*ret_payload = bytes;
		reading->payload += bytes.size;
		return bytes.size;
	case READING_WHOLE:
	case READING_BROKEN:
		break;
	}
	return 0;
}

bool reading_ended(struct reading *reading)
{
	if (reading->phase == READING_UNTIL_CLOSE)
		reading->phase = READING_WHOLE;
	return reading->phase == READING_WHOLE;
}
