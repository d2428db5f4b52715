#include "sim/verdict.h"

#include <stdio.h>
#include <string.h>

#include "sim/trace.h"
#include "sim/world.h"

enum { TUNNEL_END_MS = 30000 }; /* less than its timeout, and more than slow peers take */

/* What the runs so far have seen. */
static struct {
	unsigned long requests;
	unsigned long attempts;
	unsigned long retries;
	unsigned long reused;
	unsigned long whole;
	unsigned long own;
	unsigned long cut_short;
	unsigned long unanswered;
	unsigned long interims;
	unsigned long early;
	unsigned long tunnels;
	unsigned long refused;
	unsigned long bound;       /* attempts on connections that knew their client */
	unsigned long pipelined;   /* requests behind another that was not answered yet */
	unsigned long slow_heads;  /* answered 408 before their head was sent */
	unsigned long slow_bodies; /* and after */
	unsigned long told;        /* reached a backend behind a PROXY header */
	unsigned long balanced;    /* clients whose own header was taken, and who were answered */
	unsigned long failing;     /* runs in which allocations fail */
	unsigned long calm_due;    /* requests that a whole answer was demanded for */
	unsigned long by_status[600];
} seen;

static void count(const struct request *request)
{
	seen.pipelined += request->is_pipelined;
	seen.requests++;
	seen.attempts += request->attempt_count;
	seen.retries += request->attempt_count > 1;
	seen.interims += request->interims;
	for (unsigned i = 0; i < request->attempt_count; i++) {
		seen.reused += request->attempts[i].is_reused;
		seen.early += request->attempts[i].is_early;
		seen.bound += request->binds && request->attempts[i].is_reused;
	}
	seen.told += request->attempt_count > 0 && strcmp(request->path, "/t") == 0;
	seen.refused += request->flaw != FLAW_NONE && request->is_own;
	if (!request->is_answered) {
		seen.unanswered++;
		return;
	}
	seen.whole += request->is_whole;
	seen.cut_short += !request->is_whole;
	seen.own += request->is_own;
	seen.tunnels += request->status == 101;
	if (request->is_own && request->status < 600)
		seen.by_status[request->status]++;
	if (request->is_own && request->status == 408)
		*(request->has_sent_head ? &seen.slow_bodies : &seen.slow_heads) += 1;
}

const char *verdict_missing(void)
{
	const struct {
		const char *what;
		unsigned long count;
	} kinds[] = {
		{"a request on a reused connection", seen.reused},
		{"a request that was sent again", seen.retries},
		{"an interim response", seen.interims},
		{"an early answer", seen.early},
		{"a tunnel", seen.tunnels},
		{"a pipelined request", seen.pipelined},
		{"an answer that was cut short", seen.cut_short},
		{"a refused request", seen.refused},
		{"a further request on an authenticated connection", seen.bound},
		{"a head that came too slowly", seen.slow_heads},
		{"a body that came too slowly", seen.slow_bodies},
		{"a backend that was told of its client", seen.told},
		{"a client behind a balancer", seen.balanced},
		{"a run with failing allocations", seen.failing},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].count == 0)
			return kinds[i].what;
	return NULL;
}

void verdict_print_counts(void)
{
	(void)printf(
		"%lu requests, %lu attempts at backends, %lu on reused connections, %lu sent again\n"
		"%lu whole answers, %lu cut short, %lu not answered, %lu interim, %lu early, "
		"%lu tunnels\n"
		"%lu pipelined, %lu on authenticated connections, %lu runs without memory at times\n"
		"%lu whole answers were due and came; %lu requests were refused as flawed\n"
		"%lu answers of the proxy's own:",
		seen.requests, seen.attempts, seen.reused, seen.retries, seen.whole, seen.cut_short,
		seen.unanswered, seen.interims, seen.early, seen.tunnels, seen.pipelined, seen.bound,
		seen.failing, seen.calm_due, seen.refused, seen.own);
	for (int status = 0; status < 600; status++)
		if (seen.by_status[status] > 0)
			(void)printf(" %d×%lu", status, seen.by_status[status]);
	(void)printf("\n");
}

/* The proxy had to reset the connection, because a later answer, or a tunnel, was cut short. */
static bool is_reset_later(const struct client *client, const struct request *request)
{
	for (unsigned i = 0; i < client->request_count; i++) {
		const struct request *later = client->requests[i];

		if (later->id <= request->id || later->attempt_count == 0)
			continue;

		const struct attempt *last = &later->attempts[later->attempt_count - 1];

		if (!last->is_good || last->is_excused)
			return client->saw_reset;
	}
	return false;
}

/* What the proxy sent was lost on its way, which it could not help. */
static bool is_lost(const struct client *client, const struct request *request)
{
	return client->connection->closed_unread || is_reset_later(client, request);
}

static void expect_own(const struct client *client, const struct request *request, int status)
{
	if (is_lost(client, request))
		return;
	seen.calm_due++;
	if (!request->is_whole)
		violation("request %u (%s) was not answered with a whole %d", request->id,
		          flaw_name(request->flaw), status);
	if (!request->is_own || request->status != status)
		violation("request %u (%s) was answered %d instead of %d", request->id,
		          flaw_name(request->flaw), request->status, status);
}

static void judge_tunnel(const struct client *client, const struct request *request,
                         const struct attempt *attempt)
{
	if (request->tunnel_got != request->tunnel_down || attempt->tunnel_in != request->tunnel_up)
		violation("request %u: the tunnel ended after %llu of %llu and %llu of %llu bytes",
		          request->id, (unsigned long long)attempt->tunnel_in,
		          (unsigned long long)request->tunnel_up, (unsigned long long)request->tunnel_got,
		          (unsigned long long)request->tunnel_down);
	if (!client->saw_end)
		violation("request %u: the tunnel did not end in order", request->id);
	/* The end is passed on at once, and not by a timeout. */
	if (request->tunnel_ended_ms > attempt->tunnel_ended_ms + TUNNEL_END_MS)
		violation("request %u: the tunnel's end came %llu ms late", request->id,
		          (unsigned long long)(request->tunnel_ended_ms - attempt->tunnel_ended_ms));
}

/* A backend knows this client by its connection: with that ends the client's. */
static bool is_bound(const struct client *client, const struct request *request)
{
	if (client->binds)
		return true;
	for (unsigned i = 0; i < client->request_count; i++) {
		const struct request *before = client->requests[i];

		for (unsigned j = 0; before->id < request->id && j < before->attempt_count; j++)
			if (before->attempts[j].offers)
				return true;
	}
	return false;
}

static bool may_be_repeated(const struct world *world, const struct client *client,
                            const struct request *request)
{
	return request->is_idempotent && !is_bound(client, request) &&
	       request->body_size <= world->services.setup->config->limits.replay_body;
}

/* The connection from the pool was dying when it was taken. */
static void judge_stale(const struct world *world, const struct client *client,
                        const struct request *request)
{
	/* It may have been sent on to where nobody accepts connections. */
	if (world->mood.connect_faults > 0)
		return;
	if (may_be_repeated(world, client, request))
		violation("request %u died on a reused connection, and was not sent again", request->id);
	expect_own(client, request, 502);
}

static void judge_answered(const struct world *world, const struct client *client,
                           const struct request *request)
{
	const struct attempt *last = &request->attempts[request->attempt_count - 1];

	if (last->is_poisoned || last->is_excused || is_lost(client, request))
		return;
	if (!last->is_planned) {
		if (last->is_reused && !attempt_has_answered(last))
			judge_stale(world, client, request);
		return;
	}
	if (last->is_good) {
		seen.calm_due++;
		if (!request->is_whole || request->is_own)
			violation("request %u: the backend's whole answer %d did not reach its client (%s %d)",
			          request->id, last->status, request->is_own ? "the proxy's" : "it got",
			          request->status);
		if (last->is_switch)
			judge_tunnel(client, request, last);
		return;
	}
	/* Bad answers: ours instead, unless theirs had begun; then it must not look complete. */
	if (!request->is_answered && !client->saw_reset)
		violation("request %u: a bad answer became a clean end without any", request->id);
	if (request->is_own && (!request->is_whole || request->status < 502 || request->status > 504))
		violation("request %u: a bad answer became a %d", request->id, request->status);
}

static bool is_redirected(const struct request *request)
{
	return request->redirects &&
	       (flaw_may_reach(request->flaw) || request->flaw == FLAW_NO_ROUTE ||
	        request->flaw == FLAW_OLD_WEBSOCKET || request->flaw == FLAW_BAD_WEBSOCKET);
}

static void judge_request(const struct world *world, const struct client *client,
                          const struct request *request)
{
	/* A client that pauses after every other byte may need too long for its head. */
	if (request->is_own && request->status == 408 && client->stalls > 0 &&
	    request->attempt_count == 0)
		return;
	if (is_redirected(request)) {
		/* HTTP/1.0 knows no Host, and without one there is nowhere to send it; a flaw of the body
		 * may come together with the head, and is told then. */
		if (request->is_answered && request->status != 301 && request->status != 308 &&
		    (request->status != 400 || request->minor == 1) &&
		    (request->flaw == FLAW_NONE || request->status != flaw_status(request->flaw)))
			violation("request %u was answered %d instead of a redirect", request->id,
			          request->status);
	} else if (!flaw_may_reach(request->flaw)) {
		expect_own(client, request, flaw_status(request->flaw));
	} else if (request->flaw != FLAW_NONE) {
		/* Only its body is flawed: who notices first, answers. */
		if (request->is_own && request->status < 400)
			violation("request %u (%s) was answered %d", request->id, flaw_name(request->flaw),
			          request->status);
	} else if (request->is_foreign || (request->attempt_count == 0 && world->ledger.is_poisoned)) {
		return;
	} else if (request->attempt_count > 0) {
		judge_answered(world, client, request);
	} else if (world->mood.connect_faults == 0 && strcmp(request->path, "/n") != 0 &&
	           may_be_repeated(world, client, request)) {
		violation("request %u never reached a backend", request->id);
	} else if (!is_lost(client, request) && !is_bound(client, request) &&
	           (!request->is_whole || request->status < 502)) {
		violation("request %u reached no backend, and was answered %d", request->id,
		          request->status);
	}
}

void verdict_give(const struct world *world)
{
	for (unsigned i = 0; i < world->ledger.request_count; i++)
		count(world->ledger.requests[i]);
	for (unsigned i = 0; i < world->client_count; i++)
		seen.balanced +=
			world->clients[i].is_balanced && world->clients[i].requests[0]->is_answered;
	seen.failing += world->mood.is_failing;
	if (!world->mood.is_calm)
		return;
	for (unsigned i = 0; i < world->client_count; i++) {
		const struct client *client = &world->clients[i];

		for (unsigned j = 0; j < client->request_count; j++)
			if (client->connection && client_deserves(client, j))
				judge_request(world, client, client->requests[j]);
	}
}
