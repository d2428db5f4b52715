/* The connection of an exchange: taking it, losing it, taking another. */

#include "base/clock.h"
#include "session/exchange.h"

/* Where the rendered head begins on this link: only a new connection is told whose it is. */
static size_t head_start(const struct exchange *exchange)
{
	return exchange->is_on_pinned ? exchange->preamble_size : 0;
}

/* The request begins anew on a new connection. */
static void rewind_request(struct exchange *exchange)
{
	exchange->request_head.put = head_start(exchange);
	exchange->replayed = 0;
	exchange->request_flow = FLOW_HEAD;
}

/* A name is being looked up for the first time: as good as connecting, and as long. */
static bool wait_for_name(struct exchange *exchange)
{
	uint64_t now_ms = session_now_ms(exchange->session);

	if (!exchange->waits_for_name)
		exchange->link_ms = now_ms;
	exchange->waits_for_name = true;
	if (now_ms - exchange->link_ms < exchange->cluster->config->timeouts.connect_ms)
		return false;
	exchange_fail(exchange, ERROR_NAME_UNRESOLVED, SIDE_BACKEND);
	return true;
}

/*
 * The link that the client has authenticated, if there is one, whatever its backend. If it has died
 * no other can take its place: the client has to learn that what it authenticated is gone. Where
 * that is to be begun, a link of the pool will not do, since it may be dying.
 */
static enum error find_link(struct exchange *exchange)
{
	struct session *session = exchange->session;
	struct link *pinned = pinned_take(&session->pinned, exchange->cluster);

	if (!pinned)
		return cluster_take(exchange->cluster, &exchange->attempts, exchange->is_bound,
		                    session_pump, session, &exchange->link);
	link_wake(pinned, session_pump, session);
	exchange->link = pinned;
	exchange->is_on_pinned = true;
	return wire_is_quiet(pinned->transport.wire) ? OK : ERROR_BOUND_CONNECTION_LOST;
}

static bool take_link(struct exchange *exchange, enum error error)
{
	struct session *session = exchange->session;

	if (error == ERROR_NO_BACKEND) {
		exchange_fail(exchange, exchange->attempts.last, SIDE_BACKEND);
		return true;
	}
	if (error) {
		bool is_backends =
			error == ERROR_BOUND_CONNECTION_LOST || error == ERROR_RETRY_BUDGET_SPENT;

		exchange_fail(exchange, error, is_backends ? SIDE_BACKEND : SIDE_PROXY);
		return true;
	}
	if (!exchange->link)
		return wait_for_name(exchange);
	exchange->waits_for_name = false;
	exchange->backend = exchange->link->backend;
	exchange->reused = exchange->link->reused;
	exchange->link_answered = false;
	exchange->link_given_before = exchange->link->transport.wire->given_bytes;
	exchange->link_ms = session_now_ms(session);
	exchange->link_us = clock_now_us();
	exchange->connected_us = exchange->reused ? exchange->link_us : 0;
	rewind_request(exchange);
	return true;
}

/* Of the request, to the connection of now: as much of it may have been sent. */
static uint64_t given_bytes(const struct exchange *exchange)
{
	return exchange->link->transport.wire->given_bytes - exchange->link_given_before;
}

/*
 * A connection from the pool that speaks before it has been asked: what it says can not be the
 * answer, and what follows it neither (RFC 9112 §9.3).
 */
static bool speaks_unasked(const struct exchange *exchange)
{
	return exchange->reused && !exchange->link_answered &&
	       !buffer_is_empty(transport_in(&exchange->link->transport)) &&
	       given_bytes(exchange) < exchange->request_head.bytes.size - head_start(exchange);
}

bool exchange_step_link(struct exchange *exchange)
{
	if (!exchange->link) {
		if (exchange->response_flow >= FLOW_DONE)
			return false;
		return take_link(exchange, find_link(exchange));
	}

	struct transport *transport = &exchange->link->transport;

	if (transport->wire->phase == WIRE_CONNECTING)
		return false;
	if (exchange->connected_us == 0 && transport->wire->phase == WIRE_OPEN)
		exchange->connected_us = clock_now_us();
	if (speaks_unasked(exchange)) {
		exchange_lose_link(exchange, ERROR_CONNECTION_CLOSED);
		return true;
	}
	if (!buffer_is_empty(transport_in(transport)))
		exchange->link_answered = true;
	/* With response bytes still there, the response decides whether it is complete. */
	if (transport->error && buffer_is_empty(transport_in(transport))) {
		exchange_lose_link(exchange, transport->error);
		return true;
	}
	return false;
}

/*
 * A connection from the pool may have been dying when we took it. Then, if we still have all of the
 * request, it is sent once more: if nothing of it has been sent, or if doing it twice does no harm
 * (RFC 9110 §9.2.2).
 */
static bool may_send_again(const struct exchange *exchange, enum error error)
{
	bool is_harmless = method_is_idempotent(exchange->request.method) || given_bytes(exchange) == 0;

	return error_retry(error) == RETRY_IF_REUSED && exchange->reused && !exchange->retried &&
	       !exchange->is_on_pinned && !exchange->link_answered && is_harmless &&
	       !exchange->replay.cut;
}

static void drop_link(struct exchange *exchange)
{
	link_drop(exchange->link);
	exchange->link = NULL;
}

void exchange_lose_link(struct exchange *exchange, enum error error)
{
	struct backend *backend = exchange->backend;

	/* Idle links have descriptors that an exchange has more use for. */
	if (error == ERROR_NO_DESCRIPTOR && !exchange->made_room &&
	    clusters_drop_idle(backend->cluster->clusters)) {
		exchange->made_room = true;
		drop_link(exchange);
		(void)take_link(exchange,
		                backend_connect(backend, session_pump, exchange->session, &exchange->link));
		return;
	}
	if (error_retry(error) == RETRY_ALWAYS) {
		drop_link(exchange);
		backend_failed(backend, &exchange->attempts, error);
		return; /* On to the next backend. */
	}
	if (exchange->reused && !exchange->link_answered && error_retry(error) == RETRY_IF_REUSED) {
		link_note_closed(exchange->link);
		++*backend->metrics.stale;
	}
	if (may_send_again(exchange, error)) {
		drop_link(exchange);
		exchange->retried = true;
		(void)take_link(exchange, cluster_take_again(backend, session_pump, exchange->session,
		                                             &exchange->link));
		return;
	}
	if (exchange->is_on_pinned && error_retry(error) == RETRY_IF_REUSED)
		error = ERROR_BOUND_CONNECTION_LOST;
	exchange_fail(exchange, error, SIDE_BACKEND);
}
