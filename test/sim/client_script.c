#include "sim/client_script.h"

#include <string.h>

enum {
	BODY_SMALL = 3000,
	BODY_LARGE = 300 * 1024,
	TUNNEL_MAX = 60000,
	HEAD_BIG = 26000,
	HEAD_HUGE = 90000,
};

static const struct {
	const char *name;
	bool is_idempotent;
	bool has_body; /* usually */
} methods[] = {
	{"GET", true, false},    {"GET", true, false},     {"HEAD", true, false},
	{"POST", false, true},   {"POST", false, true},    {"PUT", true, true},
	{"DELETE", true, false}, {"OPTIONS", true, false}, {"PATCH", false, true},
	{"BREW", false, false},
};

enum { METHOD_PUT_AT = 5 }; /* in `methods`: idempotent, with a body */

static uint64_t choose_size(struct random *random, const struct mood *mood)
{
	size_t max = (size_t)mood->body_max;

	if (max > BODY_SMALL && random_chance(random, 90))
		max = BODY_SMALL;
	return random_size(random, max);
}

static void choose_body(struct request *request, struct random *random, const struct mood *mood,
                        bool usually)
{
	if (!random_chance(random, usually ? 90 : 10))
		return;
	request->form = request->minor == 1 && random_chance(random, 50) ? FORM_CHUNKED : FORM_LENGTH;
	request->body_size = choose_size(random, mood);
	request->expects = request->minor == 1 && request->body_size > 0 && random_chance(random, 15);
}

static void choose_upgrade(struct request *request, struct random *random, const struct mood *mood)
{
	size_t max = mood->is_bytewise ? 300 : TUNNEL_MAX;

	request->method = "GET";
	request->is_idempotent = true;
	request->is_head = false;
	request->minor = 1;
	request->keep_alive = true;
	request->upgrades = true;
	request->tunnel_up = random_size(random, max);
	request->tunnel_down = random_size(random, max);
}

static bool flaw_fits(const struct request *request, enum flaw flaw, uint64_t body_limit)
{
	switch (flaw) {
	case FLAW_BODY_TOO_LARGE:
		return body_limit > 0 && request->form == FORM_LENGTH;
	case FLAW_BODY_GROWS:
		return body_limit > 0 && request->form == FORM_CHUNKED;
	case FLAW_BAD_CHUNK:
		return request->form == FORM_CHUNKED;
	case FLAW_CODING_IN_1_0:
		return request->minor == 0 && request->form == FORM_NONE;
	case FLAW_TWO_FRAMINGS:
	case FLAW_UNKNOWN_CODING:
		return request->minor == 1 && request->form == FORM_NONE;
	case FLAW_NO_HOST:
		return request->minor == 1;
	case FLAW_OLD_WEBSOCKET:
	case FLAW_BAD_WEBSOCKET:
		return request->minor == 1 && request->form == FORM_NONE &&
		       strcmp(request->method, "GET") == 0;
	case FLAW_BAD_LENGTH:
	case FLAW_TWO_LENGTHS:
		return request->form == FORM_NONE;
	default:
		return true;
	}
}

/* A flaw that needs nothing but this request; a limit for bodies makes large ones flawed. */
static void choose_flaw(struct request *request, struct random *random, const struct mood *mood,
                        uint64_t body_limit)
{
	if (!request->upgrades && random_chance(random, mood->client_faults / 2)) {
		enum flaw flaw = (enum flaw)random_between(random, 1, FLAW_COUNT - 1);

		/* Most of the others are the parser's; these need the session. */
		if (request->form != FORM_NONE && random_chance(random, 50))
			flaw = (enum flaw)random_between(random, FLAW_BAD_CHUNK, FLAW_BODY_GROWS);
		if (request->form == FORM_LENGTH && flaw == FLAW_BODY_GROWS)
			flaw = FLAW_BODY_TOO_LARGE;
		if (flaw_fits(request, flaw, body_limit))
			request->flaw = flaw;
	}
	if (request->flaw == FLAW_BODY_TOO_LARGE || request->flaw == FLAW_BODY_GROWS)
		request->body_size = body_limit + random_between(random, 1, 20000);
	else if (body_limit > 0 && request->body_size > body_limit)
		request->body_size = body_limit;
	if (request->flaw == FLAW_BAD_METHOD || request->flaw == FLAW_CONNECT)
		request->is_head = false;
	if (request->body_size == 0)
		request->expects = false;
}

static struct request *choose_request(struct client *client, struct ledger *ledger, bool is_last,
                                      uint64_t body_limit)
{
	static const char *const paths[] = {"/a",        "/a", "/a", "/b", "/n", "/t", "/a/some/where",
	                                    "/b/%7Euser"};
	struct random *random = client->random;
	struct request *request = ledger_request(ledger);
	size_t method = client->mood->is_stale && random_chance(random, 40)
	                    ? METHOD_PUT_AT
	                    : random_below(random, sizeof(methods) / sizeof(methods[0]));

	request->client = client->number;
	request->path = paths[random_below(random, sizeof(paths) / sizeof(paths[0]))];
	request->redirects = client->redirected;
	request->binds = client->binds;
	request->method = methods[method].name;
	request->is_idempotent = methods[method].is_idempotent;
	request->is_head = strcmp(request->method, "HEAD") == 0;
	request->minor = random_chance(random, 85) ? 1 : 0;
	request->keep_alive = !random_chance(random, is_last ? 50 : 5);
	choose_body(request, random, client->mood, methods[method].has_body);
	if (is_last && !client->redirected && request->form == FORM_NONE && random_chance(random, 25))
		choose_upgrade(request, random, client->mood);
	choose_flaw(request, random, client->mood, body_limit);
	return request;
}

void client_script(struct client *client, struct ledger *ledger, uint64_t body_limit)
{
	struct random *random = client->random;
	unsigned faults = client->mood->client_faults;
	unsigned count = (unsigned)random_between(random, 1, random_chance(random, 40) ? 8 : 3);

	client->starts_ms = client->loop->now_ms + random_size(random, 3000);
	client->redirected = random_chance(random, 5);
	client->is_balanced = !client->redirected && random_chance(random, 15);
	client->binds = random_chance(random, 10);
	client->pipelines = random_chance(random, 40);
	client->is_rude = random_chance(random, faults);
	client->end = (enum client_end)random_below(random, 3);
	client->stalls = random_chance(random, 40) ? (unsigned)random_between(random, 1, 10) : 0;
	if (random_chance(random, faults)) {
		client->departure = (enum departure)random_between(random, 1, 3);
		client->departs_after = random_size(random, random_chance(random, 50) ? 600 : 100000);
	}
	for (unsigned i = 0; i < count; i++)
		client->requests[i] = choose_request(client, ledger, i + 1 == count, body_limit);
	client->request_count = count;
	/* With its side ended right after the last request it can not use a tunnel both ways. */
	if (client->requests[count - 1]->upgrades && client->end == CLIENT_HALF_CLOSES)
		client->end = CLIENT_CLOSES;
}

static void put_target(const struct request *request, struct random *random, struct bytes *out)
{
	if (request->flaw != FLAW_CONNECT && random_chance(random, 15))
		bytes_put_string(out, "http://sim.example");
	if (request->flaw == FLAW_NO_ROUTE)
		bytes_put_string(out, "/nowhere");
	else
		bytes_put_string(out, request->path);
	if (request->flaw == FLAW_LONG_TARGET)
		for (unsigned i = 0; i < 1000; i++)
			bytes_put_string(out, "/very-long");
	bytes_printf(out, "/%04u", request->id);
	if (random_chance(random, 20))
		bytes_put_string(out, "?query=1&two=%20");
}

static void put_flaw(const struct request *request, struct bytes *out)
{
	switch (request->flaw) {
	case FLAW_TWO_FRAMINGS:
		bytes_put_string(out, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n");
		break;
	case FLAW_BAD_LENGTH:
		bytes_put_string(out, "Content-Length: +3\r\n");
		break;
	case FLAW_TWO_LENGTHS:
		bytes_put_string(out, "Content-Length: 3\r\nContent-Length: 4\r\n");
		break;
	case FLAW_UNKNOWN_CODING:
		bytes_put_string(out, "Transfer-Encoding: gzip, chunked\r\n");
		break;
	case FLAW_CODING_IN_1_0:
		bytes_put_string(out, "Transfer-Encoding: chunked\r\n");
		break;
	case FLAW_TWO_HOSTS:
		bytes_put_string(out, "Host: one.example\r\nHost: two.example\r\n");
		break;
	case FLAW_BARE_LF:
		bytes_put_string(out, "X-Bare: lf\n");
		break;
	case FLAW_FOLDED:
		bytes_put_string(out, "X-Folded: a\r\n b\r\n");
		break;
	case FLAW_SPACE_COLON:
		bytes_put_string(out, "X-Space : a\r\n");
		break;
	case FLAW_BAD_EXPECT:
		bytes_put_string(out, "Expect: wonders\r\n");
		break;
	case FLAW_OLD_WEBSOCKET:
		bytes_put_string(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		                      "Sec-WebSocket-Version: 8\r\n");
		break;
	case FLAW_BAD_WEBSOCKET:
		bytes_put_string(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		                      "Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n");
		break;
	default:
		break;
	}
}

static void put_filler(const struct request *request, struct random *random, struct bytes *out)
{
	size_t size = random_chance(random, 10) ? random_size(random, HEAD_BIG) : 0;
	unsigned fields = request->flaw == FLAW_MANY_FIELDS ? 120 : 0;

	if (request->flaw == FLAW_HUGE_HEAD)
		size = HEAD_HUGE;
	for (size_t i = 0; i < size; i += 1000) {
		bytes_put_string(out, "X-Filler: ");
		for (unsigned j = 0; j < 99; j++)
			bytes_put_string(out, "0123456789");
		bytes_put_string(out, "\r\n");
	}
	for (unsigned i = 0; i < fields; i++)
		bytes_put_string(out, "X-Many: 1\r\n");
	if (random_chance(random, 20))
		bytes_put_string(out, "Cookie: a=b; c=d\r\nX-Forwarded-For: 6.6.6.6\r\n");
}

static void put_connection(const struct request *request, struct random *random, struct bytes *out)
{
	if (request->upgrades) {
		bytes_put_string(out, "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
		                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		                      "Sec-WebSocket-Version: 13\r\n");
	} else if (!request->keep_alive && request->minor == 1) {
		bytes_put_string(out, "Connection: close\r\n");
	} else if (request->keep_alive && request->minor == 0) {
		bytes_put_string(out, "Connection: Keep-Alive\r\n");
	} else if (random_chance(random, 20)) {
		bytes_put_string(out, request->minor == 1 ? "Connection: X-Secret\r\nX-Secret: 1\r\n"
		                                          : "X-Plain: 1\r\n");
	}
}

static void put_head(const struct request *request, struct random *random, struct bytes *out)
{
	const char *method = request->flaw == FLAW_BAD_METHOD ? "B@D" : request->method;

	/* One empty line before a request is to be ignored (RFC 9112 §2.2). */
	if (random_chance(random, 5))
		bytes_put_string(out, "\r\n");
	if (request->flaw == FLAW_CONNECT) {
		bytes_put_string(out, "CONNECT sim.example:443 HTTP/1.1\r\n");
	} else {
		bytes_printf(out, "%s ", method);
		put_target(request, random, out);
		bytes_printf(out, " HTTP/%s\r\n",
		             request->flaw == FLAW_BAD_VERSION ? "2.0"
		             : request->minor == 1             ? "1.1"
		                                               : "1.0");
	}
	if (request->flaw != FLAW_NO_HOST && (request->minor == 1 || random_chance(random, 60)))
		bytes_put_string(out, "Host: sim.example\r\n");
	bytes_printf(out, "X-Sim: %u\r\n", request->id);
	if (request->binds)
		bytes_put_string(out, "Authorization: NTLM TlRMTVNTUAAB\r\n");
	put_filler(request, random, out);
	put_flaw(request, out);
	if (request->form == FORM_LENGTH)
		bytes_printf(out, "Content-Length: %llu\r\n", (unsigned long long)request->body_size);
	else if (request->form == FORM_CHUNKED)
		bytes_put_string(out, "Transfer-Encoding: chunked\r\n");
	if (request->expects)
		bytes_put_string(out, "Expect: 100-continue\r\n");
	put_connection(request, random, out);
	bytes_put_string(out, "\r\n");
}

static void put_chunks(const struct request *request, struct random *random, struct bytes *out)
{
	uint64_t key = request_body_key(request);
	size_t at = 0;
	size_t bad_at = random_below(random, (size_t)request->body_size + 1);

	while (at < request->body_size) {
		size_t size = 1 + random_size(random, (size_t)request->body_size - at - 1);

		if (request->flaw == FLAW_BAD_CHUNK && at + size > bad_at)
			break;
		bytes_printf(out, random_chance(random, 5) ? "%zX;name=\"value\"\r\n" : "%zx\r\n", size);
		bytes_put_body(out, key, at, size);
		bytes_put_string(out, "\r\n");
		at += size;
	}
	if (request->flaw == FLAW_BAD_CHUNK)
		bytes_put_string(out, "0x5\r\nHello");
	else
		bytes_put_string(out,
		                 random_chance(random, 10) ? "0\r\nX-Trailer: 1\r\n\r\n" : "0\r\n\r\n");
}

void request_render(const struct request *request, struct random *random, struct bytes *ret_bytes,
                    size_t *ret_head_size)
{
	put_head(request, random, ret_bytes);
	*ret_head_size = bytes_size(ret_bytes);
	if (request->form == FORM_LENGTH)
		bytes_put_body(ret_bytes, request_body_key(request), 0, (size_t)request->body_size);
	else if (request->form == FORM_CHUNKED)
		put_chunks(request, random, ret_bytes);
}
