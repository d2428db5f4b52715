#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/memory.h"
#include "http/h1_write.h"
#include "route/forward.h"
#include "unit/http/heads.h"

enum { ARENA_SIZE_MAX = 1 << 20 };

static const struct forward_facts facts_usual = {
	.client_address = SPAN_INIT("192.0.2.7"),
	.scheme = SPAN_INIT("https"),
	.host_default = SPAN_INIT("backend.internal"),
	.request_id = SPAN_INIT("id1"),
};

/* What we add to a request to the host `a` with the facts above. */
#define OURS                                                                            \
	"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\n" \
	"Forwarded: for=192.0.2.7;host=a;proto=https\r\nX-Request-Id: id1\r\n"

struct row {
	const char *received;
	const char *written;
};

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void check_written(const struct message *message, const char *wanted)
{
	struct span bytes;
	struct span copy;

	assert_int_equal(h1_write_head(message, &arena, &bytes), OK);
	assert_int_equal(arena_copy(&arena, bytes, &copy), OK);
	assert_string_equal(copy.data, wanted);
}

/* The writer would pass them over; but they are gone before. */
static void check_fields(const struct message *message)
{
	for (size_t i = 0; i < message->field_count; i++)
		assert_int_equal(field_traits(message->fields[i].id) & (FIELD_HOP | FIELD_WRITTEN), 0);
	assert_true(message->upgrade != UPGRADE_OTHER);
	assert_true(message->kind == MESSAGE_REQUEST || message->status == 101 ||
	            message->upgrade == UPGRADE_NONE);
}

static void check_requests(const struct row *rows, size_t count, const struct forward_facts *facts)
{
	for (size_t i = 0; i < count; i++) {
		const struct message request = request_of(rows[i].received, &arena);
		struct message forwarded;

		assert_int_equal(forward_request(&request, facts, true, &arena, &forwarded), OK);
		check_written(&forwarded, rows[i].written);
		check_fields(&forwarded);
	}
}

static void test_targets_and_hosts(void **state)
{
	static const struct row rows[] = {
		{"GET /x/../%41?q HTTP/1.1\r\nhOST: a\r\n\r\n",
	     "GET /x/../%41?q HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		/* RFC 9112 §3.2.2: the absolute form outranks Host, which is written anew. */
		{"GET http://a/x HTTP/1.1\r\nHost: evil\r\n\r\n",
	     "GET /x HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		{"GET http://a?x HTTP/1.1\r\nHost: evil\r\n\r\n",
	     "GET /?x HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		{"OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n",
	     "OPTIONS * HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		/* A port makes the host in Forwarded no token. */
		{"GET / HTTP/1.1\r\nHost: a:81\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a:81\r\nX-Forwarded-For: 192.0.2.7\r\n"
	     "X-Forwarded-Proto: https\r\nX-Forwarded-Host: a:81\r\n"
	     "Forwarded: for=192.0.2.7;host=\"a:81\";proto=https\r\nX-Request-Id: id1\r\n\r\n"},
		/* HTTP/1.0 without Host */
		{"GET / HTTP/1.0\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: backend.internal\r\nX-Forwarded-For: 192.0.2.7\r\n"
	     "X-Forwarded-Proto: https\r\n"
	     "Forwarded: for=192.0.2.7;proto=https\r\nX-Request-Id: id1\r\n\r\n"},
	};

	(void)state;
	check_requests(rows, ARRAY_LENGTH(rows), &facts_usual);
}

static void test_hop_by_hop_fields_end_here(void **state)
{
	static const struct row rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n"
	     "Connection: keep-alive, X-Own\r\nX-Own: 1\r\nKeep-Alive: 5\r\n"
	     "Proxy-Connection: x\r\nTE: trailers\r\nTrailer: X\r\nHTTP2-Settings: x\r\n"
	     "Upgrade: h2c\r\nX-Other: 2\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\nX-Other: 2\r\n" OURS "\r\n"},
		/* Connection must not take away what we set, nor what is end to end. */
		{"GET / HTTP/1.1\r\nHost: a\r\n"
	     "Connection: Host, X-Forwarded-For, forwarded, cookie, X-Real-IP, "
	     "Authorization, Content-Length, x-request-id, X-Forwarded-Proto\r\n"
	     "Cookie: c\r\nAuthorization: d\r\nContent-Length: 3\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\nCookie: c\r\nAuthorization: d\r\n" OURS
	     "Content-Length: 3\r\n\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
	     "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n"
	     "Sec-WebSocket-Key: k\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: k\r\n" OURS
	     "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"},
	};

	(void)state;
	check_requests(rows, ARRAY_LENGTH(rows), &facts_usual);
}

static void test_bodies(void **state)
{
	static const struct row rows[] = {
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
	     "POST / HTTP/1.1\r\nHost: a\r\n" OURS "Transfer-Encoding: chunked\r\n\r\n"},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0007\r\n\r\n",
	     "POST / HTTP/1.1\r\nHost: a\r\n" OURS "Content-Length: 7\r\n\r\n"},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
	     "POST / HTTP/1.1\r\nHost: a\r\n" OURS "Content-Length: 0\r\n\r\n"},
		{"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
	     "POST / HTTP/1.1\r\nHost: a\r\n" OURS "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
	};

	(void)state;
	check_requests(rows, ARRAY_LENGTH(rows), &facts_usual);
}

static void test_nobody_but_us_says_who_the_client_is(void **state)
{
	static const struct row rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1\r\nx-forwarded-proto: 2\r\n"
	     "X-Forwarded-Host: 3\r\nX-Forwarded-Port: 4\r\nX-Forwarded-Anything: 5\r\nForwarded: 6\r\n"
	     "X-Real-IP: 7\r\nX-Request-Id: 8\r\nClient-Cert: 9\r\nClient-Cert-Chain: 10\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		/* Aliases that CGI and its heirs take for the same */
		{"GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 1\r\nX-Forwarded_Proto: 2\r\n"
	     "X.Real.IP: 3\r\nx_request-id: 4\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\n"
	     "X_Forwarded_Anything: 6\r\nClient!Cert: 7\r\nX~Forwarded~For: 8\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		/* CVE-2016-5385 */
		{"GET / HTTP/1.1\r\nHost: a\r\nProxy: evil:80\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		/* Others keep their bytes. */
		{"GET / HTTP/1.1\r\nHost: a\r\nx_other: 1\r\nX-Forwarded: 2\r\nXForwarded-For: 3\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\nx_other: 1\r\nX-Forwarded: 2\r\nXForwarded-For: 3\r\n" OURS
	     "\r\n"},
	};

	(void)state;
	check_requests(rows, ARRAY_LENGTH(rows), &facts_usual);
}

static void test_a_trusted_peer_is_added_to(void **state)
{
	static const struct row rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1\r\nX-Forwarded-For: 2, 3\r\n"
	     "X-Forwarded-Proto: http\r\nX-Forwarded-Host: b\r\nX-Forwarded-Port: 4\r\n"
	     "Forwarded: for=1\r\nX-Real-IP: 5\r\nX_Real_IP: 6\r\nConnection: X-Forwarded-For\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: b\r\n"
	     "X-Forwarded-Port: 4\r\nX-Real-IP: 5\r\nX-Forwarded-For: 1, 2, 3, 192.0.2.7\r\n"
	     "Forwarded: for=1, for=192.0.2.7;host=a;proto=https\r\nX-Request-Id: id1\r\n\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For:\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
	};
	struct forward_facts facts = facts_usual;

	(void)state;
	facts.peer_trusted = true;
	check_requests(rows, ARRAY_LENGTH(rows), &facts);
}

/* Whoever the peer is, and in whatever spelling: only a handshake with us proves anything. */
static void test_nobody_brings_a_proof(void **state)
{
	static const struct row rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\nClient-Cert: 1\r\nclient-cert-chain: 2\r\n"
	     "X-Client-Cert-Verify: SUCCESS\r\nX-Client-Cert-Subject: 3\r\nX-CLIENT-CERT-SAN: 4\r\n"
	     "X-Client-Cert-Fingerprint: 5\r\nX-Client-Cert-Anything: 6\r\nClient-Cert-New: 7\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\nClient_Cert: 1\r\nX.Client.Cert.Verify: SUCCESS\r\n"
	     "X_Client_Cert_Anything: 2\r\nx-client_cert-san: 3\r\nClient!Cert!Chain: 4\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
		/* Listing them in Connection changes nothing. */
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Client-Cert-Verify\r\n"
	     "X-Client-Cert-Verify: SUCCESS\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\n" OURS "\r\n"},
	};
	struct forward_facts facts = facts_usual;

	(void)state;
	check_requests(rows, ARRAY_LENGTH(rows), &facts);
	facts.peer_trusted = true;
	check_requests(rows, ARRAY_LENGTH(rows), &facts);
}

/* RFC 9440 §2; and plain fields, for backends that read no structured ones. */
static void test_a_proof_is_handed_on(void **state)
{
	static const char received[] =
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: Client-Cert, X-Client-Cert-Verify\r\n"
		"Client-Cert: :Zm9yZ2Vk:\r\nX-Client-Cert-Verify: SUCCESS\r\n\r\n";
	static const struct row none[] = {
		{received, "GET / HTTP/1.1\r\nHost: a\r\n" OURS "X-Client-Cert-Verify: NONE\r\n\r\n"}};
	static const struct row given[] = {
		{received, "GET / HTTP/1.1\r\nHost: a\r\n" OURS "X-Client-Cert-Verify: SUCCESS\r\n"
	               "Client-Cert: :YQ==:\r\nClient-Cert-Chain: :Yg==:, :Yw==:\r\n"
	               "X-Client-Cert-Subject: CN=a\\, b\r\nX-Client-Cert-San: DNS:a\r\n"
	               "X-Client-Cert-Fingerprint: 00ff\r\n\r\n"}};
	static const struct row bare[] = {
		{received, "GET / HTTP/1.1\r\nHost: a\r\n" OURS "X-Client-Cert-Verify: SUCCESS\r\n"
	               "Client-Cert: :YQ==:\r\nX-Client-Cert-Fingerprint: 00ff\r\n\r\n"}};
	struct forward_proof proof = {0};
	struct forward_facts facts = facts_usual;

	(void)state;
	facts.proof = &proof;
	check_requests(none, 1, &facts);
	proof = (struct forward_proof){
		.is_given = true,
		.certificate = SPAN(":YQ==:"),
		.chain = SPAN(":Yg==:, :Yw==:"),
		.subject = SPAN("CN=a\\, b"),
		.san = SPAN("DNS:a"),
		.fingerprint = SPAN("00ff"),
	};
	check_requests(given, 1, &facts);
	proof.chain = proof.subject = proof.san = SPAN("");
	check_requests(bare, 1, &facts);
}

static void test_addresses(void **state)
{
	static const struct row ipv6[] = {
		{"GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\nX-Forwarded-For: 2001:db8::7\r\n"
	     "X-Forwarded-Proto: https\r\nX-Forwarded-Host: [2001:db8::1]\r\n"
	     "Forwarded: for=\"[2001:db8::7]\";host=\"[2001:db8::1]\";proto=https\r\n"
	     "X-Request-Id: id1\r\n\r\n"},
	};
	static const struct row unknown[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	     "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: unknown\r\nX-Forwarded-Proto: https\r\n"
	     "X-Forwarded-Host: a\r\nForwarded: for=unknown;host=a;proto=https\r\n"
	     "X-Request-Id: id1\r\n\r\n"},
	};
	struct forward_facts facts = facts_usual;

	(void)state;
	facts.client_address = SPAN("2001:db8::7");
	check_requests(ipv6, ARRAY_LENGTH(ipv6), &facts);
	facts.client_address = SPAN("");
	check_requests(unknown, ARRAY_LENGTH(unknown), &facts);
}

static void test_a_fact_that_can_not_be_written(void **state)
{
	const struct message request = request_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &arena);
	struct forward_facts facts = facts_usual;
	struct message forwarded = {.status = 7};

	(void)state;
	facts.request_id = SPAN("a\r\nb");
	assert_int_equal(forward_request(&request, &facts, true, &arena, &forwarded), ERROR_INVALID);
	assert_int_equal(forwarded.status, 7);
}

static void test_request_ids(void **state)
{
	static const struct {
		const char *received;
		const char *trusted;
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "own"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: theirs\r\n\r\n", "theirs"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id:\r\n\r\n", "own"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: a b\r\n\r\n", "own"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: Az09-_.:=+/@\r\n\r\n", "Az09-_.:=+/@"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: <b>\r\n\r\n", "own"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: \xc3\xa9\r\n\r\n", "own"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\r\nX-Request-Id: b\r\n\r\n", "own"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		const struct message request = request_of(rows[i].received, &arena);

		assert_true(span_equal(forward_request_id(&request, true, SPAN("own")),
		                       span_of_string(rows[i].trusted)));
		assert_true(span_equal(forward_request_id(&request, false, SPAN("own")), SPAN("own")));
	}
}

static const struct {
	const char *method_and_version; /* of the client's request */
	const char *received;
	const char *written;
} response_rows[] = {
	{"GET / HTTP/1.1", "HTTP/1.1 200 OK\r\nDate: d\r\nServer: s\r\nContent-Length: 5\r\n\r\n",
     "HTTP/1.1 200 OK\r\nDate: d\r\nServer: s\r\nContent-Length: 5\r\n\r\n"},
	{"GET / HTTP/1.1",
     "HTTP/1.1 200 OK\r\nConnection: close, X-Own, Set-Cookie\r\nX-Own: 1\r\nSet-Cookie: 2\r\n"
     "Keep-Alive: 3\r\nTrailer: 4\r\nUpgrade: h2c\r\nProxy-Connection: 5\r\n"
     "Content-Length: 5\r\n\r\n",
     "HTTP/1.1 200 OK\r\nSet-Cookie: 2\r\nContent-Length: 5\r\n\r\n"},
	{"GET / HTTP/1.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"GET / HTTP/1.0", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
	{"GET / HTTP/1.0", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
     "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n"},
	/* Until close at the backend need not be so for the client. */
	{"GET / HTTP/1.1", "HTTP/1.0 200 OK\r\n\r\n",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"GET / HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
	{"HEAD / HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
	{"HEAD / HTTP/1.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "HTTP/1.1 200 OK\r\n\r\n"},
	{"HEAD / HTTP/1.1", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
	{"GET / HTTP/1.1", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: e\r\n\r\n",
     "HTTP/1.1 304 Not Modified\r\nETag: e\r\nContent-Length: 5\r\n\r\n"},
	{"GET / HTTP/1.1", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
     "HTTP/1.1 204 No Content\r\n\r\n"},
	{"GET / HTTP/1.1", "HTTP/1.1 103 Early Hints\r\nLink: l\r\n\r\n",
     "HTTP/1.1 103 Early Hints\r\nLink: l\r\n\r\n"},
	{"GET / HTTP/1.1",
     "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n"
     "Sec-WebSocket-Accept: x\r\n\r\n",
     "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nUpgrade: websocket\r\n"
     "Connection: Upgrade\r\n\r\n"},
	{"GET / HTTP/1.1",
     "HTTP/1.1 426 \r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
     "Content-Length: 0\r\n\r\n",
     "HTTP/1.1 426 \r\nContent-Length: 0\r\n\r\n"},
};

static void test_responses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(response_rows); i++) {
		char text[100];

		snprintf(text, sizeof(text), "%s\r\nHost: a\r\n\r\n", response_rows[i].method_and_version);

		const struct message request = request_of(text, &arena);
		const struct message response =
			response_of(response_rows[i].received, request.method, &arena);
		struct message forwarded;

		assert_int_equal(forward_response(&response, &request, true, &arena, &forwarded), OK);
		check_written(&forwarded, response_rows[i].written);
		check_fields(&forwarded);
		assert_int_equal(forwarded.keep_alive, forwarded.framing != BODY_UNTIL_CLOSE);
	}
}

static void test_a_response_that_ends_the_connection(void **state)
{
	const struct message request = request_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &arena);
	const struct message response =
		response_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", METHOD_GET, &arena);
	struct message forwarded;

	(void)state;
	assert_int_equal(forward_response(&response, &request, false, &arena, &forwarded), OK);
	check_written(&forwarded, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
}

static enum error forward_both(const struct message *request, const struct message *response,
                               struct arena *small)
{
	struct forward_facts facts = facts_usual;
	struct message forwarded;

	facts.peer_trusted = true;

	enum error error = forward_request(request, &facts, true, small, &forwarded);

	return error ? error : forward_response(response, request, true, small, &forwarded);
}

static void test_each_allocation_that_fails(void **state)
{
	const struct message request = request_of(
		"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1\r\nForwarded: for=1\r\n\r\n", &arena);
	const struct message response =
		response_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", METHOD_GET, &arena);
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	/* By size, since an arena takes many pieces out of one allocation. */
	for (size_t max = 0; error == ERROR_OUT_OF_MEMORY; max++) {
		struct arena small;

		assert_true(max < ARENA_SIZE_MAX);
		arena_init(&small, NULL, max);
		error = forward_both(&request, &response, &small);
		arena_done(&small);
	}
	assert_int_equal(error, OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_targets_and_hosts, begin, end),
		cmocka_unit_test_setup_teardown(test_hop_by_hop_fields_end_here, begin, end),
		cmocka_unit_test_setup_teardown(test_bodies, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody_but_us_says_who_the_client_is, begin, end),
		cmocka_unit_test_setup_teardown(test_a_trusted_peer_is_added_to, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody_brings_a_proof, begin, end),
		cmocka_unit_test_setup_teardown(test_a_proof_is_handed_on, begin, end),
		cmocka_unit_test_setup_teardown(test_addresses, begin, end),
		cmocka_unit_test_setup_teardown(test_a_fact_that_can_not_be_written, begin, end),
		cmocka_unit_test_setup_teardown(test_request_ids, begin, end),
		cmocka_unit_test_setup_teardown(test_responses, begin, end),
		cmocka_unit_test_setup_teardown(test_a_response_that_ends_the_connection, begin, end),
		cmocka_unit_test_setup_teardown(test_each_allocation_that_fails, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
