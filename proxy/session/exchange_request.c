/* The request of an exchange: client to backend. */

#include "base/clock.h"
#include "http/h1_write.h"
#include "session/exchange.h"

static void request_is_done(struct exchange *exchange)
{
	exchange->request_flow = FLOW_DONE;
	exchange->request_done_us = clock_now_us();
	exchange->request_done_ms = session_now_ms(exchange->session);
}

/* What a connection that died had already been given, for the new one. */
static bool replay(struct exchange *exchange)
{
	struct span rest = span_from(text_span(&exchange->replay), exchange->replayed);
	size_t put = put_payload(rest, &exchange->link->transport, exchange->request_framing);

	exchange->replayed += put;
	return put > 0;
}

static bool is_replayed(const struct exchange *exchange)
{
	return exchange->replayed == exchange->replay.size;
}

/* Kept while it may be needed: for a reused connection, and a request that may be repeated, as any
 * can before its first byte is sent. */
static struct text *replay_to_keep(struct exchange *exchange)
{
	const struct wire *wire = exchange->link->transport.wire;
	bool may_repeat = method_is_idempotent(exchange->request.method) ||
	                  wire->given_bytes == exchange->link_given_before;

	return exchange->reused && !exchange->retried && may_repeat ? &exchange->replay : NULL;
}

/* Without what went by unkept, a request can not be sent again. */
static void note_unkept(struct exchange *exchange, const struct text *keep)
{
	if (!keep)
		exchange->replay.cut = true;
	exchange->replayed = exchange->replay.size;
}

static bool end_body(struct exchange *exchange)
{
	if (exchange->request_framing == BODY_CHUNKED) {
		struct buffer *out = transport_out(&exchange->link->transport, 0);

		if (!out || !h1_write_last_chunk(out))
			return false;
	}
	request_is_done(exchange);
	return true;
}

static bool copy_request_body(struct exchange *exchange)
{
	struct transport *client = &exchange->session->client;
	struct text *keep = replay_to_keep(exchange);
	bool moved = false;
	enum error error = copy_body(&exchange->request_body, client, &exchange->link->transport,
	                             exchange->request_framing, keep, &moved);

	if (moved)
		note_unkept(exchange, keep);
	if (error) {
		exchange_fail(exchange, error, SIDE_CLIENT);
		return true;
	}
	if (h1_body_is_done(&exchange->request_body))
		return end_body(exchange) || moved;
	if (!moved && transport_in_ended(client) && buffer_is_empty(transport_in(client))) {
		exchange_fail(exchange, ERROR_CONNECTION_CLOSED, SIDE_CLIENT);
		return true;
	}
	return moved;
}

bool exchange_step_request(struct exchange *exchange)
{
	bool moved = false;

	if (!exchange->link || !transport_is_open(&exchange->link->transport))
		return false;
	if (exchange->request_flow >= FLOW_DONE)
		return false;
	if (transport_out_failed(&exchange->link->transport)) {
		/* It takes no more, but may have answered: the response decides. */
		exchange->request_flow = FLOW_ABORTED;
		return true;
	}
	if (exchange->request_flow == FLOW_HEAD) {
		moved |= rendered_put(&exchange->request_head, &exchange->link->transport,
		                      buffer_size(transport_in(&exchange->session->client)));
		if (!rendered_is_put(&exchange->request_head))
			return moved;
		exchange->request_flow = FLOW_BODY;
	}
	if (!is_replayed(exchange)) {
		moved |= replay(exchange);
		if (!is_replayed(exchange))
			return moved;
	}
	if (h1_body_is_done(&exchange->request_body) && exchange->request_framing == BODY_NONE) {
		request_is_done(exchange);
		return true;
	}
	return copy_request_body(exchange) || moved;
}
