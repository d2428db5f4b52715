/* The response of an exchange: backend to client. */

#include "base/clock.h"
#include "http/challenge.h"
#include "http/h1_write.h"
#include "http/websocket.h"
#include "route/forward.h"
#include "session/exchange.h"
#include "session/head_rules.h"
#include "tls/digest.h"

static struct transport *backend_of(struct exchange *exchange)
{
	return &exchange->link->transport;
}

static const struct config_limits *limits_of(const struct exchange *exchange)
{
	return &exchange->session->services->setup->config->limits;
}

static enum error check_switch(struct exchange *exchange, const struct message *response)
{
	char accept[WEBSOCKET_ACCEPT_SIZE + 1];

	if (!exchange->upgrade_wanted)
		return ERROR_UPGRADE_UNEXPECTED;

	enum error error = tls_websocket_accept(websocket_key(&exchange->request), accept);

	return error ? error
	             : websocket_check_response(response, span_of(accept, WEBSOCKET_ACCEPT_SIZE));
}

/*
 * Not after a response that comes before the request has been read to its end: where the next
 * request begins can not be known for certain (RFC 9112 §9.3). Nor after a switch of protocols that
 * did not come about: what the client sent after its handshake may not be a request at all (RFC
 * 9931). Nor after the end of a connection that the client has authenticated.
 */
static bool wants_keep_alive(const struct exchange *exchange, const struct message *received)
{
	return exchange->request.keep_alive && session_may_go_on(exchange->session) &&
	       exchange->request_flow == FLOW_DONE && !exchange->upgrade_wanted &&
	       (received->keep_alive || !exchange->is_bound);
}

static enum error begin_response(struct exchange *exchange, const struct message *received)
{
	struct message response;
	bool is_interim = received->status < 200 && received->status != 101;
	enum error error = received->status == 101 ? check_switch(exchange, received) : OK;

	exchange->is_bound |= challenge_binds(received);
	if (!error)
		error = forward_response(received, &exchange->request, wants_keep_alive(exchange, received),
		                         &exchange->response_arena, &response);
	if (!error && !is_interim && exchange->rules)
		error = rules_change_response(exchange->rules, &exchange->values,
		                              exchange->session->client.tls != NULL,
		                              &exchange->response_arena, &response);
	if (!error && !is_interim)
		error = h1_body_init(&exchange->response_body, received,
		                     &exchange->session->services->response_limits);
	if (!error)
		error = h1_write_head(&response, &exchange->response_arena, &exchange->response_head.bytes);
	if (error)
		return error;
	exchange->response_head.put = 0;
	exchange->is_interim = is_interim;
	exchange->response = *received;
	exchange->response_framing = response.framing;
	if (!is_interim) {
		link_note_response(exchange->link, received);
		backend_metrics_count_response(exchange->backend, received->status);
		exchange->keep_alive = response.keep_alive;
		exchange->status = response.status;
		return OK;
	}
	if (++exchange->interim_count > limits_of(exchange)->interim_responses)
		return ERROR_TOO_MANY_INTERIMS;
	if (exchange->request.version == HTTP_VERSION_1_0) {
		/* An HTTP/1.0 client knows no interim responses (RFC 9110 §15.2). */
		exchange->response_head = (struct rendered){0};
	}
	return OK;
}

static bool read_head(struct exchange *exchange)
{
	struct transport *backend = backend_of(exchange);
	struct buffer *in = transport_in(backend);
	struct message received;
	bool is_complete = false;

	if (buffer_is_empty(in)) {
		if (!transport_in_ended(backend))
			return false;
		exchange_lose_link(exchange, ERROR_CONNECTION_CLOSED);
		return true;
	}
	exchange->link_answered = true;
	if (exchange->first_byte_us == 0)
		exchange->first_byte_us = clock_now_us();

	enum error error = h1_head_scan(&exchange->response_parser, buffer_content(in), &is_complete);

	if (!error && !is_complete) {
		if (transport_in_is_final(backend))
			error = transport_in_ended(backend) ? ERROR_CONNECTION_CLOSED : ERROR_CONNECTION_RESET;
		else if (buffer_room(in) == 0)
			error = transport_grow_in(backend);
		if (!error)
			return false;
	}
	if (!error)
		error = h1_head_finish(&exchange->response_parser, buffer_content(in),
		                       &exchange->response_arena, &received);
	if (!error) {
		buffer_taken(in, exchange->response_parser.size);
		error = begin_response(exchange, &received);
	}
	if (error)
		exchange_fail(exchange, error == ERROR_TOO_LARGE ? ERROR_HEAD_TOO_LARGE : error,
		              SIDE_BACKEND);
	return true;
}

static void init_parser(struct exchange *exchange)
{
	h1_head_init(&exchange->response_parser, MESSAGE_RESPONSE, exchange->request.method,
	             &exchange->session->services->response_limits);
	exchange->response_parser.rules = head_rules_of_responses(exchange->cluster->config);
	exchange->response_head = (struct rendered){0};
	arena_done(&exchange->response_arena);
}

/* Sends the head that was read; true if it is all on its way. */
static bool send_head(struct exchange *exchange, bool *ret_moved)
{
	bool put = rendered_put(&exchange->response_head, &exchange->session->client,
	                        buffer_size(transport_in(backend_of(exchange))));

	*ret_moved |= put;
	if (put && !exchange->is_interim)
		exchange->response_begun = true;
	if (!rendered_is_put(&exchange->response_head))
		return false;
	*ret_moved = true;
	if (exchange->is_interim) {
		exchange->is_interim = false;
		init_parser(exchange);
		return false;
	}
	exchange->response_flow = FLOW_BODY;
	return true;
}

static bool end_body(struct exchange *exchange)
{
	if (exchange->response_framing == BODY_CHUNKED) {
		struct buffer *out = transport_out(&exchange->session->client, 0);

		if (!out || !h1_write_last_chunk(out))
			return false;
	}
	exchange->response_flow = FLOW_DONE;
	return true;
}

static bool copy_response_body(struct exchange *exchange)
{
	struct transport *backend = backend_of(exchange);
	bool moved = false;
	enum error error = copy_body(&exchange->response_body, backend, &exchange->session->client,
	                             exchange->response_framing, NULL, &moved);

	if (!error && !moved && buffer_is_empty(transport_in(backend)) && transport_in_ended(backend))
		error = h1_body_end_of_stream(&exchange->response_body);
	if (error) {
		exchange_fail(exchange, error, SIDE_BACKEND);
		return true;
	}
	if (h1_body_is_done(&exchange->response_body))
		return end_body(exchange) || moved;
	return moved;
}

bool exchange_step_response(struct exchange *exchange)
{
	bool moved = false;

	/* What a backend sent before its connection failed is still read. */
	if (!exchange->link || backend_of(exchange)->wire->phase == WIRE_CONNECTING ||
	    exchange->response_flow >= FLOW_DONE || exchange_is_tunnel(exchange))
		return false;
	if (exchange->response_flow == FLOW_HEAD) {
		if (exchange->response_parser.limits == NULL)
			init_parser(exchange);
		if (exchange->response_head.bytes.size == 0 && !exchange->is_interim) {
			moved |= read_head(exchange);
			if (!exchange->link || exchange->is_own_reply)
				return true;
			if (exchange->response_head.bytes.size == 0 && !exchange->is_interim)
				return moved;
		}
		if (!send_head(exchange, &moved))
			return moved;
		if (exchange_is_tunnel(exchange))
			return true;
	}
	return copy_response_body(exchange) || moved;
}
