#include "sim/origin.h"

#include <stdlib.h>

#include "sim/origin_script.h"
#include "sim/trace.h"

enum { IDLE_MS_MAX = 3000 };

struct origin *origin_new(struct connection *connection, struct ledger *ledger,
                          const struct mood *mood, struct random *random, bool is_told)
{
	struct origin *origin = calloc(1, sizeof(*origin));

	if (!origin)
		abort();
	origin->connection = connection;
	origin->ledger = ledger;
	origin->mood = mood;
	origin->random = random;
	origin->closes_ms = DEADLINE_NEVER;
	origin->preamble.is_awaited = is_told;
	tap_init(&origin->tap, ledger, connection, is_told);
	reading_init(&origin->reading, false, false);
	list_init(&origin->node);
	connection->peer = origin;
	return origin;
}

void origin_free(struct origin *origin)
{
	tap_done(&origin->tap);
	reading_done(&origin->reading);
	bytes_done(&origin->in);
	bytes_done(&origin->answer.out);
	free(origin);
}

void origin_hear(struct origin *origin, struct span bytes)
{
	tap_hear(&origin->tap, bytes);
}

static void leave(struct origin *origin)
{
	origin->is_over = true;
	connection_close(origin->connection);
}

static bool is_open(const struct origin *origin)
{
	return !origin->is_over && !origin->connection->peer_closed && !origin->connection->connecting;
}

static bool is_due_to_close(const struct origin *origin)
{
	return origin->closes_ms <= origin->connection->loop->now_ms;
}

static bool has_to_send(const struct origin *origin)
{
	if (origin->in_tunnel)
		return !origin->has_ended;
	return origin->has_plan &&
	       (origin->has_whole || origin->answer.is_early || origin->answer.interim_left > 0);
}

bool origin_can_send(const struct origin *origin)
{
	const struct connection *connection = origin->connection;

	if (!is_open(origin))
		return false;
	if (is_due_to_close(origin))
		return true;
	return origin->wake_ms <= connection->loop->now_ms && has_to_send(origin) &&
	       (connection->proxy_closed || lane_room(&connection->to_proxy) > 0);
}

bool origin_can_receive(const struct origin *origin)
{
	return is_open(origin) && connection_has_news(origin->connection);
}

uint64_t origin_wakes_ms(const struct origin *origin)
{
	uint64_t now_ms = origin->connection->loop->now_ms;
	uint64_t wake_ms = DEADLINE_NEVER;

	if (!is_open(origin))
		return DEADLINE_NEVER;
	if (has_to_send(origin) && origin->wake_ms > now_ms)
		wake_ms = origin->wake_ms;
	return origin->closes_ms < wake_ms ? origin->closes_ms : wake_ms;
}

static void apply_cut(struct origin *origin)
{
	switch (origin->answer.cut) {
	case CUT_RESET:
		connection_reset(origin->connection);
		break;
	case CUT_CLOSE:
		connection_close(origin->connection);
		break;
	case CUT_STALL:
	case CUT_NONE:
		trace("backend: connection %u stalls for good", origin->connection->number);
		break;
	}
	origin->is_over = true;
}

static void apply_sequel(struct origin *origin)
{
	struct random *random = origin->random;

	switch (origin->answer.sequel) {
	case SEQUEL_CLOSE:
		leave(origin);
		break;
	case SEQUEL_CLOSE_LATER:
		origin->closes_ms = origin->connection->loop->now_ms + random_size(random, IDLE_MS_MAX);
		break;
	case SEQUEL_EXTRA:
		origin_put_extra(origin);
		break;
	case SEQUEL_CLOSE_ON_NEXT:
		origin->closes_on_next = true;
		break;
	case SEQUEL_KEEP:
		break;
	}
}

/* The answer is on its way to the last byte. */
static void finish_answer(struct origin *origin)
{
	struct attempt *attempt = origin->attempt;

	trace("backend: connection %u has answered request %u", origin->connection->number,
	      origin->request->id);
	attempt->is_sent = !origin->answer.is_flawed;
	attempt->sent_at = origin->connection->to_proxy.put_bytes;
	origin->has_plan = false;
	if (attempt->is_switch) {
		origin->in_tunnel = true;
		return;
	}
	if (!attempt->keep_alive || (!origin->has_whole && !origin->answer.reads_on)) {
		leave(origin);
		return;
	}
	apply_sequel(origin);
	if (origin->has_whole) {
		origin->request = NULL;
		origin->has_whole = false;
	}
}

static void send_answer(struct origin *origin)
{
	struct connection *connection = origin->connection;
	struct answer *answer = &origin->answer;
	size_t size = bytes_size(&answer->out);

	if (answer->cut != CUT_NONE && answer->cut_after == 0) {
		apply_cut(origin);
		return;
	}
	if (!origin->has_whole && !answer->is_early)
		size = answer->interim_left;
	if (answer->cut != CUT_NONE && size > answer->cut_after)
		size = (size_t)answer->cut_after;
	size = connection_portion(connection, &connection->to_proxy, size);
	size = connection_send(connection, span_cut(bytes_content(&answer->out), 0, size));
	bytes_taken(&answer->out, size);
	answer->cut_after -= answer->cut != CUT_NONE ? size : 0;
	answer->interim_left -= size < answer->interim_left ? size : answer->interim_left;
	trace("backend: connection %u sends %zu bytes", connection->number, size);
	if (bytes_size(&answer->out) == 0)
		finish_answer(origin);
}

static void send_tunnel(struct origin *origin)
{
	struct connection *connection = origin->connection;
	uint64_t left = origin->request->tunnel_down - origin->tunnel_sent;
	struct bytes portion = {0};
	size_t size;

	if (left == 0) {
		origin->has_ended = true;
		origin->attempt->tunnel_ended_ms = connection->loop->now_ms;
		connection_end(connection);
		if (connection->from_proxy.end_taken)
			leave(origin);
		return;
	}
	size = connection_portion(connection, &connection->to_proxy, (size_t)left);
	bytes_put_body(&portion, tunnel_down_key(origin->request, origin->attempt_number),
	               origin->tunnel_sent, size);
	origin->tunnel_sent += connection_send(connection, bytes_content(&portion));
	bytes_done(&portion);
	if (random_chance(origin->random, origin->mood->backend_faults / 10)) {
		origin->attempt->is_excused = true;
		connection_reset(connection);
		origin->is_over = true;
	}
}

void origin_send(struct origin *origin)
{
	if (is_due_to_close(origin)) {
		leave(origin);
		return;
	}
	if (origin->in_tunnel)
		send_tunnel(origin);
	else
		send_answer(origin);
	if (random_chance(origin->random, 3))
		origin->wake_ms = origin->connection->loop->now_ms +
		                  random_size(origin->random, (size_t)origin->mood->stall_max_ms);
}

static void begin_request(struct origin *origin)
{
	struct tap *tap = &origin->tap;

	/* The proxy never sends the next request before it has the answer to this one. */
	origin->request = tap->request;
	origin->attempt = tap->attempt;
	origin->attempt_number = tap->attempt_number;
	origin->has_plan = true;
	origin->closes_ms = DEADLINE_NEVER;
	origin_plan(origin);
}

static void take_requests(struct origin *origin)
{
	struct span behind = preamble_take(&origin->preamble, bytes_content(&origin->in));

	bytes_taken(&origin->in, bytes_size(&origin->in) - behind.size);
	while (bytes_size(&origin->in) > 0 && !origin->is_over) {
		struct span payload;
		size_t taken;

		if (origin->in_tunnel) {
			bytes_clear(&origin->in);
			return;
		}
		if (origin->closes_on_next && !reading_has_begun(&origin->reading)) {
			bytes_clear(&origin->in);
			leave(origin);
			return;
		}
		taken = reading_take(&origin->reading, bytes_content(&origin->in), &payload);
		bytes_taken(&origin->in, taken);
		if (origin->reading.phase != READING_HEAD && !origin->request)
			begin_request(origin);
		if (origin->reading.phase != READING_WHOLE)
			continue;
		reading_init(&origin->reading, false, false);
		origin->has_whole = true;
		/* An early answer may be over by now. */
		if (!origin->has_plan && !origin->in_tunnel) {
			origin->request = NULL;
			origin->has_whole = false;
		}
	}
}

/* The proxy has ended its side. */
static void take_end(struct origin *origin)
{
	if (!origin->in_tunnel || origin->has_ended)
		leave(origin);
}

void origin_receive(struct origin *origin)
{
	switch (connection_receive(origin->connection, &origin->in)) {
	case RECEIVED_BYTES:
		take_requests(origin);
		break;
	case RECEIVED_END:
		take_end(origin);
		break;
	case RECEIVED_RESET:
		leave(origin);
		break;
	case RECEIVED_NOTHING:
		break;
	}
}
