#include "session/copy.h"

#include "http/h1_write.h"

bool rendered_put(struct rendered *rendered, struct transport *to)
{
	struct buffer *out = rendered_is_put(rendered) ? NULL : transport_out(to);

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
	struct buffer *out = buffer_is_empty(in) ? NULL : transport_out(to);

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
	struct buffer *out = payload.size > 0 ? transport_out(to) : NULL;

	if (!out)
		return 0;
	return framing == BODY_CHUNKED ? h1_write_chunk(out, payload) : buffer_put(out, payload);
}

enum error copy_body(struct h1_body *body, struct transport *from, struct transport *to,
                     enum framing framing, struct text *keep, bool *ret_moved)
{
	struct buffer *in = transport_in(from);

	for (*ret_moved = false;;) {
		struct buffer *out = buffer_is_empty(in) ? NULL : transport_out(to);
		size_t room = out ? payload_room(out, framing) : 0;
		struct span payload;
		size_t taken;

		if (room == 0)
			return OK;

		enum error error = h1_body_read(body, buffer_content(in), room, &taken, &payload);

		if (error)
			return error;
		if (taken == 0)
			return OK;

		size_t put = put_payload(payload, to, framing);

		check(put == payload.size);
		(void)put;
		if (keep)
			text_put(keep, payload);
		buffer_taken(in, taken);
		*ret_moved = true;
	}
}
