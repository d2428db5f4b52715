#include "session/session_due.h"

#include "session/exchange.h"

enum {
	DRAINING_LINGER_MS = 500, /* a stopping proxy does not wait longer for clients to close */
};

static uint64_t later(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}

static uint64_t earlier(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static uint64_t linger_due_ms(const struct session *session)
{
	const struct config_timeouts *timeouts = &session->services->setup->config->timeouts;

	/* Until our last bytes are out, the client is a slow reader; then it only has to close. */
	if (session->ended_ms == 0)
		return earlier(pace_due_ms(&session->pace),
		               later(session->client.wire->moved_ms, session->phase_began_ms) +
		                   timeouts->client_idle_ms);
	if (session->services->draining && timeouts->linger_ms > DRAINING_LINGER_MS)
		return session->ended_ms + DRAINING_LINGER_MS;
	return session->ended_ms + timeouts->linger_ms;
}

/* After a reload it may have one more request, if that comes soon. */
static uint64_t await_request_due_ms(const struct session *session)
{
	const struct services *services = session->services;
	const struct config_timeouts *timeouts = &services->setup->config->timeouts;
	uint64_t began_ms = session->phase_began_ms;
	uint64_t wait_ms =
		session->exchange_count > 0 ? timeouts->keep_alive_ms : timeouts->request_head_ms;

	if (services->retired_ms == 0)
		return began_ms + wait_ms;
	return earlier(began_ms + wait_ms,
	               later(began_ms, services->retired_ms) + services->last_request_ms);
}

uint64_t session_due_ms(const struct session *session)
{
	const struct config_timeouts *timeouts = &session->services->setup->config->timeouts;

	switch (session->phase) {
	case SESSION_PROXY_HEADER:
		return session->phase_began_ms +
		       (session->tls ? timeouts->handshake_ms : timeouts->request_head_ms);
	case SESSION_HANDSHAKE:
		return session->phase_began_ms + timeouts->handshake_ms;
	case SESSION_AWAIT_REQUEST:
		return await_request_due_ms(session);
	case SESSION_READ_HEAD:
		return session->phase_began_ms + timeouts->request_head_ms;
	case SESSION_EXCHANGE:
		return earlier(pace_due_ms(&session->pace), exchange_due_ms(session->exchange));
	case SESSION_TUNNEL:
		return tunnel_moved_ms(&session->exchange->tunnel) + timeouts->tunnel_idle_ms;
	case SESSION_LINGER:
		return linger_due_ms(session);
	case SESSION_CLOSING:
	case SESSION_PHASE_COUNT:
		break;
	}
	return DEADLINE_NEVER;
}
