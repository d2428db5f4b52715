#include "session/exchange.h"

#include "base/clock.h"
#include "base/memory.h"
#include "http/challenge.h"
#include "http/h1_write.h"
#include "http/websocket.h"
#include "route/forward.h"
#include "route/hops.h"
#include "session/acme.h"
#include "session/coverage.h"
#include "session/exchange_rules.h"
#include "session/proxy_protocol.h"
#include "session/reply.h"
#include "session/tracing.h"
#include "tls/identity.h"

enum {
	/* A head received and rendered, and their fields, with ample room for ours. */
	ARENA_HEADS = 4,
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

static size_t heads_max(const struct config_limits *limits)
{
	return ARENA_HEADS * (limits->head_size + limits->header_count * ARENA_FIELD_BYTES) +
	       ARENA_SLACK;
}

static enum error new_exchange(struct session *session, struct exchange **ret_exchange)
{
	struct services *services = session->services;
	const struct config_limits *limits = &services->setup->config->limits;
	struct exchange *exchange = memory_new(1, sizeof(*exchange));

	if (!exchange)
		return ERROR_OUT_OF_MEMORY;
	exchange->session = session;
	exchange->client = session->peer;
	arena_init(&exchange->arena, services->pool, heads_max(limits));
	arena_init(&exchange->response_arena, services->pool, heads_max(limits));
	text_init(&exchange->replay, limits->replay_body);
	exchange->began_us = session->head_began_us;
	exchange->head_us = clock_now_us();

	enum error error = request_ids_next(services->ids, exchange->own_id);

	if (error) {
		memory_free(exchange);
		return error;
	}
	exchange->id = span_of(exchange->own_id, REQUEST_ID_SIZE);
	meter_begin(exchange);
	*ret_exchange = exchange;
	return OK;
}

void exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return;
	link_drop(exchange->link);
	credentials_forget(exchange);
	rules_leave(&exchange->visit);
	if (exchange->cluster)
		clusters_unref(exchange->cluster->clusters);
	text_done(&exchange->replay);
	arena_done(&exchange->response_arena);
	arena_done(&exchange->arena);
	memory_free(exchange);
}

/* Half of an interim head is on its way: an answer of ours would be taken for its rest. */
static bool is_interim_cut(const struct exchange *exchange)
{
	return exchange->is_interim && exchange->response_head.put > 0 &&
	       !rendered_is_put(&exchange->response_head);
}

/* The end for both flows: whatever the client has seen must not look complete. */
static void abort_flows(struct exchange *exchange)
{
	exchange->request_flow = FLOW_ABORTED;
	exchange->response_flow = FLOW_ABORTED;
	exchange->keep_alive = false;
	/* Where the end of the connection is the end of the body, only a reset tells that it is not.
	 * Half a head is cut off in the same way. */
	if ((exchange->response_begun && exchange->response_framing == BODY_UNTIL_CLOSE) ||
	    is_interim_cut(exchange))
		exchange->session->reset_wanted = true;
}

/* The connection can go on after our reply only if it is certain where the next request begins. */
static bool may_keep_alive(const struct exchange *exchange)
{
	return exchange->has_request && exchange->request.keep_alive && !exchange->is_unbound &&
	       h1_body_is_done(&exchange->request_body) &&
	       /* What follows a handshake that was refused may not be a request (RFC 9931). */
	       exchange->request.upgrade != UPGRADE_WEBSOCKET && session_may_go_on(exchange->session);
}

static bool answers_head(const struct exchange *exchange)
{
	return exchange->request.method == METHOD_HEAD;
}

/* Of a head that may be refused: as far as it is certain, so that HEAD never gets a body. */
static void note_method(struct exchange *exchange)
{
	struct session *session = exchange->session;
	struct span content = buffer_content(transport_in(&session->client));

	exchange->request.method = h1_head_method(&session->head, content);
}

void exchange_reply(struct exchange *exchange, struct reply *reply)
{
	reply->without_body = answers_head(exchange);
	reply->is_http_1_0 = exchange->has_request && exchange->request.version == HTTP_VERSION_1_0;
	reply->keep_alive = may_keep_alive(exchange);
	exchange_dress(exchange, reply);
	exchange->status = reply->status;
	exchange->is_own_reply = true;
	exchange->keep_alive = reply->keep_alive;
	exchange->response_framing = BODY_LENGTH;
	exchange->response_head = (struct rendered){0};
	exchange->reply_content = (struct rendered){0};
	if (reply->has_content && !reply->without_body)
		exchange->reply_content.bytes = reply->content;
	/* What the client still sends of its body is read while lingering, within a bound. */
	exchange->request_flow = exchange->request_flow == FLOW_DONE ? FLOW_DONE : FLOW_ABORTED;
	exchange->response_flow = FLOW_HEAD;
	if (reply_render(reply, &exchange->arena, &exchange->response_head.bytes))
		abort_flows(exchange);
}

void exchange_fail(struct exchange *exchange, enum error error, enum side side)
{
	int status = error_status(error, side);

	/* What the client has authenticated ends with what its backend knew of it. */
	exchange->is_unbound = exchange->is_bound && exchange->link;
	exchange->failure = (struct failure){.error = error, .side = side};
	if (exchange->link && side == SIDE_BACKEND)
		backend_metrics_count_failure(exchange->link->backend, error);
	link_drop(exchange->link);
	exchange->link = NULL;
	credentials_forget(exchange);
	if (exchange->response_begun || exchange->is_own_reply || status == 0 ||
	    is_interim_cut(exchange)) {
		abort_flows(exchange);
		return;
	}

	struct reply reply = {.status = status, .reason = error, .request_id = exchange->id};

	exchange_reply(exchange, &reply);
}

enum error exchange_new_refused(struct session *session, enum error error,
                                struct exchange **ret_exchange)
{
	enum error new_error = new_exchange(session, ret_exchange);

	if (new_error)
		return new_error;
	note_method(*ret_exchange);
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
	};

	exchange_reply(exchange, &reply);
}

/* What the handshake asked the client to prove; NULL: nothing. Borrows: from the session. */
static const struct forward_proof *proof_of(const struct session *session,
                                            struct forward_proof *ret_proof)
{
	const struct tls_facts *tls =
		session->client.tls ? tls_session_facts(session->client.tls) : NULL;

	if (!tls || tls->client_mode == TLS_CLIENT_NONE)
		return NULL;
	*ret_proof = (struct forward_proof){.is_given = tls->client != NULL};
	if (tls->client)
		*ret_proof = (struct forward_proof){
			.is_given = true,
			.certificate = tls->client->certificate,
			.chain = tls->client->chain,
			.subject = tls->client->subject,
			.san = tls->client->san,
			.fingerprint = tls->client->fingerprint,
		};
	return ret_proof;
}

static enum error build_request(struct exchange *exchange)
{
	struct session *session = exchange->session;
	struct message request;
	struct forward_proof proof;
	struct forward_facts facts = {
		.client_address = span_of_string(session->peer.host),
		.scheme = session->client.tls ? SPAN("https") : SPAN("http"),
		.host_default = exchange->cluster->config->name.text,
		.request_id = exchange->id,
		.peer_trusted = session->peer_trusted,
		.proof = proof_of(session, &proof),
	};
	const struct config_cluster *cluster = exchange->cluster->config;
	bool is_pooled = cluster->pool.idle_max > 0 && cluster->proxy_protocol == CONFIG_PROXY_OFF;
	bool keep_alive = is_pooled || exchange->is_bound;

	if (session->peer.kind == ADDRESS_UNIX)
		facts.client_address = span_of(NULL, 0);

	enum error error =
		forward_request(&exchange->request, &facts, keep_alive, &exchange->arena, &request);

	if (!error && exchange->trace.is_on)
		error = trace_write(&exchange->trace, &exchange->arena, &request);
	if (!error && exchange->rules)
		error =
			rules_change_request(exchange->rules, &exchange->values, &exchange->arena, &request);
	if (error)
		return error;
	exchange->request_framing = request.framing;
	error = h1_write_head(&request, &exchange->arena, &exchange->request_head.bytes);
	if (error)
		return error;

	size_t head_size = exchange->request_head.bytes.size;

	error = proxy_protocol_put(session, cluster->proxy_protocol, &exchange->arena,
	                           &exchange->request_head.bytes);
	exchange->preamble_size = exchange->request_head.bytes.size - head_size;
	return error;
}

/* The answer is the route's, or the request goes to its cluster and is rendered for it. */
static enum error go_on(struct exchange *exchange, size_t cluster_index)
{
	struct services *services = exchange->session->services;
	enum error error = OK;

	if (exchange_answer(exchange))
		return OK;
	if (exchange->request.upgrade == UPGRADE_WEBSOCKET) {
		error = websocket_check_request(&exchange->request);
		exchange->upgrade_wanted = !error;
	}
	if (error)
		return error;
	exchange->cluster = &services->clusters->clusters[cluster_index];
	clusters_ref(services->clusters);
	exchange->is_bound = challenge_binds(&exchange->request) ||
	                     pinned_has(&exchange->session->pinned, exchange->cluster);
	cluster_begin(exchange->cluster, &exchange->attempts);
	return build_request(exchange);
}

/* Finds where the request goes, and whether it may. */
static enum error route(struct exchange *exchange)
{
	const struct setup *setup = setup_of(exchange);
	const struct message *request = &exchange->request;
	size_t route_index;
	size_t cluster_index;

	if (!coverage_includes(exchange->session, exchange->request.host))
		return ERROR_MISDIRECTED;

	enum error error = route_table_find(setup->routes, request->host, request->path,
	                                    &exchange->arena, &route_index, &cluster_index);

	if (error)
		return error;
	meter_enter(exchange, route_index);
	exchange->rules = setup->rules.of[route_index];
	error = exchange_enter(exchange);
	if (!error)
		error = credentials_begin(exchange);
	if (error || credentials_are_checked(exchange))
		return error;
	return go_on(exchange, cluster_index);
}

/* Of an ACME server: rules of routes have no part in it. */
static enum error answer_challenge(struct exchange *exchange)
{
	const struct config_acme_challenge *config =
		exchange->session->listener->config->acme_challenge;
	enum error error = acme_check(exchange);

	if (error)
		return error;
	return config->cluster.text.data ? go_on(exchange, config->cluster_index)
	                                 : acme_answer(exchange);
}

/* Its password is being checked. */
static bool step_credentials(struct exchange *exchange)
{
	enum error error;

	if (!credentials_step(exchange, &error))
		return false;
	if (!error)
		error = go_on(exchange, exchange->rules->config->cluster_index);
	if (error)
		exchange_fail(exchange, error, SIDE_CLIENT);
	return true;
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
	note_method(exchange);
	error =
		h1_head_finish(&session->head, buffer_content(in), &exchange->arena, &exchange->request);
	buffer_taken(in, session->head.size);
	if (!error) {
		exchange->has_request = true;
		hops_client(&exchange->request, &session->peer, config_of(exchange), &exchange->client);
		exchange->id = forward_request_id(&exchange->request, session->peer_trusted, exchange->id);
		error =
			h1_body_init(&exchange->request_body, &exchange->request, &services->request_limits);
	}
	if (!error)
		error = tracing_begin(exchange);
	/* A flaw that is here already is found before a byte of the request goes anywhere. */
	if (!error)
		error = h1_body_judge(&exchange->request_body, buffer_content(in));
	if (error) {
		/* The framing is in doubt, or its body is not wanted: nothing can follow it. */
		exchange->request.keep_alive = false;
		exchange_fail(exchange, error, SIDE_CLIENT);
		return OK;
	}
	if (acme_takes(exchange)) {
		error = answer_challenge(exchange);
	} else if (session->listener->config->redirect_to_https) {
		redirect_to_https(exchange);
		return OK;
	} else {
		error = route(exchange);
	}
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
		if (exchange->is_bound)
			pinned_keep(&exchange->session->pinned, exchange->link, session_pump,
			            exchange->session);
		else
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
	struct transport *client = &exchange->session->client;
	bool moved = rendered_put(&exchange->response_head, client, exchange->reply_content.bytes.size);

	exchange->response_begun |= moved;
	if (!rendered_is_put(&exchange->response_head))
		return moved;
	moved |= rendered_put(&exchange->reply_content, client, 0);
	if (exchange->response_flow == FLOW_HEAD && rendered_is_put(&exchange->reply_content))
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
	if (credentials_are_checked(exchange))
		return step_credentials(exchange);
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

static bool wants_body(const struct exchange *exchange)
{
	return exchange->request_flow == FLOW_BODY &&
	       buffer_is_empty(transport_in(&exchange->session->client));
}

bool exchange_waits_for_client(const struct exchange *exchange)
{
	const struct transport *client = &exchange->session->client;
	bool awaits_continue = exchange->request.expects_continue && exchange->interim_count == 0 &&
	                       exchange->request_body.size == 0;

	if (client->starved)
		return false;
	/* Once an answer runs, the rest of the request may be as slow as it. */
	return !transport_is_flushed(client) ||
	       (wants_body(exchange) && exchange->response_flow == FLOW_HEAD && !awaits_continue);
}

static struct wait waiting(struct exchange *exchange)
{
	struct transport *client = &exchange->session->client;
	uint64_t client_idle_ms = config_of(exchange)->timeouts.client_idle_ms;
	struct wait wait = {.until_ms = DEADLINE_NEVER, .turn_ms = exchange->waits_since_ms};

	/* Who keeps whom waiting: a client that does not read or does not write, else the backend. */
	if (!transport_is_flushed(client) || wants_body(exchange))
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
