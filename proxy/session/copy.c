#include "session/copy.h"

#include "http/h1_write.h"

enum { COPY_MAX = 64 << 10 };

bool rendered_put(struct rendered *rendered, struct transport *to, size_t follows)
{
	size_t left = rendered->bytes.size - rendered->put;
	size_t wanted = follows <= COPY_MAX ? left + follows : left;
	struct buffer *out = left == 0 ? NULL : transport_out(to, wanted);

	if (!out)
		return false;

	size_t put = buffer_put(out, span_from(rendered->bytes, rendered->put));

	rendered->put += put;
	return put > 0;
}

bool rendered_is_put(const struct rendered *rendered)
{
	return rendered->put == rendered->bytes.size;
}

size_t copy_bytes(struct transport *from, struct transport *to)
{
	struct buffer *in = transport_in(from);
	size_t size = buffer_size(in);

	if (size > 0 && transport_takes_all(to)) {
		transport_hand_over(from, to);
		return size;
	}

	struct buffer *out = size > 0 ? transport_out(to, size) : NULL;

	if (!out)
		return 0;

	size_t put = buffer_put(out, buffer_content(in));

	buffer_taken(in, put);
	return put;
}

static size_t payload_room(const struct buffer *out, enum framing framing)
{
	size_t room = buffer_room(out);

	if (framing != BODY_CHUNKED)
		return room;
	return room > H1_CHUNK_OVERHEAD_MAX ? room - H1_CHUNK_OVERHEAD_MAX : 0;
}

size_t put_payload(struct span payload, struct transport *to, enum framing framing)
{
	size_t wanted = payload.size + H1_CHUNK_OVERHEAD_MAX;
	struct buffer *out = payload.size > 0 ? transport_out(to, wanted) : NULL;

	if (!out)
		return 0;
	return framing == BODY_CHUNKED ? h1_write_chunk(out, payload) : buffer_put(out, payload);
}

/* All that came in is payload, and is written as it is. */
static bool is_all_payload(const struct h1_body *body, const struct buffer *in,
                           enum framing framing)
{
	if (framing == BODY_CHUNKED)
		return false;
	if (body->framing == BODY_UNTIL_CLOSE)
		return body->limits->body_size_max == 0;
	return body->framing == BODY_LENGTH && body->left >= buffer_size(in);
}

/* Reads and puts one run of payload, in the room that there is; *ret_taken: 0 if there is none. */
static enum error copy_run(struct h1_body *body, struct transport *from, struct transport *to,
                           enum framing framing, struct text *keep, size_t *ret_taken)
{
	struct buffer *in = transport_in(from);
	bool all = is_all_payload(body, in, framing) && transport_takes_all(to);
	struct buffer *out = all ? NULL : transport_out(to, buffer_size(in) + H1_CHUNK_OVERHEAD_MAX);
	size_t room = all ? buffer_size(in) : out ? payload_room(out, framing) : 0;
	struct span payload;

	*ret_taken = 0;
	if (room == 0)
		return OK;

	enum error error = h1_body_read(body, buffer_content(in), room, ret_taken, &payload);

	if (error || *ret_taken == 0)
		return error;
	if (keep)
		text_put(keep, payload);
	if (all) {
		check(payload.size == buffer_size(in));
		transport_hand_over(from, to);
		return OK;
	}

	size_t put = put_payload(payload, to, framing);

	check(put == payload.size);
	(void)put;
	buffer_taken(in, *ret_taken);
	return OK;
}

enum error copy_body(struct h1_body *body, struct transport *from, struct transport *to,
                     enum framing framing, struct text *keep, bool *ret_moved)
{
	*ret_moved = false;
	while (!buffer_is_empty(transport_in(from))) {
		size_t taken;
		enum error error = copy_run(body, from, to, framing, keep, &taken);

		if (error)
			return error;
		if (taken == 0)
			break;
		*ret_moved = true;
	}
	return OK;
}
