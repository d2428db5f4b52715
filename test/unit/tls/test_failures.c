/*
 * Handshakes that must fail: with the right error, the right alert, and words that say why.
 */
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "unit/tls/link.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static struct tls_server *server;

static int open_group(void **state)
{
	if (world_open(state) != 0)
		return -1;
	server = make_server(NULL, false, pki_certificate("P-256", "a.example"), NULL);
	return 0;
}

static int close_group(void **state)
{
	tls_server_unref(server);
	return world_close(state);
}

static void expect_words(const struct link *link, const char *words)
{
	struct text why;

	text_init(&why, 1000);
	tls_session_explain(link->session, &why);
	if (!strstr(text_string(&why), words))
		fail_msg("\"%s\" is not in \"%s\"", words, text_string(&why));
	text_done(&why);
}

/* A session that gets these bytes and no more. */
static void open_with_bytes(struct link *link, struct span bytes)
{
	link_open(link, server, &(struct wish){0});
	assert_int_equal(buffer_put(&link->wire_in, bytes), bytes.size);
}

static enum error advance(struct link *link)
{
	bool moved;

	return tls_session_advance(link->session, &link->wire_in, link->wire_ended, &link->wire_out,
	                           &link->plain_in, &moved);
}

static void test_plain_http(void **state)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"POST /x HTTP/1.0\r\n\r\n",
		"HEAD / HTTP/1.1",
		"PUT / HTTP/1.1",
		"DELETE / HTTP/1.1",
		"OPTIONS * HTTP/1.1",
		"PATCH / HTTP/1.1",
		"TRACE / HTTP/1.1",
		"CONNECT a.example:443 HTTP/1.1",
		"PROPFIND / HTTP/1.1",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
		struct span all = span_of_string(requests[i]);
		size_t method = span_find(all, ' ') + 1;
		struct link link;

		open_with_bytes(&link, SPAN(""));
		for (size_t at = 0; at < method; at++) {
			assert_int_equal(advance(&link), OK);
			assert_int_equal(buffer_put(&link.wire_in, span_cut(all, at, at + 1)), 1);
		}
		assert_int_equal(advance(&link), ERROR_TLS_PLAIN_HTTP);
		assert_int_equal(advance(&link), ERROR_TLS_PLAIN_HTTP);
		/* All bytes are still there, for an answer in plaintext; no alert. */
		assert_int_equal(buffer_size(&link.wire_in), method);
		assert_true(buffer_is_empty(&link.wire_out));
		expect_words(&link, "the client speaks HTTP, not TLS");
		link_close(&link);
	}
}

static void test_garbage(void **state)
{
	static const struct {
		struct span bytes;
		enum error error;
	} rows[] = {
		{{"SSH-2.0-OpenSSH_9.2\r\n", 21}, ERROR_TLS_NOT_TLS},
		{{"GETTING / HTTP/1.1\r\n", 20}, ERROR_TLS_NOT_TLS},
		{{"get / http/1.1\r\n", 16}, ERROR_TLS_NOT_TLS},
		{{"\0\0\0\0\0\0\0\0\0\0\0\0", 12}, ERROR_TLS_NOT_TLS},
		/* SSLv2's hello */
		{{"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10\x01\x00\x80", 14}, ERROR_TLS_SSL2_HELLO},
		/* application data, an alert, a ServerHello, an empty record, an empty message */
		{{"\x17\x03\x01\x00\x05hello", 10}, ERROR_TLS_HELLO_MALFORMED},
		{{"\x15\x03\x01\x00\x02\x02\x28", 7}, ERROR_TLS_ALERT},
		{{"\x16\x03\x01\x00\x06\x02\x00\x00\x02\x03\x03", 11}, ERROR_TLS_HELLO_MALFORMED},
		{{"\x16\x03\x01\x00\x00", 5}, ERROR_TLS_HELLO_MALFORMED},
		{{"\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9}, ERROR_TLS_HELLO_MALFORMED},
		/* a record that is too long */
		{{"\x16\x03\x01\xff\xff\x01\x00\x00\x02\x03\x03", 11}, ERROR_TLS_HELLO_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct link link;
		struct text why;

		open_with_bytes(&link, rows[i].bytes);
		link.error = advance(&link);
		if (link.error != rows[i].error)
			fail_msg("row %zu: %s", i, error_code(link.error));
		text_init(&why, 300);
		tls_session_explain(link.session, &why);
		assert_true(why.size > 10);
		text_done(&why);
		if (rows[i].error == ERROR_TLS_ALERT)
			assert_int_equal(tls_session_facts(link.session)->alert_received, 40);
		else
			assert_true(span_starts_with(buffer_content(&link.wire_out), SPAN("\x15\x03")));
		assert_int_equal(buffer_size(&link.wire_out), rows[i].error == ERROR_TLS_ALERT ? 0 : 7);
		link_close(&link);
	}
}

static const char ours_1_2[] =
	"for TLSv1.2, policy intermediate-2026-04 allows TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, ";
static const struct {
	struct wish wish;
	enum error error;
	int alert;
	const char *words[2];
} disagreements[] = {
	{{.version = TLS1_1_VERSION},
     ERROR_TLS_NO_COMMON_VERSION,
     SSL_AD_PROTOCOL_VERSION,
     {"no_common_version: the client offers at most TLS 1.1, policy intermediate-2026-04 "
      "allows 1.2 to 1.3; Mbed TLS has nothing older than 1.2; update the client; the alert "
      "protocol_version (70) was sent"}},
	{{.version = TLS1_VERSION},
     ERROR_TLS_NO_COMMON_VERSION,
     SSL_AD_PROTOCOL_VERSION,
     {"the client offers at most TLS 1.0,"}},
	{{.version = TLS1_2_VERSION, .suites_1_2 = "AES256-SHA:AES128-GCM-SHA256"},
     ERROR_TLS_NO_COMMON_SUITE,
     SSL_AD_HANDSHAKE_FAILURE,
     {"no_common_cipher_suite: the client offers the cipher suites TLS_RSA_WITH_AES_256_CBC_"
      "SHA, TLS_RSA_WITH_AES_128_GCM_SHA256 for",
      ours_1_2}},
	{{.version = TLS1_2_VERSION, .suites_1_2 = "ECDHE-RSA-AES256-GCM-SHA384"},
     ERROR_TLS_NO_COMMON_SUITE,
     SSL_AD_HANDSHAKE_FAILURE,
     {ours_1_2, "; those in common need an RSA certificate, the name has ECDSA P-256; add one"}},
	{{.version = TLS1_2_VERSION, .suites_1_2 = "ECDHE-ECDSA-AES256-SHA384"},
     ERROR_TLS_NO_COMMON_SUITE,
     SSL_AD_HANDSHAKE_FAILURE,
     {"offers the cipher suites TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 for", ours_1_2}},
	{{.version = TLS1_2_VERSION, .groups = "X25519"},
     ERROR_TLS_NO_COMMON_SIGNATURE,
     SSL_AD_HANDSHAKE_FAILURE,
     {"the client's groups lack the curve of the name's certificate, ECDSA P-256"}},
	{{.version = TLS1_2_VERSION, .groups = "X448"},
     ERROR_TLS_NO_COMMON_GROUP,
     SSL_AD_HANDSHAKE_FAILURE,
     {"no_common_group: the client offers the groups x448 for TLSv1.2, policy "
      "intermediate-2026-04 allows x25519, secp256r1, secp384r1; update the client"}},
	{{.version = TLS1_3_VERSION, .suites_1_3 = "TLS_AES_128_CCM_SHA256"},
     ERROR_TLS_NO_COMMON_SUITE,
     SSL_AD_HANDSHAKE_FAILURE,
     {"offers the cipher suites TLS_AES_128_CCM_SHA256 for TLSv1.3, policy "
      "intermediate-2026-04 allows TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, "
      "TLS_AES_128_GCM_SHA256; update"}},
	{{.version = TLS1_3_VERSION, .groups = "P-521:X448"},
     ERROR_TLS_NO_COMMON_GROUP,
     SSL_AD_HANDSHAKE_FAILURE,
     {"no_common_group: the client offers the groups secp521r1, x448 for TLSv1.3"}},
	{{.version = TLS1_3_VERSION, .signatures = "rsa_pss_rsae_sha256"},
     ERROR_TLS_NO_COMMON_SIGNATURE,
     SSL_AD_HANDSHAKE_FAILURE,
     {"no_common_signature_algorithm: the client offers the signature algorithms "
      "rsa_pss_rsae_sha256 for TLSv1.3",
      "; those in common are not for the name's certificate, ECDSA P-256; add an RSA"}},
	{{.version = TLS1_2_VERSION, .signatures = "RSA+SHA256"},
     /* OpenSSL then leaves out the suites of ECDSA. */
     ERROR_TLS_NO_COMMON_SUITE,
     SSL_AD_HANDSHAKE_FAILURE,
     {ours_1_2, "; those in common need an RSA certificate"}},
	{{.version = TLS1_2_VERSION, .signatures = "ECDSA+SHA1"},
     ERROR_TLS_NO_COMMON_SIGNATURE,
     SSL_AD_HANDSHAKE_FAILURE,
     {"offers the signature algorithms ecdsa_sha1 for TLSv1.2",
      "; update the client, or its list of signature algorithms; the alert handshake_failure "
      "(40) was sent"}},
};

static void test_no_agreement(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(disagreements); i++) {
		struct link link;
		struct wish wish = disagreements[i / 2].wish;

		link_open(&link, server, &wish);
		if (wish.version < TLS1_2_VERSION || (wish.signatures && strstr(wish.signatures, "SHA1")))
			SSL_set_security_level(link.client, 0);
		link.step = i % 2;
		link_run(&link);
		if (link.error != disagreements[i / 2].error ||
		    link_client_alert(&link) != disagreements[i / 2].alert)
			fail_msg("row %zu: %s, alert %d", i / 2, error_code(link.error),
			         link_client_alert(&link));
		assert_int_equal(tls_session_facts(link.session)->alert_sent, disagreements[i / 2].alert);
		expect_words(&link, disagreements[i / 2].words[0]);
		if (disagreements[i / 2].words[1])
			expect_words(&link, disagreements[i / 2].words[1]);
		link_close(&link);
	}
}

/* The client does not know our root, or is not pleased with our name. */
static void test_alert_received(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(versions); i++) {
		struct link link;
		bool is_name = i % 2;

		link_open(
			&link, server,
			&(struct wish){.version = versions[i / 2], .verify = is_name, .name = "b.example"});
		SSL_set_verify(link.client, SSL_VERIFY_PEER, NULL);
		link_run(&link);
		assert_int_equal(link.error, ERROR_TLS_ALERT);
		/* In TLS 1.3 OpenSSL sends it in plaintext, which the library takes for a bad record. */
		assert_int_equal(tls_session_facts(link.session)->alert_received,
		                 is_name ? SSL_AD_BAD_CERTIFICATE : SSL_AD_UNKNOWN_CA);
		expect_words(&link,
		             is_name
		                 ? "the client rejected our certificate with the alert bad_certificate (42)"
		                 : "the client rejected our certificate with the alert unknown_ca (48)");
		link_close(&link);
	}
}

/* The client goes away after each of its bytes. */
static void test_client_goes(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LENGTH(versions); v++) {
		for (unsigned turns = 0;; turns += turns < 10 ? 1 : 13) {
			struct link link;
			bool is_open;

			link_open(&link, server, &(struct wish){.version = versions[v]});
			link.step = 1;
			for (unsigned i = 0; i < turns; i++)
				(void)link_turn(&link);
			is_open = tls_session_phase(link.session) == TLS_OPEN;
			link.wire_ended = true;
			/* The client may still write: its socket is closed. */
			(void)BIO_reset(SSL_get_wbio(link.client));
			(void)advance(&link);
			while (!buffer_is_empty(&link.wire_out)) {
				buffer_taken(&link.wire_out, buffer_size(&link.wire_out));
				(void)advance(&link);
			}
			assert_int_equal(advance(&link), is_open      ? ERROR_TLS_TRUNCATED
			                                 : turns == 0 ? ERROR_TLS_NO_HELLO
			                                              : ERROR_CONNECTION_CLOSED);
			if (turns == 0)
				expect_words(&link, "the client closed the connection without a ClientHello");
			link_close(&link);
			if (is_open)
				break;
		}
	}
}

/* The second ClientHello asks for another server: what was chosen by the first would be wrong. */
static void test_changed_name(void **state)
{
	struct link link;
	char *at;

	(void)state;
	link_open(
		&link, server,
		&(struct wish){.version = TLS1_3_VERSION, .groups = "P-521:X25519", .name = "a.example"});
	(void)link_turn(&link);
	assert_true(tls_session_facts(link.session)->has_retry);
	(void)SSL_do_handshake(link.client);
	link.wire_in.end = (size_t)BIO_read(SSL_get_wbio(link.client), link.wire_in.data, 4096);
	at = memmem(link.wire_in.data, link.wire_in.end, "a.example", 9);
	assert_non_null(at);
	*at = 'b';
	link_run(&link);
	assert_int_equal(link.error, ERROR_TLS_HANDSHAKE);
	assert_int_equal(link_client_alert(&link), SSL_AD_ILLEGAL_PARAMETER);
	expect_words(&link, "the ClientHello changed its server name");
	link_close(&link);
}

/* The client's Finished, damaged: the alert is encrypted in TLS 1.3. */
static void test_damaged_handshake(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LENGTH(versions); v++) {
		struct link link;

		link_open(&link, server, &(struct wish){.version = versions[v]});
		(void)link_turn(&link);
		(void)SSL_do_handshake(link.client);
		link.wire_in.end = (size_t)BIO_read(SSL_get_wbio(link.client), link.wire_in.data, 4096);
		link.wire_in.data[link.wire_in.end - 1] ^= 1;
		link_run(&link);
		assert_int_equal(link.error, ERROR_TLS_HANDSHAKE);
		/* In TLS 1.3 the library uses the keys of the handshake, and the client can not read it. */
		if (versions[v] == TLS1_2_VERSION)
			assert_int_equal(link_client_alert(&link), SSL_AD_BAD_RECORD_MAC);
		assert_true(link.client_error != 0);
		expect_words(&link, "Verification of the message MAC failed");
		assert_int_equal(tls_session_facts(link.session)->alert_sent, SSL_AD_BAD_RECORD_MAC);
		link_close(&link);
	}
}

/* --- Memory ------------------------------------------------------------------------------- */

struct story {
	struct wish wish;
	struct tls_tickets *tickets;
	SSL_SESSION *ticket;
};

/* A life of a server and a session, of whose allocations some fail; returns whether all went. */
static bool live(const struct story *story, struct tls_sites *sites, long successes)
{
	struct tls_server_options options = {
		.sites = sites, .tickets = story->tickets, .random = world.random, .budget = &world.budget};
	struct tls_server *own = NULL;
	struct link link;
	size_t taken = 0;
	bool is_well = false;

	memory_fail_after(successes);
	if (tls_server_new(&options, &own) != OK) {
		memory_fail_after(-1);
		return false;
	}
	memory_fail_after(-1);
	link_open(&link, own, &story->wish);
	tls_session_free(link.session);
	link.session = NULL;
	memory_fail_after(successes);
	if (tls_session_new(own, &link.session) == OK) {
		/* The link itself must not be hit. */
		memory_fail_after(-1);
		text_put(&link.received, SPAN("room"));
		text_clear(&link.received);
		memory_fail_after(successes);
		link_run(&link);
		is_well = tls_session_phase(link.session) == TLS_OPEN &&
		          tls_session_write(link.session, SPAN("hello"), &link.wire_out, &taken) == OK &&
		          taken == 5;
		if (!is_well)
			assert_int_equal(link.error, ERROR_OUT_OF_MEMORY);
	}
	memory_fail_after(-1);
	link_close(&link);
	tls_server_unref(own);
	return is_well;
}

static SSL_SESSION *get_ticket(struct tls_tickets *tickets, int version)
{
	struct tls_server *own =
		make_server(tickets, false, pki_certificate("P-256", "a.example"), NULL);
	struct link link;
	SSL_SESSION *ticket;

	link_open(&link, own, &(struct wish){.version = version});
	link_shake(&link);
	ticket = link.ticket;
	link.ticket = NULL;
	link_close(&link);
	tls_server_unref(own);
	return ticket;
}

static void test_each_allocation_fails(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		const char *kind = i & 4 ? "RSA:2048" : "P-256";
		struct story story = {.wish = {.version = versions[i & 1]}};
		struct tls_certificate *certificate = pki_certificate(kind, "a.example");
		struct tls_sites *sites = make_sites(NULL, false, &certificate, 1);
		long successes = 0;

		assert_int_equal(tls_tickets_new(3600000, &story.tickets), OK);
		if (i & 2)
			story.wish.session = story.ticket = get_ticket(story.tickets, versions[i & 1]);
		/* Handshakes allocate thousands of numbers: the first ones all, then some. */
		while (!live(&story, sites, successes))
			successes += successes < 100 ? 1 : i & 4 ? 211 : 37;
		assert_true(successes > 50);
		SSL_SESSION_free(story.ticket);
		tls_tickets_unref(story.tickets);
		tls_sites_unref(sites);
		assert_int_equal(atomic_load(&world.budget.used), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_http),        cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_no_agreement),      cmocka_unit_test(test_alert_received),
		cmocka_unit_test(test_client_goes),       cmocka_unit_test(test_changed_name),
		cmocka_unit_test(test_damaged_handshake), cmocka_unit_test(test_each_allocation_fails),
	};

	return cmocka_run_group_tests(tests, open_group, close_group);
}
