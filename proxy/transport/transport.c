#include "transport/transport.h"

/* After so long without a byte the kernel begins anew with little under way. */
enum { SILENCE_MS = 1000 };

void transport_init(struct transport *transport, struct wire *wire, struct tls_session *tls,
                    struct pool *pool)
{
	*transport = (struct transport){
		.wire = wire,
		.tls = tls,
		.pool = pool,
	};
}

void transport_done(struct transport *transport, bool reset)
{
	if (!transport->wire)
		return;
	tls_session_free(transport->tls);
	buffer_close(&transport->plain_in, transport->pool);
	buffer_close(&transport->plain_out, transport->pool);
	if (reset)
		wire_reset(transport->wire);
	else
		wire_close(transport->wire);
	transport->wire = NULL;
	transport->tls = NULL;
}

void transport_begin_tls(struct transport *transport, struct tls_session *tls)
{
	check(!transport->tls && buffer_is_empty(&transport->wire->out));
	transport->tls = tls;
}

void transport_drop_tls(struct transport *transport)
{
	check(buffer_is_empty(&transport->plain_in) && buffer_is_empty(&transport->plain_out));
	tls_session_free(transport->tls);
	transport->tls = NULL;
	transport->error = OK;
	buffer_close(&transport->plain_in, transport->pool);
	buffer_close(&transport->plain_out, transport->pool);
}

static bool is_established(const struct transport *transport)
{
	enum tls_phase phase = tls_session_phase(transport->tls);

	return phase == TLS_OPEN || phase == TLS_CLOSED_BY_PEER;
}

bool transport_is_worn(const struct transport *transport)
{
	return transport->tls && tls_session_is_worn(transport->tls);
}

bool transport_is_open(const struct transport *transport)
{
	const struct wire *wire = transport->wire;
	bool is_connected =
		wire->phase == WIRE_OPEN || (wire->phase == WIRE_FAILED && !buffer_is_empty(&wire->in));

	return is_connected && (!transport->tls || is_established(transport));
}

static void fail(struct transport *transport, enum error error)
{
	if (!transport->error)
		transport->error = error;
}

/* A block for `wanted` bytes, or a small one while memory is short. */
static bool open_plain(struct transport *transport, struct buffer *plain, size_t wanted)
{
	return buffer_open(plain, transport->pool, block_size_for(wanted)) == OK ||
	       buffer_open(plain, transport->pool, BLOCK_RECORD) == OK;
}

/* What waits in the wire's output may go on doing so. */
static bool is_patient(const struct transport *transport)
{
	return transport->patient > 0 && buffer_size(&transport->wire->out) == transport->patient &&
	       !transport->end_wanted && !transport->error;
}

/* Wire bytes to plain bytes, and the handshake. */
static bool decrypt(struct transport *transport)
{
	struct wire *wire = transport->wire;
	struct buffer *plain = &transport->plain_in;
	bool has_input = !buffer_is_empty(&wire->in) || wire->in_ended;
	bool was_established = is_established(transport);
	bool moved = false;

	if (!has_input && !tls_session_has_pending(transport->tls) && was_established)
		return false;
	if ((was_established && !open_plain(transport, plain, buffer_size(&wire->in))) ||
	    !wire_open_out(wire, 0)) {
		transport->starved = true;
		return false;
	}

	enum error error =
		tls_session_advance(transport->tls, &wire->in, wire->in_ended, &wire->out, plain, &moved);

	if (error)
		fail(transport, error);
	if (!was_established && !buffer_is_empty(&wire->in) && tls_session_left_tickets(transport->tls))
		transport->patient = buffer_size(&wire->out);
	buffer_rest(&wire->in, transport->pool);
	buffer_rest(plain, transport->pool);
	return moved;
}

/* At most, with headers and tags of all records, and an alert behind them. */
static size_t sealed_size(size_t size)
{
	return size + size / 32 + 1024;
}

/* Plain bytes to wire bytes. */
static bool encrypt(struct transport *transport)
{
	struct buffer *plain = &transport->plain_out;
	size_t taken = 0;

	if (buffer_is_empty(plain))
		return false;
	if (!wire_open_out(transport->wire, sealed_size(buffer_size(plain)))) {
		transport->starved = true;
		return false;
	}
	if (!transport->has_sent || wire_unsent_ms(transport->wire) >= SILENCE_MS)
		tls_session_begin_small(transport->tls);

	enum error error =
		tls_session_write(transport->tls, buffer_content(plain), &transport->wire->out, &taken);

	if (error) {
		fail(transport, error);
		return false;
	}
	buffer_taken(plain, taken);
	buffer_rest(plain, transport->pool);
	transport->has_sent |= taken > 0;
	return taken > 0;
}

static void end_if_wanted(struct transport *transport)
{
	struct wire *wire = transport->wire;

	if (!transport->end_wanted || !buffer_is_empty(&transport->plain_out))
		return;
	if (transport->tls) {
		if (!wire_open_out(wire, 0)) {
			transport->starved = true;
			return;
		}
		if (!tls_session_close(transport->tls, &wire->out))
			return;
	}
	wire_end(wire);
}

/* Of a failed wire there may be bytes left. Those of TLS are read as far as whole records go. */
static bool is_at_the_end(const struct transport *transport, bool moved)
{
	if (!transport->tls)
		return true;
	return !moved && !transport->starved && buffer_is_empty(&transport->plain_in);
}

bool transport_advance(struct transport *transport)
{
	struct wire *wire = transport->wire;
	bool moved = false;

	if (wire->phase == WIRE_CONNECTING)
		return false;
	transport->starved = false;
	if (transport->tls && !transport->error) {
		moved |= encrypt(transport);
		moved |= decrypt(transport);
	}
	end_if_wanted(transport);

	size_t before = buffer_size(&wire->out);

	if (!is_patient(transport)) {
		transport->patient = 0;
		wire_flush(wire);
	}
	if (wire->phase == WIRE_FAILED && is_at_the_end(transport, moved))
		fail(transport, wire->failed);
	return moved || buffer_size(&wire->out) != before;
}

struct buffer *transport_in(struct transport *transport)
{
	return transport->tls ? &transport->plain_in : &transport->wire->in;
}

bool transport_in_ended(const struct transport *transport)
{
	if (transport->tls)
		return tls_session_phase(transport->tls) == TLS_CLOSED_BY_PEER &&
		       !tls_session_has_pending(transport->tls);
	return transport->wire->in_ended;
}

bool transport_in_is_final(const struct transport *transport)
{
	return transport_in_ended(transport) || transport->error ||
	       (transport->wire->phase == WIRE_FAILED && !transport->tls);
}

enum error transport_grow_in(struct transport *transport)
{
	struct buffer *in = transport_in(transport);

	if (in->capacity >= block_bytes(BLOCK_LARGE))
		return ERROR_TOO_LARGE;
	return buffer_grow(in, transport->pool, BLOCK_LARGE);
}

static size_t discard(struct buffer *buffer)
{
	size_t size = buffer_size(buffer);

	buffer_taken(buffer, size);
	return size;
}

size_t transport_discard_in(struct transport *transport)
{
	size_t size = discard(&transport->plain_in);

	/* What a living TLS session has not read yet, it still must. */
	if (!transport->tls || transport->error)
		size += discard(&transport->wire->in);
	return size;
}

struct buffer *transport_out(struct transport *transport, size_t wanted)
{
	bool has_block = transport->tls ? open_plain(transport, &transport->plain_out, wanted)
	                                : wire_open_out(transport->wire, wanted);

	if (!has_block) {
		transport->starved = true;
		return NULL;
	}
	return transport->tls ? &transport->plain_out : &transport->wire->out;
}

bool transport_takes_all(const struct transport *transport)
{
	const struct buffer *out = transport->tls ? &transport->plain_out : &transport->wire->out;

	return buffer_is_empty(out) && !out->pinned;
}

void transport_hand_over(struct transport *from, struct transport *to)
{
	check(from->pool == to->pool);
	buffer_hand_over(transport_in(from), to->tls ? &to->plain_out : &to->wire->out);
}

bool transport_is_flushed(const struct transport *transport)
{
	return buffer_is_empty(&transport->plain_out) &&
	       (buffer_is_empty(&transport->wire->out) || is_patient(transport));
}

bool transport_out_failed(const struct transport *transport)
{
	return transport->wire->out_failed || transport->wire->phase == WIRE_FAILED;
}

void transport_end(struct transport *transport)
{
	transport->end_wanted = true;
}

bool transport_out_ended(const struct transport *transport)
{
	return transport->wire->out_ended || transport_out_failed(transport) ||
	       (transport->error && buffer_is_empty(&transport->wire->out));
}

void transport_want_read(struct transport *transport, bool wanted)
{
	wire_want_read(transport->wire, wanted);
}

void transport_rest(struct transport *transport)
{
	buffer_rest(&transport->plain_in, transport->pool);
	buffer_rest(&transport->plain_out, transport->pool);
	buffer_rest(&transport->wire->in, transport->pool);
	if (buffer_is_empty(&transport->wire->out))
		buffer_rest(&transport->wire->out, transport->pool);
}
