#include "session/exchange.h"

#include "base/clock.h"
#include "base/memory.h"
#include "http/h1_write.h"
#include "http/websocket.h"
#include "route/forward.h"
#include "session/reply.h"

enum {
	/* Heads both ways, received and rendered, and their fields: the limits bound them. */
	ARENA_HEADS = 8,
	ARENA_FIELD_BYTES = 64,
	ARENA_SLACK = 64 * 1024,
};

static struct setup *setup_of(const struct exchange *exchange)
{
	return exchange->session->services->setup;
}

static const struct config *config_of(const struct exchange *exchange)
{
	return setup_of(exchange)->config;
}

static enum error new_exchange(struct session *session, struct exchange **ret_exchange)
{
	struct services *services = session->services;
	const struct config_limits *limits = &services->setup->config->limits;
	struct exchange *exchange = memory_new(1, sizeof(*exchange));

	if (!exchange)
		return ERROR_OUT_OF_MEMORY;
	exchange->session = session;
	arena_init(&exchange->arena, services->pool,
	           ARENA_HEADS * (limits->head_size + limits->header_count * ARENA_FIELD_BYTES) +
	               ARENA_SLACK);
	text_init(&exchange->replay, limits->replay_body);
	exchange->began_us = session->head_began_us;
	exchange->head_us = clock_now_us();

	enum error error = request_ids_next(services->ids, exchange->own_id);

	if (error) {
		memory_free(exchange);
		return error;
	}
	exchange->id = span_of(exchange->own_id, REQUEST_ID_SIZE);
	*ret_exchange = exchange;
	return OK;
}

void exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return;
	link_drop(exchange->link);
	text_done(&exchange->replay);
	arena_done(&exchange->arena);
	memory_free(exchange);
}

/* The end for both flows: whatever the client has seen must not look complete. */
static void abort_flows(struct exchange *exchange)
{
	exchange->request_flow = FLOW_ABORTED;
	exchange->response_flow = FLOW_ABORTED;
	exchange->keep_alive = false;
	/* Where the end of the connection is the end of the body, only a reset tells that it is not. */
	if (exchange->response_begun && exchange->response_framing == BODY_UNTIL_CLOSE)
		exchange->session->reset_wanted = true;
}

static void begin_reply(struct exchange *exchange, const struct reply *reply)
{
	exchange->status = reply->status;
	exchange->is_own_reply = true;
	exchange->keep_alive = reply->keep_alive;
	exchange->response_framing = BODY_LENGTH;
	exchange->response_head = (struct rendered){0};
	/* What the client still sends of its body is read while lingering, within a bound. */
	exchange->request_flow = exchange->request_flow == FLOW_DONE ? FLOW_DONE : FLOW_ABORTED;
	exchange->response_flow = FLOW_HEAD;
	if (reply_render(reply, &exchange->arena, &exchange->response_head.bytes))
		abort_flows(exchange);
}

/* The connection can go on after our reply only if it is certain where the next request begins. */
static bool may_keep_alive(const struct exchange *exchange)
{
	return exchange->has_request && exchange->request.keep_alive &&
	       h1_body_is_done(&exchange->request_body) &&
	       /* What follows a handshake that was refused may not be a request (RFC 9931). */
	       exchange->request.upgrade != UPGRADE_WEBSOCKET && session_may_go_on(exchange->session);
}

static bool answers_head(const struct exchange *exchange)
{
	return exchange->has_request && exchange->request.method == METHOD_HEAD;
}

void exchange_fail(struct exchange *exchange, enum error error, enum side side)
{
	int status = error_status(error, side);

	exchange->failure = (struct failure){.error = error, .side = side};
	link_drop(exchange->link);
	exchange->link = NULL;
	if (exchange->response_begun || exchange->is_own_reply || status == 0) {
		abort_flows(exchange);
		return;
	}

	struct reply reply = {
		.status = status,
		.reason = error,
		.request_id = exchange->id,
		.without_body = answers_head(exchange),
		.is_http_1_0 = exchange->has_request && exchange->request.version == HTTP_VERSION_1_0,
		.keep_alive = may_keep_alive(exchange),
	};

	begin_reply(exchange, &reply);
}

enum error exchange_new_refused(struct session *session, enum error error,
                                struct exchange **ret_exchange)
{
	enum error new_error = new_exchange(session, ret_exchange);

	if (new_error)
		return new_error;
	exchange_fail(*ret_exchange, error, SIDE_CLIENT);
	return OK;
}

/* `https://host[:port]` and what was asked for, for a listener that only redirects. */
static void redirect_to_https(struct exchange *exchange)
{
	const struct message *request = &exchange->request;
	const char *port = setup_of(exchange)->https_port;
	struct text location;
	struct span copy;

	if (request->host.size == 0) {
		exchange_fail(exchange, ERROR_HOST_MISSING, SIDE_CLIENT);
		return;
	}
	text_init(&location, 2 * request->authority.size + request->path_query.size + 32);
	text_put_string(&location, "https://");
	text_put(&location, request->host);
	text_put_string(&location, port ? port : "");
	text_put(&location,
	         span_equal(request->path_query, SPAN("*")) ? SPAN("/") : request->path_query);

	enum error error = location.cut ? ERROR_OUT_OF_MEMORY
	                                : arena_copy(&exchange->arena, text_span(&location), &copy);

	text_done(&location);
	if (error) {
		exchange_fail(exchange, error, SIDE_CLIENT);
		return;
	}

	/* 301 is what old clients know; 308 keeps the method of those that are not safe. */
	struct reply reply = {
		.status = method_is_safe(request->method) ? 301 : 308,
		.location = copy,
		.without_body = answers_head(exchange),
		.is_http_1_0 = request->version == HTTP_VERSION_1_0,
		.keep_alive = may_keep_alive(exchange),
	};

	begin_reply(exchange, &reply);
}

/* With unknown_server_name: refuse, a host that no certificate here is for is not served either. */
static bool is_misdirected(const struct exchange *exchange)
{
	const struct setup_listener *listener = exchange->session->listener;
	const struct config_tls *tls = listener->config->tls;

	if (!tls || tls->unknown_server_name != CONFIG_UNKNOWN_NAME_REFUSE)
		return false;
	for (size_t i = 0; i < listener->certificate_count; i++)
		if (tls_certificate_matches(listener->certificates[i], exchange->request.host))
			return false;
	return true;
}

static enum error build_request(struct exchange *exchange)
{
	struct session *session = exchange->session;
	struct message request;
	struct forward_facts facts = {
		.client_address = span_of_string(session->peer.host),
		.scheme = session->client.tls ? SPAN("https") : SPAN("http"),
		.host_default = exchange->cluster->config->name.text,
		.request_id = exchange->id,
		.peer_trusted = session->peer_trusted,
	};
	bool keep_alive = exchange->cluster->config->pool.idle_max > 0;

	if (session->peer.kind == ADDRESS_UNIX)
		facts.client_address = span_of(NULL, 0);

	enum error error =
		forward_request(&exchange->request, &facts, keep_alive, &exchange->arena, &request);

	if (error)
		return error;
	exchange->request_framing = request.framing;
	return h1_write_head(&request, &exchange->arena, &exchange->request_head.bytes);
}

/* Finds where the request goes and renders it for there. */
static enum error route(struct exchange *exchange)
{
	struct services *services = exchange->session->services;
	const struct message *request = &exchange->request;
	size_t route_index;
	size_t cluster_index;

	if (is_misdirected(exchange))
		return ERROR_MISDIRECTED;

	enum error error = route_table_find(services->setup->routes, request->host, request->path,
	                                    &exchange->arena, &route_index, &cluster_index);

	if (error)
		return error;
	if (request->upgrade == UPGRADE_WEBSOCKET) {
		error = websocket_check_request(request);
		exchange->upgrade_wanted = !error;
	}
	if (error)
		return error;
	exchange->cluster = &services->clusters->clusters[cluster_index];
	cluster_begin(exchange->cluster, &exchange->attempts);
	return build_request(exchange);
}

enum error exchange_new(struct session *session, struct exchange **ret_exchange)
{
	struct services *services = session->services;
	struct buffer *in = transport_in(&session->client);
	struct exchange *exchange;
	enum error error = new_exchange(session, &exchange);

	if (error)
		return error;
	*ret_exchange = exchange;
	error =
		h1_head_finish(&session->head, buffer_content(in), &exchange->arena, &exchange->request);
	buffer_taken(in, session->head.size);
	if (!error) {
		exchange->has_request = true;
		exchange->id = forward_request_id(&exchange->request, session->peer_trusted, exchange->id);
		error =
			h1_body_init(&exchange->request_body, &exchange->request, &services->request_limits);
	}
	if (error) {
		/* The framing is in doubt, or its body is not wanted: nothing can follow it. */
		exchange->request.keep_alive = false;
		exchange_fail(exchange, error, SIDE_CLIENT);
		return OK;
	}
	if (session->listener->config->redirect_to_https) {
		redirect_to_https(exchange);
		return OK;
	}
	error = route(exchange);
	if (error)
		exchange_fail(exchange, error, SIDE_CLIENT);
	return OK;
}

bool exchange_is_over(const struct exchange *exchange)
{
	return exchange->request_flow >= FLOW_DONE && exchange->response_flow >= FLOW_DONE;
}

bool exchange_is_tunnel(const struct exchange *exchange)
{
	return exchange->status == 101 && rendered_is_put(&exchange->response_head) &&
	       !exchange->is_own_reply;
}

/* After a complete exchange on both sides the backend's connection can serve another. */
static void settle_link(struct exchange *exchange)
{
	if (!exchange->link || exchange->response_flow != FLOW_DONE || exchange_is_tunnel(exchange))
		return;
	if (exchange->request_flow == FLOW_DONE && exchange->response.keep_alive) {
		link_give_back(exchange->link);
	} else {
		/* It answered before it had read everything: what is left would be the next request. */
		link_drop(exchange->link);
		if (exchange->request_flow < FLOW_DONE)
			exchange->request_flow = FLOW_ABORTED;
	}
	exchange->link = NULL;
}

/* Our own reply needs no body machine: it is rendered whole. */
static bool step_reply(struct exchange *exchange)
{
	bool moved = rendered_put(&exchange->response_head, &exchange->session->client);

	exchange->response_begun |= moved;
	if (exchange->response_flow == FLOW_HEAD && rendered_is_put(&exchange->response_head))
		exchange->response_flow = FLOW_DONE;
	return moved;
}

bool exchange_step(struct exchange *exchange)
{
	bool moved = false;

	if (exchange_is_over(exchange))
		return false;
	if (exchange->is_own_reply)
		return step_reply(exchange);
	if (exchange->link)
		moved |= transport_advance(&exchange->link->transport);
	moved |= exchange_step_link(exchange);
	if (!exchange->is_own_reply)
		moved |= exchange_step_request(exchange);
	if (!exchange->is_own_reply)
		moved |= exchange_step_response(exchange);
	settle_link(exchange);
	return moved;
}

/* What an exchange waits for, until when, and what it means if it does not come. */
struct wait {
	uint64_t until_ms;
	uint64_t turn_ms; /* while it was another's turn, nobody was late */
	enum error error;
	enum side side;
};

static void wait_for(struct wait *wait, uint64_t since_ms, uint64_t limit_ms, enum error error,
                     enum side side)
{
	uint64_t until_ms = (since_ms > wait->turn_ms ? since_ms : wait->turn_ms) + limit_ms;

	if (until_ms >= wait->until_ms)
		return;
	wait->until_ms = until_ms;
	wait->error = error;
	wait->side = side;
}

static void wait_for_backend(const struct exchange *exchange, struct wait *wait)
{
	const struct transport *backend = &exchange->link->transport;
	const struct config_cluster *cluster = exchange->cluster->config;

	if (!transport_is_open(backend)) {
		wait_for(wait, exchange->link_ms, cluster->timeouts.connect_ms, ERROR_CONNECT_TIMEOUT,
		         SIDE_BACKEND);
		return;
	}
	if (!transport_is_flushed(backend) || exchange->response_flow == FLOW_BODY)
		wait_for(wait, backend->wire->moved_ms, cluster->timeouts.idle_ms, ERROR_IDLE_TIMEOUT,
		         SIDE_BACKEND);
	if (exchange->request_flow == FLOW_DONE && exchange->response_flow == FLOW_HEAD)
		wait_for(wait, exchange->request_done_ms, cluster->timeouts.first_byte_ms,
		         ERROR_FIRST_BYTE_TIMEOUT, SIDE_BACKEND);
}

static struct wait waiting(struct exchange *exchange)
{
	struct transport *client = &exchange->session->client;
	uint64_t client_idle_ms = config_of(exchange)->timeouts.client_idle_ms;
	struct wait wait = {.until_ms = DEADLINE_NEVER, .turn_ms = exchange->waits_since_ms};
	bool wants_body = exchange->request_flow == FLOW_BODY && buffer_is_empty(transport_in(client));

	/* Who keeps whom waiting: a client that does not read or does not write, else the backend. */
	if (!transport_is_flushed(client) || wants_body)
		wait_for(&wait, client->wire->moved_ms, client_idle_ms, ERROR_IDLE_TIMEOUT, SIDE_CLIENT);
	else if (exchange->link)
		wait_for_backend(exchange, &wait);
	if (wait.until_ms == DEADLINE_NEVER)
		/* For neither: there was no memory to go on with. */
		wait_for(&wait, client->wire->moved_ms, client_idle_ms, ERROR_OVERLOADED, SIDE_PROXY);
	return wait;
}

uint64_t exchange_due_ms(struct exchange *exchange)
{
	struct wait wait = waiting(exchange);

	if (wait.error != exchange->waits_for || wait.side != exchange->waits_on) {
		exchange->waits_for = wait.error;
		exchange->waits_on = wait.side;
		exchange->waits_since_ms = session_now_ms(exchange->session);
		wait = waiting(exchange);
	}
	return wait.until_ms;
}

void exchange_timed_out(struct exchange *exchange)
{
	struct wait wait = waiting(exchange);

	if (wait.error == ERROR_CONNECT_TIMEOUT)
		exchange_lose_link(exchange, ERROR_CONNECT_TIMEOUT);
	else if (wait.error)
		exchange_fail(exchange, wait.error, wait.side);
}
