/* The connection of an exchange: taking it, losing it, taking another. */

#include "base/clock.h"
#include "session/exchange.h"

/* The request begins anew on a new connection. */
static void rewind_request(struct exchange *exchange)
{
	exchange->request_head.put = 0;
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

static bool take_link(struct exchange *exchange, enum error error)
{
	struct session *session = exchange->session;

	if (error == ERROR_NO_BACKEND) {
		exchange_fail(exchange, exchange->attempts.last, SIDE_BACKEND);
		return true;
	}
	if (error) {
		exchange_fail(exchange, error, SIDE_PROXY);
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
	       given_bytes(exchange) < exchange->request_head.bytes.size;
}

bool exchange_step_link(struct exchange *exchange)
{
	struct session *session = exchange->session;

	if (!exchange->link) {
		if (exchange->response_flow >= FLOW_DONE)
			return false;
		return take_link(exchange, cluster_take(exchange->cluster, &exchange->attempts, false,
		                                        session_pump, session, &exchange->link));
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
	       !exchange->link_answered && is_harmless && !exchange->replay.cut;
}

void exchange_lose_link(struct exchange *exchange, enum error error)
{
	struct backend *backend = exchange->backend;
	bool again = may_send_again(exchange, error);

	link_drop(exchange->link);
	exchange->link = NULL;
	if (error_retry(error) == RETRY_ALWAYS) {
		backend_failed(backend, &exchange->attempts, error);
		return; /* On to the next backend. */
	}
	if (again) {
		exchange->retried = true;
		(void)take_link(exchange, cluster_take_again(backend, session_pump, exchange->session,
		                                             &exchange->link));
		return;
	}
	exchange_fail(exchange, error, SIDE_BACKEND);
}
