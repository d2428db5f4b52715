#include "sim/client.h"

#include "sim/client_script.h"
#include "sim/preamble.h"
#include "sim/trace.h"

enum { CONTINUE_WAIT_MS = 1000 };

void client_done(struct client *client)
{
	bytes_done(&client->out);
	bytes_done(&client->in);
	reading_done(&client->reading);
}

static void await_answer(struct client *client)
{
	bool is_head =
		client->receiving < client->request_count && client->requests[client->receiving]->is_head;

	reading_init(&client->reading, true, is_head);
}

void client_connect(struct client *client)
{
	client->connection = connection_new(client->loop);
	trace("client %u connects: connection %u", client->number, client->connection->number);
	await_answer(client);
}

static void leave(struct client *client)
{
	client->is_over = true;
	connection_close(client->connection);
}

/* It leaves before the end, if that was its plan. */
static void depart(struct client *client)
{
	struct connection *connection = client->connection;
	uint64_t bytes = connection->to_proxy.put_bytes + connection->from_proxy.taken_bytes;

	if (client->departure == DEPARTURE_NONE || bytes < client->departs_after || client->is_over)
		return;
	client->is_over = true;
	client->has_departed = true;
	if (client->departure == DEPARTURE_RESET)
		connection_reset(connection);
	else if (client->departure == DEPARTURE_CLOSE)
		connection_close(connection);
	else
		trace("client %u vanishes", client->number);
}

/* The last answer so far closes the connection, and the client goes by it. */
static bool is_told_to_stop(const struct client *client)
{
	if (client->receiving > 0 && client->requests[client->receiving - 1]->says_close)
		return true;
	return client->receiving < client->request_count &&
	       client->requests[client->receiving]->is_answered &&
	       client->requests[client->receiving]->says_close;
}

static struct request *tunnel_request(const struct client *client)
{
	return client->requests[client->request_count - 1];
}

static bool may_begin_next(const struct client *client)
{
	return client->sending < client->request_count &&
	       (client->pipelines || client->receiving == client->sending);
}

static bool has_to_send(const struct client *client)
{
	if (client->in_tunnel)
		return !client->has_ended;
	if (is_told_to_stop(client) && !client->is_rude)
		return false;
	return bytes_size(&client->out) > 0 || may_begin_next(client) ||
	       (client->sending == client->request_count && client->end == CLIENT_HALF_CLOSES);
}

static bool is_open(const struct client *client)
{
	return client->connection && !client->is_over && !client->connection->peer_closed;
}

bool client_can_send(const struct client *client)
{
	return is_open(client) && !client->has_ended && client->send_ms <= client->loop->now_ms &&
	       has_to_send(client) &&
	       (client->connection->proxy_closed || lane_room(&client->connection->to_proxy) > 0);
}

bool client_can_receive(const struct client *client)
{
	return is_open(client) && client->receive_ms <= client->loop->now_ms &&
	       connection_has_news(client->connection);
}

uint64_t client_wakes_ms(const struct client *client)
{
	uint64_t now_ms = client->loop->now_ms;
	uint64_t wake_ms = DEADLINE_NEVER;

	if (!client->connection)
		return client->starts_ms;
	if (!is_open(client))
		return DEADLINE_NEVER;
	if (client->send_ms > now_ms && !client->has_ended && has_to_send(client))
		wake_ms = client->send_ms;
	if (client->receive_ms > now_ms && client->receive_ms < wake_ms &&
	    connection_has_news(client->connection))
		wake_ms = client->receive_ms;
	return wake_ms;
}

static void pause(struct client *client, uint64_t *until_ms)
{
	if (random_chance(client->random, client->stalls))
		*until_ms =
			client->loop->now_ms + random_size(client->random, (size_t)client->mood->stall_max_ms);
}

/* Sends a portion of `out`, up to the end of the head if it must wait there. */
static void send_portion(struct client *client)
{
	struct connection *connection = client->connection;
	struct request *request = client->requests[client->sending];
	bool stops_at_head = request->expects && client->head_left > 0;
	size_t size = stops_at_head ? client->head_left : bytes_size(&client->out);

	size = connection_portion(connection, &connection->to_proxy, size);
	size = connection_send(connection, span_cut(bytes_content(&client->out), 0, size));
	bytes_taken(&client->out, size);
	request->is_begun = true;
	client->waits_continue = false;
	trace("client %u sends %zu bytes of request %u", client->number, size, request->id);
	if (client->head_left > 0) {
		client->head_left = client->head_left > size ? client->head_left - size : 0;
		request->has_sent_head = client->head_left == 0;
		if (client->head_left == 0 && request->expects && !request->is_answered &&
		    request->interims == 0) {
			client->waits_continue = true;
			client->send_ms = client->loop->now_ms + CONTINUE_WAIT_MS;
		}
	}
	if (bytes_size(&client->out) == 0) {
		request->is_sent = true;
		client->sending++;
	}
}

static void begin_next(struct client *client)
{
	struct request *request = client->requests[client->sending];

	request->is_pipelined = client->sending > client->receiving;
	bytes_clear(&client->out);
	if (client->is_balanced && client->sending == 0)
		preamble_put(client->number, &client->out);
	request_render(request, client->random, &client->out, &client->head_left);
	trace("client %u begins request %u: %s HTTP/1.%d%s%s, %llu bytes of body, %s%s", client->number,
	      request->id, request->method, request->minor, request->keep_alive ? "" : ", close",
	      request->upgrades ? ", websocket" : "", (unsigned long long)request->body_size,
	      flaw_name(request->flaw), request->expects ? ", expects 100" : "");
}

static void send_tunnel(struct client *client)
{
	struct connection *connection = client->connection;
	struct request *request = tunnel_request(client);
	uint64_t left = request->tunnel_up - client->tunnel_sent;
	struct bytes portion = {0};
	size_t size;

	if (left == 0) {
		client->has_ended = true;
		connection_end(connection);
		if (client->saw_end)
			leave(client);
		return;
	}
	size = connection_portion(connection, &connection->to_proxy, (size_t)left);
	bytes_put_body(&portion, tunnel_up_key(request), client->tunnel_sent, size);
	client->tunnel_sent += connection_send(connection, bytes_content(&portion));
	bytes_done(&portion);
}

void client_send(struct client *client)
{
	if (client->in_tunnel) {
		send_tunnel(client);
	} else if (bytes_size(&client->out) > 0 || may_begin_next(client)) {
		if (bytes_size(&client->out) == 0)
			begin_next(client);
		send_portion(client);
	} else {
		/* Some add an empty line after a body, as RFC 9112 §2.2 tells. */
		if (random_chance(client->random, 10) && lane_room(&client->connection->to_proxy) >= 2)
			(void)connection_send(client->connection, SPAN("\r\n"));
		client->has_ended = true;
		connection_end(client->connection);
	}
	if (!client->waits_continue)
		pause(client, &client->send_ms);
	depart(client);
}

/* Reads `X-Sim-Answer: <request> <attempt>`; false: the answer is the proxy's own. */
static bool read_tag(const struct reading *reading, unsigned *ret_id, unsigned *ret_attempt)
{
	struct span value;

	if (!reading_field(reading, "x-sim-answer", &value))
		return false;
	*ret_id = (unsigned)reading_number(&value);
	value = span_trim(value);
	*ret_attempt = (unsigned)reading_number(&value);
	return true;
}

/* The backend's connection gave the proxy an old answer for this request: anything can follow. */
static bool is_poisoned(const struct request *request)
{
	return request->attempt_count > 0 && request->attempts[request->attempt_count - 1].is_poisoned;
}

static void check_tagged(const struct client *client, const struct request *request, unsigned id,
                         unsigned number)
{
	const struct reading *reading = &client->reading;
	const struct attempt *attempt = &request->attempts[number];

	if (id != request->id)
		violation("client %u got the answer to request %u for request %u", client->number, id,
		          request->id);
	if (number + 1 != request->attempt_count)
		violation("request %u was answered by attempt %u of %u", id, number,
		          request->attempt_count);
	if (reading->status < 200)
		return;
	if (reading->status != attempt->status)
		violation("request %u: the backend's status %d became %d", id, attempt->status,
		          reading->status);
	if (attempt->form == FORM_LENGTH && reading->phase != READING_WHOLE &&
	    (!reading->has_length || reading->length != attempt->body_size))
		violation("request %u: the answer's length is lost", id);
}

/* Half of a head, and then another: it would pass for one. */
static void check_one_head(const struct client *client)
{
	struct span head = reading_head(&client->reading);

	for (size_t i = 1; client->reading.phase == READING_HEAD && i < head.size; i++)
		if (span_starts_with(span_from(head, i), SPAN("HTTP/1.")))
			violation("client %u got an answer in the middle of a head", client->number);
}

/* What the route sets is there once in every final answer, ours or theirs. */
static void check_rules(const struct client *client, const struct request *request)
{
	struct span value;
	bool has_route = flaw_may_reach(request->flaw) && !request->redirects;
	bool is_ruled = span_starts_with(span_of_string(request->path), SPAN("/b"));

	if (has_route && is_ruled && request->attempt_count > 0 && request->minor == 1 &&
	    (!reading_field(&client->reading, "x-rule", &value) ||
	     !span_equal(value, SPAN("sim.example"))))
		violation("request %u was answered without what its route sets", request->id);
}

static void begin_tunnel(struct client *client, struct request *request)
{
	if (!request->upgrades)
		violation("request %u was answered 101 unasked", request->id);
	if (!request->attempts[request->attempt_count - 1].is_switch)
		violation("request %u was answered with a 101 that is not valid", request->id);
	trace("client %u: the tunnel is open", client->number);
	client->in_tunnel = true;
	client->receiving++;
	request->is_whole = true;
}

static void begin_answer(struct client *client, struct request *request)
{
	struct reading *reading = &client->reading;
	unsigned id = 0;
	unsigned attempt = 0;
	bool is_tagged = read_tag(reading, &id, &attempt);

	if (reading->phase == READING_BROKEN)
		violation("client %u got a broken head for request %u", client->number, request->id);
	request->is_foreign = id == EXTRA_ID && (request->attempt_count == 0 || is_poisoned(request));
	if (is_tagged && !request->is_foreign && !is_poisoned(request))
		check_tagged(client, request, id, attempt);
	client->waits_continue = false;
	client->send_ms = client->send_ms > client->loop->now_ms && request->expects
	                      ? client->loop->now_ms
	                      : client->send_ms;
	if (reading->status < 200 && reading->status != 101) {
		if (request->minor == 0)
			violation("request %u is HTTP/1.0 and got a %d", request->id, reading->status);
		request->interims++;
		await_answer(client);
		return;
	}
	if (reading->chunked && request->minor == 0)
		violation("request %u is HTTP/1.0 and was answered in chunks", request->id);
	trace("client %u gets %d for request %u%s%s", client->number, reading->status, request->id,
	      is_tagged ? "" : ", from the proxy", reading->close ? ", close" : "");
	check_rules(client, request);
	request->is_answered = true;
	request->is_own = !is_tagged;
	request->answered_by = attempt;
	request->status = reading->status;
	request->says_close = reading->close || (request->minor == 0 && !reading->keep) ||
	                      reading->phase == READING_UNTIL_CLOSE;
	if (reading->status == 101)
		begin_tunnel(client, request);
}

static void check_payload(const struct client *client, const struct request *request,
                          struct span payload)
{
	const struct attempt *attempt = &request->attempts[request->answered_by];
	uint64_t at = client->reading.payload - payload.size;

	if (payload.size == 0 || request->is_own || request->is_foreign || is_poisoned(request))
		return;
	if (client->reading.payload > attempt->body_size)
		violation("request %u: the answer has more body than the backend sent", request->id);
	if (!body_has(response_body_key(request, request->answered_by), at, payload))
		violation("request %u: the answer has another body at %llu", request->id,
		          (unsigned long long)at);
}

static void after_last_answer(struct client *client)
{
	bool is_last = client->receiving == client->request_count;

	if (is_last && client->end == CLIENT_CLOSES && bytes_size(&client->out) == 0 &&
	    !client->requests[client->receiving - 1]->says_close)
		leave(client);
}

static void finish_answer(struct client *client, struct request *request)
{
	const struct attempt *attempt = &request->attempts[request->answered_by];

	if (!request->is_own && !request->is_foreign && !is_poisoned(request)) {
		if (!attempt_is_delivered(attempt))
			violation("request %u: an answer that was cut short looks complete", request->id);
		if (client->reading.payload != attempt->body_size && attempt->form != FORM_NONE)
			violation("request %u: the answer looks complete with %llu of %llu bytes", request->id,
			          (unsigned long long)client->reading.payload,
			          (unsigned long long)attempt->body_size);
	}
	request->is_whole = true;
	client->receiving++;
	await_answer(client);
	after_last_answer(client);
}

static void take_tunnel(struct client *client)
{
	struct request *request = tunnel_request(client);
	struct span bytes = bytes_content(&client->in);
	unsigned attempt = request->attempt_count - 1;

	if (request->tunnel_got + bytes.size > request->tunnel_down ||
	    !body_has(tunnel_down_key(request, attempt), request->tunnel_got, bytes))
		violation("request %u: other bytes came through the tunnel to the client", request->id);
	request->tunnel_got += bytes.size;
	bytes_clear(&client->in);
}

/* Nothing may come that was not asked for; but the page may, if the proxy could not read a HEAD. */
static bool is_unasked(const struct client *client)
{
	const struct request *last =
		client->receiving > 0 ? client->requests[client->receiving - 1] : NULL;

	if (last && last->says_close) {
		if (last->is_own && last->is_head)
			return true;
		violation("client %u got bytes after an answer that closes", client->number);
	}
	if (client->receiving >= client->request_count ||
	    !client->requests[client->receiving]->is_begun)
		violation("client %u got bytes that answer nothing", client->number);
	return false;
}

static void take_answers(struct client *client)
{
	while (bytes_size(&client->in) > 0 && !client->is_over) {
		bool was_head = client->reading.phase == READING_HEAD;
		struct request *request;
		struct span payload;
		size_t taken;

		if (client->in_tunnel) {
			take_tunnel(client);
			return;
		}
		if (is_unasked(client)) {
			bytes_clear(&client->in);
			return;
		}
		request = client->requests[client->receiving];
		taken = reading_take(&client->reading, bytes_content(&client->in), &payload);
		check_payload(client, request, payload);
		bytes_taken(&client->in, taken);
		if (was_head && client->reading.phase != READING_HEAD)
			begin_answer(client, request);
		check_one_head(client);
		if (client->reading.phase == READING_BROKEN)
			violation("client %u got broken framing for request %u", client->number, request->id);
		if (client->reading.phase == READING_WHOLE && !client->in_tunnel && request->is_answered)
			finish_answer(client, request);
	}
}

/* The proxy has ended its side. */
static void take_end(struct client *client)
{
	trace("client %u sees the end", client->number);
	client->saw_end = true;
	if (client->in_tunnel) {
		tunnel_request(client)->tunnel_ended_ms = client->loop->now_ms;
		if (client->has_ended)
			leave(client);
		return;
	}
	if (client->reading.phase == READING_UNTIL_CLOSE && reading_ended(&client->reading))
		finish_answer(client, client->requests[client->receiving]);
	if (!client->is_over)
		leave(client);
}

void client_receive(struct client *client)
{
	switch (connection_receive(client->connection, &client->in)) {
	case RECEIVED_BYTES:
		trace("client %u receives %zu bytes", client->number, bytes_size(&client->in));
		take_answers(client);
		break;
	case RECEIVED_END:
		take_end(client);
		break;
	case RECEIVED_RESET:
		trace("client %u sees a reset", client->number);
		client->saw_reset = true;
		leave(client);
		break;
	case RECEIVED_NOTHING:
		break;
	}
	pause(client, &client->receive_ms);
	depart(client);
}

bool client_deserves(const struct client *client, unsigned index)
{
	const struct request *before = index > 0 ? client->requests[index - 1] : NULL;

	if (client->has_departed || (before && (!before->is_whole || before->says_close)))
		return false;
	return client->requests[index]->is_sent;
}
