#include "sim/tap.h"

#include <stdio.h>

#include "sim/trace.h"

void tap_init(struct tap *tap, struct ledger *ledger, struct connection *connection, bool is_told)
{
	*tap = (struct tap){.ledger = ledger, .connection = connection, .is_told = is_told};
	tap->preamble.is_awaited = is_told;
	reading_init(&tap->reading, false, false);
}

void tap_done(struct tap *tap)
{
	reading_done(&tap->reading);
}

bool tap_is_clean(const struct tap *tap)
{
	const struct attempt *attempt = tap->attempt;

	/* What an answer to an earlier request was taken for, nobody can tell. */
	if (!attempt || attempt->is_poisoned)
		return attempt != NULL;
	return attempt->is_whole && attempt->keep_alive && attempt_is_delivered(attempt) &&
	       tap->connection->to_proxy.taken_bytes == attempt->sent_at;
}

static void check_head(struct tap *tap)
{
	const struct reading *reading = &tap->reading;
	const struct request *request = tap->request;
	bool is_chunked = request->form == FORM_CHUNKED;
	bool has_length = request->form == FORM_LENGTH;
	struct span value;
	char id[16];

	(void)snprintf(id, sizeof(id), "%u", request->id);
	if (reading->phase == READING_BROKEN)
		violation("request %u reached a backend with a broken head", request->id);
	if (reading->chunked != is_chunked)
		violation("request %u reached a backend with%s chunks", request->id,
		          is_chunked ? "out" : "");
	if (has_length && (!reading->has_length || reading->length != request->body_size))
		violation("request %u reached a backend with another length", request->id);
	if (!has_length && reading->has_length && reading->length > 0)
		violation("request %u reached a backend with a length", request->id);
	if (!reading_field(reading, "x-sim", &value) || !span_equal(value, span_of_string(id)))
		violation("request %u reached a backend with another's fields", request->id);
	if (reading_field(reading, "upgrade", &value) != request->upgrades)
		violation("request %u reached a backend with%s Upgrade", request->id,
		          request->upgrades ? "out" : "");
	if (span_starts_with(span_of_string(request->path), SPAN("/b")) &&
	    (!reading_field(reading, "x-client", &value) || !span_equal(value, SPAN("192.0.2.7"))))
		violation("request %u reached a backend without what its route sets", request->id);
	if (reading_field(reading, "x-secret", &value))
		violation("request %u reached a backend with a field that Connection lists", request->id);
}

static void hear_first_byte(struct tap *tap)
{
	tap->was_clean = tap_is_clean(tap);
	tap->received_before = tap->connection->to_proxy.taken_bytes;
	tap->sent_before = tap->connection->to_proxy.put_bytes;
	if (tap->sent_before > tap->received_before)
		tap->ledger->is_poisoned = true;
}

/* A connection on which a client has authenticated, or was asked to, is that client's alone. */
static void check_bond(struct tap *tap, const struct request *request)
{
	if (tap->count > 0 && tap->attempt->offers && !tap->attempt->is_poisoned && !tap->is_bound) {
		tap->is_bound = true;
		tap->bound_client = tap->request->client;
	}
	if (tap->is_bound && tap->bound_client != request->client)
		violation("connection %u is client %u's alone, and was used for request %u",
		          tap->connection->number, tap->bound_client, request->id);
	if (request->binds && tap->count > 0 && !tap->is_bound)
		violation("request %u authenticates connection %u, which others have used", request->id,
		          tap->connection->number);
	if (request->binds) {
		tap->is_bound = true;
		tap->bound_client = request->client;
	}
}

/* With a PROXY header before it, a connection carries one request, of the client that is told;
 * more only if the client has authenticated it. */
static void check_preamble(const struct tap *tap, const struct request *request)
{
	if (!tap->is_told)
		return;
	if (tap->count > 0 && !tap->is_bound)
		violation("connection %u has a PROXY header, and was used again for request %u",
		          tap->connection->number, request->id);
	if (!preamble_tells(&tap->preamble, request->client))
		violation("request %u of client %u came behind: %s", request->id, request->client,
		          tap->preamble.line);
}

/* The first line of a request is there: which one is it, and may it be here? */
static void begin_request(struct tap *tap)
{
	struct span head = reading_head(&tap->reading);
	struct span line = span_cut(head, 0, span_find(head, '\r'));
	struct request *request = ledger_find(tap->ledger, line);
	bool was_poisoned;

	if (!request)
		violation("connection %u: an unknown request reached a backend: %.*s",
		          tap->connection->number, (int)line.size, line.data);
	if (!span_starts_with(line, span_of_string(request->method)))
		violation("request %u reached a backend with another method", request->id);
	if (tap->count > 0 && !tap->was_clean)
		violation("connection %u was used for request %u before %u was over",
		          tap->connection->number, request->id, tap->request->id);
	check_bond(tap, request);
	check_preamble(tap, request);
	was_poisoned = tap->attempt && tap->attempt->is_poisoned;
	tap->request = request;
	tap->attempt = ledger_attempt(request, tap->connection, tap->count > 0);
	tap->attempt->begun_at = tap->received_before;
	/* From then on each answer is that to the request before. */
	tap->attempt->is_poisoned = was_poisoned || tap->sent_before > tap->received_before;
	tap->attempt_number = request->attempt_count - 1;
	tap->count++;
}

static void hear_payload(struct tap *tap, struct span payload)
{
	struct request *request = tap->request;

	if (payload.size == 0)
		return;
	if (tap->attempt->payload + payload.size > request->body_size)
		violation("request %u reached a backend with more body than was sent", request->id);
	if (!body_has(request_body_key(request), tap->attempt->payload, payload))
		violation("request %u reached a backend with another body", request->id);
	tap->attempt->payload += payload.size;
}

static void hear_tunnel(struct tap *tap, struct span bytes)
{
	struct request *request = tap->request;
	struct attempt *attempt = tap->attempt;

	if (!attempt_is_delivered(attempt))
		violation("request %u: tunnel bytes came before the 101 was read", request->id);
	if (attempt->tunnel_in + bytes.size > request->tunnel_up ||
	    !body_has(tunnel_up_key(request), attempt->tunnel_in, bytes))
		violation("request %u: other bytes came through the tunnel to the backend", request->id);
	attempt->tunnel_in += bytes.size;
}

static void finish_request(struct tap *tap)
{
	struct request *request = tap->request;

	if (tap->attempt->payload != request->body_size)
		violation("request %u reached a backend whole with %llu of %llu bytes of body", request->id,
		          (unsigned long long)tap->attempt->payload,
		          (unsigned long long)request->body_size);
	if (request->flaw != FLAW_NONE)
		violation("request %u (%s) looks complete to a backend", request->id,
		          flaw_name(request->flaw));
	tap->attempt->is_whole = true;
}

static bool is_switched(const struct tap *tap)
{
	return tap->attempt && tap->attempt->is_switch && tap->attempt->is_whole;
}

static void hear_head(struct tap *tap, bool was_begun)
{
	struct span head = reading_head(&tap->reading);

	if (!was_begun && span_find(head, '\r') < head.size)
		begin_request(tap);
	if (tap->reading.phase == READING_HEAD)
		return;
	check_head(tap);
	tap->attempt->has_head = true;
}

void tap_hear(struct tap *tap, struct span bytes)
{
	bytes = preamble_take(&tap->preamble, bytes);
	while (bytes.size > 0) {
		struct span head = reading_head(&tap->reading);
		bool was_head = tap->reading.phase == READING_HEAD;
		bool was_begun = was_head && span_find(head, '\r') < head.size;
		struct span payload;
		size_t taken;

		if (was_head && !reading_has_begun(&tap->reading) && is_switched(tap)) {
			hear_tunnel(tap, bytes);
			return;
		}
		if (was_head && !reading_has_begun(&tap->reading))
			hear_first_byte(tap);
		taken = reading_take(&tap->reading, bytes, &payload);
		bytes = span_from(bytes, taken);
		if (was_head)
			hear_head(tap, was_begun);
		hear_payload(tap, payload);
		if (tap->reading.phase == READING_BROKEN)
			violation("connection %u: broken framing reached a backend", tap->connection->number);
		if (tap->reading.phase != READING_WHOLE)
			continue;
		finish_request(tap);
		reading_init(&tap->reading, false, false);
	}
}
