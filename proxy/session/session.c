#include "session/session.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/loop.h"
#include "session/access_log.h"
#include "session/admission.h"
#include "session/coverage.h"
#include "session/exchange.h"
#include "session/half_open.h"
#include "session/handshake_log.h"
#include "session/head_rules.h"
#include "session/metrics.h"
#include "session/proxy_protocol.h"
#include "session/request_id.h"
#include "session/session_due.h"

enum {
	LOOK_AGAIN_MS = 50, /* until a session that nobody will call looks again */
};

#define TO(phase) (1u << SESSION_##phase)

static const struct {
	const char *name;
	unsigned successors;
} phases[SESSION_PHASE_COUNT] = {
	[SESSION_PROXY_HEADER] = {"proxy_header", TO(HANDSHAKE) | TO(AWAIT_REQUEST) | TO(CLOSING)},
	[SESSION_HANDSHAKE] = {"handshake", TO(AWAIT_REQUEST) | TO(LINGER) | TO(CLOSING)},
	[SESSION_AWAIT_REQUEST] = {"await_request", TO(READ_HEAD) | TO(LINGER) | TO(CLOSING)},
	[SESSION_READ_HEAD] = {"read_head", TO(EXCHANGE) | TO(LINGER) | TO(CLOSING)},
	[SESSION_EXCHANGE] = {"exchange", TO(AWAIT_REQUEST) | TO(TUNNEL) | TO(LINGER) | TO(CLOSING)},
	[SESSION_TUNNEL] = {"tunnel", TO(LINGER) | TO(CLOSING)},
	[SESSION_LINGER] = {"linger", TO(CLOSING)},
	[SESSION_CLOSING] = {"closing", 0},
};

const char *session_phase_name(enum session_phase phase)
{
	check(phase < SESSION_PHASE_COUNT);
	return phases[phase].name;
}

uint64_t session_now_ms(const struct session *session)
{
	return loop_now_ms(session->services->loop);
}

static const struct config *config_of(const struct session *session)
{
	return session->services->setup->config;
}

static bool is_clients_turn(const struct session *session)
{
	if (session->phase == SESSION_EXCHANGE)
		return session->exchange && exchange_waits_for_client(session->exchange);
	return session->phase == SESSION_LINGER && session->ended_ms == 0 &&
	       !transport_is_flushed(&session->client);
}

static uint64_t moved_bytes(const struct session *session)
{
	return session->client.wire->received_bytes + session->taken_bytes;
}

static void begin_pace(struct session *session)
{
	const struct config *config = config_of(session);

	pace_begin(&session->pace, config->limits.rate_min, config->timeouts.rate_grace_ms,
	           moved_bytes(session), session_now_ms(session));
}

static void note_pace(struct session *session)
{
	pace_note(&session->pace, moved_bytes(session), is_clients_turn(session),
	          session_now_ms(session));
}

/* Its handshake is over, or the connection is: one that failed counts until then. */
static void end_half_open(struct session *session)
{
	if (session->is_half_open)
		half_open_leave(session->services->half_open, session->half_open_place);
	session->is_half_open = false;
}

void session_enter(struct session *session, enum session_phase phase)
{
	check(phases[session->phase].successors & (1u << phase));
	if (phase == SESSION_AWAIT_REQUEST)
		end_half_open(session);
	session->phase = phase;
	session->phase_began_ms = session_now_ms(session);
	session->is_due = false;
	if (phase == SESSION_EXCHANGE)
		begin_pace(session);
	/* No request follows, and nobody else may have them. */
	if (phase >= SESSION_LINGER)
		pinned_drop(&session->pinned);
}

static void on_deadline(void *owner)
{
	struct session *session = owner;

	wire_note_progress(session->client.wire);
	if (session->exchange && session->exchange->link)
		wire_note_progress(session->exchange->link->transport.wire);
	/* The kernel is asked only now: until then a client that reads seems slower than it is. */
	session->taken_bytes = wire_taken_bytes(session->client.wire);
	note_pace(session);
	session->is_due = session_now_ms(session) >= session_due_ms(session);
	session_pump(session);
}

static enum error new_session(struct services *services, const struct setup_listener *listener,
                              struct tls_server *tls, int fd, const struct address *peer,
                              struct session **ret_session)
{
	struct session *session = memory_new(1, sizeof(*session));
	struct tls_session *tls_session = NULL;
	char id[REQUEST_ID_SIZE];
	struct wire *wire = NULL;
	/* The wire owns the socket from here on, also if anything fails. */
	enum error error =
		wire_accept(services->loop, services->pool, fd,
	                listener->config->address.kind == ADDRESS_UNIX, session_pump, session, &wire);

	if (!error && !session)
		error = ERROR_OUT_OF_MEMORY;
	if (!error)
		error = request_ids_next(services->ids, id);
	if (!error && tls && !listener->config->proxy_protocol)
		error = tls_session_new(tls, &tls_session);
	if (error) {
		wire_close(wire);
		memory_free(session);
		return error;
	}
	session->services = services;
	session->listener = listener;
	session->metrics = metrics_of_listener(services->metrics, listener->config);
	memcpy(session->id, id, sizeof(session->id));
	session->tls = tls ? tls_server_ref(tls) : NULL;
	session->peer = *peer;
	session->opened_ms = loop_now_ms(services->loop);
	session->peer_trusted = setup_trusts(services->setup, peer);
	transport_init(&session->client, wire, tls_session, services->pool);
	*ret_session = session;
	return OK;
}

static enum error open_session(struct services *services, const struct setup_listener *listener,
                               struct tls_server *tls, int fd, const struct address *peer,
                               struct session **ret_session)
{
	bool is_half_open = tls && services->half_open;
	uint32_t place = 0;
	enum error error = is_half_open ? admission_enter(services, listener, peer, &place) : OK;

	if (error) {
		(void)close(fd);
		return error;
	}
	error = new_session(services, listener, tls, fd, peer, ret_session);
	if (error) {
		if (is_half_open)
			half_open_leave(services->half_open, place);
		return error;
	}
	(*ret_session)->is_half_open = is_half_open;
	(*ret_session)->half_open_place = place;
	return OK;
}

enum error session_open(struct services *services, const struct setup_listener *listener,
                        struct tls_server *tls, int fd, const struct address *peer)
{
	struct session *session;
	enum error error = open_session(services, listener, tls, fd, peer, &session);

	++*metrics_of_listener(services->metrics, listener->config)->accepted;
	if (error) {
		metrics_count_refused(services->metrics, listener->config, error);
		return error;
	}
	++*session->metrics->open;
	session->phase = listener->config->proxy_protocol ? SESSION_PROXY_HEADER
	                 : tls                            ? SESSION_HANDSHAKE
	                                                  : SESSION_AWAIT_REQUEST;
	session->phase_began_ms = session_now_ms(session);
	deadline_init(&session->deadline, on_deadline, session);
	pinned_init(&session->pinned);
	list_add_last(&services->sessions, &session->node);
	services->session_count++;
	session_pump(session);
	return OK;
}

/* Counts it, writes its line and lets go of it, and of its connection to a backend. */
static void forget_exchange(struct session *session)
{
	session->exchange->ended_us = clock_now_us();
	meter_end(session->exchange);
	access_log_exchange(session->exchange);
	exchange_free(session->exchange);
	session->exchange = NULL;
}

static void close_session(struct session *session)
{
	struct services *services = session->services;
	/* An answer that is not out to its last byte must not look as if this were its end. */
	bool is_cut_short = !transport_is_flushed(&session->client);

	if (session->exchange)
		forget_exchange(session);
	pinned_drop(&session->pinned);
	end_half_open(session);
	deadline_clear(&session->deadline);
	transport_done(&session->client, session->reset_wanted || is_cut_short);
	tls_server_unref(session->tls);
	list_remove(&session->node);
	services->session_count--;
	--*session->metrics->open;
	memory_free(session);
	services->on_session_closed(services->owner);
}

void session_abort(struct session *session)
{
	struct exchange *exchange = session->exchange;

	if (exchange && !exchange->failure.error && !exchange_is_over(exchange))
		exchange->failure = (struct failure){.error = ERROR_DRAIN_TIMEOUT, .side = SIDE_PROXY};
	session->reset_wanted |= exchange != NULL;
	close_session(session);
}

void session_drain(struct session *session)
{
	session_pump(session);
}

void session_retire(struct session *session)
{
	/* Only how long it may wait has changed. */
	if (session->phase == SESSION_AWAIT_REQUEST)
		session_pump(session);
}

bool session_may_go_on(const struct session *session)
{
	return !session->services->draining && session->services->retired_ms == 0 &&
	       !transport_is_worn(&session->client) && coverage_holds(session);
}

/* The end of the exchange: its line in the log, and what follows on the connection. */
static void end_exchange(struct session *session)
{
	struct exchange *exchange = session->exchange;
	bool keep_alive = exchange->keep_alive && exchange->response_flow == FLOW_DONE &&
	                  !session->services->draining;

	forget_exchange(session);
	session->exchange_count++;
	/* One that was cut short may have whole ones before it, still on their way. */
	session_enter(session, session->reset_wanted ? SESSION_CLOSING
	                       : keep_alive          ? SESSION_AWAIT_REQUEST
	                                             : SESSION_LINGER);
}

/* Answers a head that can not be read, in the phase EXCHANGE. */
static void refuse(struct session *session, enum error error)
{
	session_enter(session, SESSION_EXCHANGE);
	if (exchange_new_refused(session, error, &session->exchange))
		session_enter(session, SESSION_CLOSING);
}

/* The client has begun its handshake. */
static bool has_spoken(const struct session *session)
{
	return session->client.wire->received_bytes > session->proxy_header_bytes;
}

static bool handshake_failed(struct session *session, enum error error)
{
	handshake_log_failed(session, error);
	if (error != ERROR_TLS_PLAIN_HTTP) {
		/* The alert, if there is one, is still written. */
		session_enter(session, SESSION_LINGER);
		return true;
	}
	transport_drop_tls(&session->client);
	session->head_began_us = clock_now_us();
	session_enter(session, SESSION_AWAIT_REQUEST);
	session_enter(session, SESSION_READ_HEAD);
	refuse(session, error);
	return true;
}

static bool step_handshake(struct session *session)
{
	if (session->client.error)
		return handshake_failed(session, session->client.error);
	if (session->services->draining && !has_spoken(session)) {
		session_enter(session, SESSION_CLOSING);
		return true;
	}
	if (!transport_is_open(&session->client))
		return false;
	handshake_log_done(session);
	session_enter(session, SESSION_AWAIT_REQUEST);
	return true;
}

/* Nothing was asked, so nothing can get lost: our side ends, and that is all. */
static void end_idle(struct session *session)
{
	session->was_idle = true;
	session_enter(session, SESSION_LINGER);
}

static bool step_await_request(struct session *session)
{
	struct transport *client = &session->client;

	if (!buffer_is_empty(transport_in(client))) {
		h1_head_init(&session->head, MESSAGE_REQUEST, METHOD_OTHER,
		             &session->services->request_limits);
		session->head.rules = head_rules_of_requests(session->listener->config);
		session->head_began_us = clock_now_us();
		session_enter(session, SESSION_READ_HEAD);
		return true;
	}
	if (!transport_in_ended(client) && !session->services->draining &&
	    !pinned_is_broken(&session->pinned))
		return false;
	end_idle(session);
	return true;
}

static bool step_read_head(struct session *session)
{
	struct transport *client = &session->client;
	struct buffer *in = transport_in(client);
	bool is_complete = false;
	enum error error = h1_head_scan(&session->head, buffer_content(in), &is_complete);

	if (!error && is_complete) {
		session_enter(session, SESSION_EXCHANGE);
		if (exchange_new(session, &session->exchange))
			session_enter(session, SESSION_CLOSING);
		return true;
	}
	if (!error && transport_in_ended(client)) {
		if (h1_head_has_begun(&session->head))
			error = ERROR_CONNECTION_CLOSED;
		else
			session_enter(session, SESSION_LINGER);
		if (!error)
			return true;
	}
	if (!error && buffer_room(in) == 0) {
		error = transport_grow_in(client);
		if (!error)
			return true;
		error = error == ERROR_TOO_LARGE ? ERROR_HEAD_TOO_LARGE : error;
	}
	if (error)
		refuse(session, error);
	return error != OK;
}

static bool step_exchange(struct session *session)
{
	struct exchange *exchange = session->exchange;
	bool moved = exchange_step(exchange);

	if (exchange_is_tunnel(exchange)) {
		exchange->tunnel.client = &session->client;
		exchange->tunnel.backend = &exchange->link->transport;
		meter_tunnel(exchange);
		session_enter(session, SESSION_TUNNEL);
		return true;
	}
	if (exchange_is_over(exchange)) {
		end_exchange(session);
		return true;
	}
	return moved;
}

static bool step_tunnel(struct session *session)
{
	struct tunnel *tunnel = &session->exchange->tunnel;
	bool moved = tunnel_step(tunnel);

	if (!tunnel_is_over(tunnel))
		return moved;
	if (tunnel_is_broken(tunnel)) {
		session->exchange->failure =
			(struct failure){.error = ERROR_CONNECTION_RESET,
		                     .side = session->client.error ? SIDE_CLIENT : SIDE_BACKEND};
		session->reset_wanted = true;
	}
	session_enter(session, SESSION_CLOSING);
	return true;
}

/* Both sides are told in order: the backend by its connection's end, the client by ours. */
static void end_idle_tunnel(struct session *session)
{
	session->exchange->failure =
		(struct failure){.error = ERROR_TUNNEL_IDLE_TIMEOUT, .side = SIDE_NONE};
	forget_exchange(session);
	session_enter(session, SESSION_LINGER);
}

/* Our side has ended; the client may still be sending what we do not want any more. Closing at once
 * would reset the connection and could cost it our answer (RFC 9112 §9.6). */
static bool step_linger(struct session *session)
{
	struct transport *client = &session->client;
	uint64_t unread_max = config_of(session)->limits.unread_body;
	bool ends_now = !client->end_wanted; /* what that takes is moved by the next round */
	size_t discarded = 0;

	/* Past the bound the client has to wait until it has been given its answer. */
	if (session->discarded_bytes <= unread_max)
		discarded = transport_discard_in(client);
	session->discarded_bytes += discarded;
	transport_end(client);
	if (session->ended_ms == 0 && transport_out_ended(client))
		session->ended_ms = session_now_ms(session);

	bool client_has_ended = client->wire->in_ended || transport_in_ended(client);
	bool is_over = transport_out_failed(client) ||
	               (session->ended_ms != 0 && (client_has_ended || session->was_idle ||
	                                           session->discarded_bytes > unread_max));

	if (is_over)
		session_enter(session, SESSION_CLOSING);
	return is_over || ends_now || discarded > 0;
}

/* The client is gone, or what it sends can not be read any more. */
static bool client_is_lost(struct session *session)
{
	struct transport *client = &session->client;

	if (session->phase == SESSION_HANDSHAKE || session->phase >= SESSION_TUNNEL)
		return false;
	if (!transport_out_failed(client) && !client->error)
		return false;
	if (session->exchange && !session->exchange->failure.error)
		session->exchange->failure = (struct failure){
			.error = client->error ? client->error : ERROR_CONNECTION_RESET, .side = SIDE_CLIENT};
	/* An alert may still be on its way; without one there is nothing more to do. */
	session->reset_wanted |= session->exchange != NULL;
	session_enter(session, SESSION_CLOSING);
	return true;
}

static bool step(struct session *session)
{
	if (client_is_lost(session))
		return true;
	switch (session->phase) {
	case SESSION_PROXY_HEADER:
		return proxy_protocol_step(session);
	case SESSION_HANDSHAKE:
		return step_handshake(session);
	case SESSION_AWAIT_REQUEST:
		return step_await_request(session);
	case SESSION_READ_HEAD:
		return step_read_head(session);
	case SESSION_EXCHANGE:
		return step_exchange(session);
	case SESSION_TUNNEL:
		return step_tunnel(session);
	case SESSION_LINGER:
		return step_linger(session);
	case SESSION_CLOSING:
	case SESSION_PHASE_COUNT:
		break;
	}
	return false;
}

/* The phase has taken too long. */
static void time_out(struct session *session)
{
	session->is_due = false;
	switch (session->phase) {
	case SESSION_PROXY_HEADER:
		proxy_protocol_time_out(session);
		break;
	case SESSION_HANDSHAKE:
		handshake_log_failed(session, ERROR_TLS_HANDSHAKE_TIMEOUT);
		session_enter(session, SESSION_CLOSING);
		break;
	case SESSION_AWAIT_REQUEST:
		end_idle(session);
		break;
	case SESSION_READ_HEAD:
		refuse(session, ERROR_HEAD_TIMEOUT);
		break;
	case SESSION_EXCHANGE:
		if (pace_is_lost(&session->pace))
			exchange_fail(session->exchange, ERROR_CLIENT_TOO_SLOW, SIDE_CLIENT);
		else
			exchange_timed_out(session->exchange);
		break;
	case SESSION_TUNNEL:
		end_idle_tunnel(session);
		break;
	case SESSION_LINGER:
		session_enter(session, SESSION_CLOSING);
		break;
	case SESSION_CLOSING:
	case SESSION_PHASE_COUNT:
		break;
	}
}

/* Nothing will call when it can go on: no block was to be had, a name is being looked up,
 * or others' passwords are checked first. */
static bool must_look_again(const struct session *session)
{
	const struct exchange *exchange = session->exchange;

	return session->client.starved || (exchange && exchange->waits_for_name) ||
	       (exchange && credentials_wait(exchange)) ||
	       (exchange && exchange->link && exchange->link->transport.starved);
}

/* The only place that starts or stops reading, moves the deadline, or closes. */
static void settle(struct session *session)
{
	struct transport *client = &session->client;
	struct exchange *exchange = session->exchange;
	uint64_t wake_ms;

	if (session->phase == SESSION_CLOSING) {
		close_session(session);
		return;
	}
	if (exchange)
		meter_note(exchange);
	/* Whoever waits keeps no empty blocks: idle clients, silent tunnels, long polls. */
	transport_rest(client);
	if (exchange && exchange->link)
		transport_rest(&exchange->link->transport);
	/* Each side is read only while there is room behind it. */
	transport_want_read(client, true);
	if (exchange && exchange->link)
		transport_want_read(&exchange->link->transport, true);
	pinned_watch(&session->pinned);

	note_pace(session);
	wake_ms = session_due_ms(session);
	if (must_look_again(session) && session_now_ms(session) + LOOK_AGAIN_MS < wake_ms)
		wake_ms = session_now_ms(session) + LOOK_AGAIN_MS;
	deadline_set(loop_deadlines(session->services->loop), &session->deadline, wake_ms);
}

void session_pump(void *owner)
{
	struct session *session = owner;
	bool moved;

	if (session->is_due)
		time_out(session);
	do {
		moved = transport_advance(&session->client);
		moved |= step(session);
	} while (moved && session->phase != SESSION_CLOSING);
	settle(session);
}
