#include "http/h1_body.h"

#include "base/number.h"

/* 16 digits hold 2^64-1; the largest size is 2^63-1, as for Content-Length. */
enum { SIZE_DIGITS_MAX = 16 };

enum error h1_body_init(struct h1_body *body, const struct message *message,
                        const struct h1_limits *limits)
{
	if (message->framing == BODY_LENGTH && limits->body_size_max > 0 &&
	    message->length > limits->body_size_max)
		return ERROR_BODY_TOO_LARGE;
	*body = (struct h1_body){.limits = limits, .framing = message->framing};
	switch (message->framing) {
	case BODY_LENGTH:
		body->left = message->length;
		body->state = message->length > 0 ? H1_BODY_PAYLOAD : H1_BODY_DONE;
		break;
	case BODY_CHUNKED:
		body->state = H1_BODY_SIZE;
		break;
	case BODY_UNTIL_CLOSE:
		body->left = UINT64_MAX;
		body->state = H1_BODY_PAYLOAD;
		break;
	case BODY_NONE:
	case BODY_COUNT:
		body->state = H1_BODY_DONE;
		break;
	}
	return OK;
}

bool h1_body_is_done(const struct h1_body *body)
{
	return body->state == H1_BODY_DONE;
}

enum error h1_body_end_of_stream(struct h1_body *body)
{
	if (body->framing == BODY_UNTIL_CLOSE)
		body->state = H1_BODY_DONE;
	return body->state == H1_BODY_DONE ? OK : ERROR_CONNECTION_CLOSED;
}

/* How many bytes of payload may still come. */
static uint64_t allowance(const struct h1_body *body)
{
	uint64_t max = body->limits->body_size_max;

	return max == 0 ? UINT64_MAX : max - body->size;
}

static enum error end_size(struct h1_body *body)
{
	if (body->left > allowance(body))
		return ERROR_BODY_TOO_LARGE;
	body->state = H1_BODY_SIZE_LF;
	return OK;
}

static enum error take_size(struct h1_body *body, char c)
{
	int digit = number_hex_digit(c);

	if (digit >= 0) {
		if (body->size_digits == SIZE_DIGITS_MAX || body->left > (uint64_t)INT64_MAX >> 4)
			return ERROR_CHUNK_SIZE_MALFORMED;
		body->size_digits++;
		body->left = body->left << 4 | (unsigned)digit;
		return OK;
	}
	if (body->size_digits == 0)
		return ERROR_CHUNK_SIZE_MALFORMED;
	if (c == '\r')
		return end_size(body);
	if (c == '\n')
		return ERROR_LINE_END_MALFORMED;
	if (c != ';' && c != ' ' && c != '\t')
		return ERROR_CHUNK_SIZE_MALFORMED;
	body->state = H1_BODY_EXTENSION;
	body->extension = c == ';' ? H1_EXTENSION_START : H1_EXTENSION_BEFORE;
	body->extension_size = 1;
	body->extension_sum++;
	return OK;
}

/* The byte after a name or a value, or after BWS behind them. */
static enum h1_extension_state between(enum h1_extension_state state, char c)
{
	if (c == ' ' || c == '\t')
		return state;
	if (c == ';')
		return H1_EXTENSION_START;
	return c == '=' && state == H1_EXTENSION_AFTER_NAME ? H1_EXTENSION_EQUALS
	                                                    : H1_EXTENSION_STATE_COUNT;
}

/*
 * chunk-ext = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )   (RFC 9112 §7.1.1)
 * The state after one more byte that is not a CR; STATE_COUNT: it can not stand there.
 */
static enum h1_extension_state next_extension_state(enum h1_extension_state state, char c)
{
	bool is_token = h1_is(c, H1_TOKEN);
	bool is_blank = c == ' ' || c == '\t';

	switch (state) {
	case H1_EXTENSION_BEFORE:
	case H1_EXTENSION_AFTER_NAME:
		return between(state, c);
	case H1_EXTENSION_START:
		return is_blank ? state : is_token ? H1_EXTENSION_NAME : H1_EXTENSION_STATE_COUNT;
	case H1_EXTENSION_NAME:
		return is_token ? state : between(H1_EXTENSION_AFTER_NAME, c);
	case H1_EXTENSION_EQUALS:
		if (c == '"')
			return H1_EXTENSION_QUOTED;
		return is_blank ? state : is_token ? H1_EXTENSION_TOKEN : H1_EXTENSION_STATE_COUNT;
	case H1_EXTENSION_TOKEN:
		return is_token ? state : between(H1_EXTENSION_BEFORE, c);
	case H1_EXTENSION_QUOTED:
		if (c == '"')
			return H1_EXTENSION_CLOSED;
		if (c == '\\')
			return H1_EXTENSION_ESCAPED;
		return h1_is(c, H1_QUOTED) ? state : H1_EXTENSION_STATE_COUNT;
	case H1_EXTENSION_ESCAPED:
		return h1_is(c, H1_VALUE) ? H1_EXTENSION_QUOTED : H1_EXTENSION_STATE_COUNT;
	case H1_EXTENSION_CLOSED:
		return between(H1_EXTENSION_BEFORE, c);
	case H1_EXTENSION_STATE_COUNT:
		break;
	}
	return H1_EXTENSION_STATE_COUNT;
}

static enum error take_extension(struct h1_body *body, char c)
{
	size_t max = body->limits->chunk_extension_max;
	enum h1_extension_state state = body->extension;

	if (c == '\n')
		return ERROR_LINE_END_MALFORMED;
	if (c == '\r') {
		/* Not in BWS, which would belong to nothing, nor before a name or a value. */
		if (state != H1_EXTENSION_NAME && state != H1_EXTENSION_TOKEN &&
		    state != H1_EXTENSION_CLOSED)
			return ERROR_CHUNK_EXTENSION_MALFORMED;
		return end_size(body);
	}
	state = next_extension_state(state, c);
	/* Many small chunks with long extensions would be work for nothing (as CVE-2023-39326). */
	if (state == H1_EXTENSION_STATE_COUNT || body->extension_size >= max ||
	    body->extension_sum >= max + body->size)
		return ERROR_CHUNK_EXTENSION_MALFORMED;
	body->extension = state;
	body->extension_size++;
	body->extension_sum++;
	return OK;
}

static enum error take_size_line_feed(struct h1_body *body, char c)
{
	if (c != '\n')
		return ERROR_LINE_END_MALFORMED;
	body->size_digits = 0;
	body->extension_size = 0;
	body->state = body->left > 0 ? H1_BODY_PAYLOAD : H1_BODY_TRAILER;
	return OK;
}

static enum error take_payload_end(struct h1_body *body, char c)
{
	bool at_return = body->state == H1_BODY_PAYLOAD_CR;

	if (c != (at_return ? '\r' : '\n'))
		return ERROR_CHUNK_END_MALFORMED;
	body->state = at_return ? H1_BODY_PAYLOAD_LF : H1_BODY_SIZE;
	return OK;
}

/* Whatever is wrong with a trailer section has one reason code: nobody will read it. */
static enum error take_trailer(struct h1_body *body, char c)
{
	size_t unused;

	if (body->trailer_size >= body->limits->trailer_size_max ||
	    h1_lines_take(&body->trailer, span_of(&c, 1), body->limits->field_count_max, &unused) != OK)
		return ERROR_TRAILER_MALFORMED;
	body->trailer_size++;
	if (body->trailer.state == H1_LINE_DONE)
		body->state = H1_BODY_DONE;
	return OK;
}

/* One byte that is not payload. */
static enum error take_framing(struct h1_body *body, char c)
{
	switch (body->state) {
	case H1_BODY_SIZE:
		return take_size(body, c);
	case H1_BODY_EXTENSION:
		return take_extension(body, c);
	case H1_BODY_SIZE_LF:
		return take_size_line_feed(body, c);
	case H1_BODY_PAYLOAD_CR:
	case H1_BODY_PAYLOAD_LF:
		return take_payload_end(body, c);
	case H1_BODY_TRAILER:
		return take_trailer(body, c);
	case H1_BODY_PAYLOAD:
	case H1_BODY_DONE:
	case H1_BODY_STATE_COUNT:
		break;
	}
	check(!"payload is not framing");
	return ERROR_INVALID;
}

/* Takes framing up to the next byte of payload, or the end. *ret_taken is set even on failure. */
static enum error take_all_framing(struct h1_body *body, struct span in, size_t *ret_taken)
{
	enum error error = OK;
	size_t at = 0;

	while (!error && at < in.size && body->state != H1_BODY_PAYLOAD &&
	       body->state != H1_BODY_DONE) {
		error = take_framing(body, in.data[at]);
		at += !error;
	}
	*ret_taken = at;
	return error;
}

/* How much of `available` bytes of payload can be given out now. */
static enum error size_payload(const struct h1_body *body, size_t available, size_t payload_max,
                               size_t *ret_size)
{
	uint64_t size = available < payload_max ? available : payload_max;

	if (size > body->left)
		size = body->left;
	if (size > allowance(body)) { /* only until close: other bodies have said their size */
		size = allowance(body);
		if (size == 0)
			return ERROR_BODY_TOO_LARGE;
	}
	*ret_size = (size_t)size;
	return OK;
}

static void give_payload(struct h1_body *body, size_t size)
{
	body->size += size;
	if (body->framing == BODY_UNTIL_CLOSE)
		return;
	body->left -= size;
	if (body->left == 0)
		body->state = body->framing == BODY_CHUNKED ? H1_BODY_PAYLOAD_CR : H1_BODY_DONE;
}

enum error h1_body_read(struct h1_body *body, struct span in, size_t payload_max, size_t *ret_taken,
                        struct span *ret_payload)
{
	size_t before = 0;
	size_t size = 0;
	size_t after = 0;
	enum error error = take_all_framing(body, in, &before);

	if (!error && body->state == H1_BODY_PAYLOAD)
		error = size_payload(body, in.size - before, payload_max, &size);
	if (error)
		return error;
	if (size > 0) {
		give_payload(body, size);
		/* A bad byte behind the payload is found again with the next call. */
		(void)take_all_framing(body, span_from(in, before + size), &after);
	}
	*ret_taken = before + size + after;
	*ret_payload = span_cut(in, before, before + size);
	return OK;
}

enum error h1_body_judge(const struct h1_body *body, struct span in)
{
	struct h1_body ahead = *body;
	enum error error = OK;
	size_t taken;

	do {
		struct span unused;

		taken = 0;
		error = h1_body_read(&ahead, in, SIZE_MAX, &taken, &unused);
		in = span_from(in, taken);
	} while (!error && taken > 0);
	return error;
}
