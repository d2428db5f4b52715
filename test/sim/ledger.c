#include "sim/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "sim/trace.h"

enum { ID_DIGITS = 4 };

static const struct {
	const char *name;
	int status;
	bool may_reach;
} flaws[FLAW_COUNT] = {
#define FLAW_ROW(name, status, reaches) [FLAW_##name] = {#name, status, reaches},
	FLAW_TABLE(FLAW_ROW)
#undef FLAW_ROW
};

const char *flaw_name(enum flaw flaw)
{
	return flaws[flaw].name;
}

int flaw_status(enum flaw flaw)
{
	return flaws[flaw].status;
}

bool flaw_may_reach(enum flaw flaw)
{
	return flaws[flaw].may_reach;
}

void ledger_done(struct ledger *ledger)
{
	for (unsigned i = 0; i < ledger->request_count; i++)
		free(ledger->requests[i]);
	ledger->request_count = 0;
}

struct request *ledger_request(struct ledger *ledger)
{
	struct request *request = calloc(1, sizeof(*request));

	check(ledger->request_count < REQUESTS_MAX);
	if (!request)
		abort();
	request->id = ledger->request_count;
	ledger->requests[ledger->request_count++] = request;
	return request;
}

enum body_key { KEY_REQUEST, KEY_TUNNEL_UP, KEY_RESPONSE = 16, KEY_TUNNEL_DOWN = 32 };

/* Far apart, so that no body is a part of another. */
static uint64_t body_key(const struct request *request, unsigned kind)
{
	return random_mix((uint64_t)request->id << 8 | kind);
}

uint64_t request_body_key(const struct request *request)
{
	return body_key(request, KEY_REQUEST);
}

uint64_t response_body_key(const struct request *request, unsigned attempt)
{
	return body_key(request, KEY_RESPONSE + attempt);
}

uint64_t tunnel_up_key(const struct request *request)
{
	return body_key(request, KEY_TUNNEL_UP);
}

uint64_t tunnel_down_key(const struct request *request, unsigned attempt)
{
	return body_key(request, KEY_TUNNEL_DOWN + attempt);
}

struct request *ledger_find(struct ledger *ledger, struct span start_line)
{
	struct span rest = start_line;
	size_t path_end;
	unsigned id = 0;

	rest = span_from(rest, span_find(rest, ' ') + 1);
	path_end = span_find(rest, ' ');
	if (span_find(rest, '?') < path_end)
		path_end = span_find(rest, '?');
	if (path_end < ID_DIGITS + 1)
		return NULL;
	rest = span_cut(rest, path_end - ID_DIGITS, path_end);
	for (size_t i = 0; i < rest.size; i++) {
		if (rest.data[i] < '0' || rest.data[i] > '9')
			return NULL;
		id = id * 10 + (unsigned)(rest.data[i] - '0');
	}
	return id < ledger->request_count ? ledger->requests[id] : NULL;
}

bool attempt_has_answered(const struct attempt *attempt)
{
	return attempt->connection->to_proxy.taken_bytes > attempt->begun_at;
}

bool attempt_is_delivered(const struct attempt *attempt)
{
	const struct lane *lane = &attempt->connection->to_proxy;

	if (!attempt->is_sent || lane->taken_bytes < attempt->sent_at)
		return false;
	return attempt->form != FORM_UNTIL_CLOSE || lane->end_taken;
}

/* Sent again only if that can do no harm: RFC 9110 §9.2.2, and what the design adds to it. */
static void check_repetition(const struct request *request)
{
	const struct attempt *last = &request->attempts[request->attempt_count - 1];

	if (!request->is_idempotent)
		violation("request %u: %s was sent twice", request->id, request->method);
	if (request->binds)
		violation("request %u authenticates its connection, and was sent twice", request->id);
	if (!last->is_reused)
		violation("request %u was sent again, though its connection was fresh", request->id);
	/* What comes before the whole head is there can not be its answer. */
	if (attempt_has_answered(last) && last->has_head)
		violation("request %u was sent again after a byte of an answer", request->id);
	if (request->attempt_count > 1)
		violation("request %u was sent more than twice", request->id);
}

struct attempt *ledger_attempt(struct request *request, struct connection *connection,
                               bool is_reused)
{
	struct attempt *attempt;

	if (!flaw_may_reach(request->flaw))
		violation("request %u (%s) reached a backend", request->id, flaw_name(request->flaw));
	if (request->redirects)
		violation("request %u was to be redirected, and reached a backend", request->id);
	if (!request->is_begun)
		violation("request %u reached a backend before it was sent", request->id);
	if (request->is_answered)
		violation("request %u reached a backend after its answer", request->id);
	if (request->attempt_count > 0)
		check_repetition(request);
	check(request->attempt_count < ATTEMPTS_MAX);
	attempt = &request->attempts[request->attempt_count++];
	attempt->connection = connection;
	attempt->is_reused = is_reused;
	trace("request %u: attempt %u on connection %u%s", request->id, request->attempt_count - 1,
	      connection->number, is_reused ? ", reused" : "");
	return attempt;
}
