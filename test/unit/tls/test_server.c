/*
 * The choice of the certificate: by name, and by what the client can verify.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/tls/link.h"

/* Runs a handshake and returns the index of the certificate that was sent; -1: none. */
static int certificate_for(struct tls_server *server, const struct wish *wish)
{
	struct link link;

	link_open(&link, server, wish);
	link_shake(&link);

	int certificate = tls_session_facts(link.session)->certificate;

	link_close(&link);
	return certificate;
}

static void expect_refusal(struct tls_server *server, const struct wish *wish, const char *words)
{
	struct text why;
	struct link link;

	text_init(&why, 300);
	link_open(&link, server, wish);
	link_run(&link);
	assert_int_equal(link.error, ERROR_TLS_UNKNOWN_NAME);
	assert_int_equal(tls_session_phase(link.session), TLS_FAILED);
	assert_int_equal(link_client_alert(&link), SSL_AD_UNRECOGNIZED_NAME);
	tls_session_explain(link.session, &why);
	assert_string_equal(text_string(&why), words);
	text_done(&why);
	link_close(&link);
}

static void test_by_name(void **state)
{
	static const struct {
		const char *name;
		int certificate;
	} rows[] = {
		{"one.example", 0},
		{"two.example", 1},
		{"www.two.example", 1},
		{"x.wild.example", 2},
		{"X.Wild.Example.", 2},
		{"wild.example", 0},
		{"x.y.wild.example", 0},
		{"api.wild.example", 1},
		{"other.example", 0},
		{"10.0.0.1", 0},
		{"under_score.wild.example", 2},
		{NULL, 0},
	};
	struct tls_server *server =
		make_server(NULL, false, pki_certificate("P-256", "one.example"),
	                pki_certificate("P-256", "two.example,www.two.example,api.wild.example"),
	                pki_certificate("P-256", "*.wild.example"), NULL);

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(rows); i++) {
		struct wish wish = {.name = rows[i / 2].name,
		                    .version = i % 2 ? TLS1_3_VERSION : TLS1_2_VERSION};

		if (certificate_for(server, &wish) != rows[i / 2].certificate)
			fail_msg("%s", rows[i / 2].name ? rows[i / 2].name : "no name");
	}
	tls_server_unref(server);
}

static void test_refusal(void **state)
{
	struct tls_server *server = make_server(NULL, true, pki_certificate("P-256", "one.example"),
	                                        pki_certificate("P-256", "*.wild.example"), NULL);

	(void)state;
	for (int i = 0; i < 2; i++) {
		int version = i ? TLS1_3_VERSION : TLS1_2_VERSION;

		assert_int_equal(
			certificate_for(server, &(struct wish){.name = "one.example", .version = version}), 0);
		assert_int_equal(
			certificate_for(server, &(struct wish){.name = "a.wild.example", .version = version}),
			1);
		expect_refusal(server, &(struct wish){.name = "two.example", .version = version},
		               "there is no certificate for the server name \"two.example\"; the alert "
		               "unrecognized_name (112) was sent");
		expect_refusal(server, &(struct wish){.version = version},
		               "the client named no server; the alert unrecognized_name (112) was sent");
	}
	tls_server_unref(server);
}

/* The same when the library alone has read the ClientHello. */
static void test_refusal_of_unread_hello(void **state)
{
	struct tls_server *server =
		make_server(NULL, true, pki_certificate("P-256", "one.example"), NULL);

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct link link;

		link_open(&link, server,
		          &(struct wish){.name = i / 2 ? "one.example" : "two.example",
		                         .version = i % 2 ? TLS1_3_VERSION : TLS1_2_VERSION});
		link_resize(&link.wire_in, 64);
		link_run(&link);
		assert_int_equal(link.error, i / 2 ? OK : ERROR_TLS_UNKNOWN_NAME);
		assert_int_equal(link_client_alert(&link), i / 2 ? -1 : SSL_AD_UNRECOGNIZED_NAME);
		link_close(&link);
	}
	tls_server_unref(server);
}

static void test_ecdsa_before_rsa(void **state)
{
	static const struct wish ecdsa[] = {
		{.version = TLS1_2_VERSION},
		{.version = TLS1_3_VERSION},
		{0},
		/* RSA first in the client's order, which the library alone would follow. */
		{.version = TLS1_3_VERSION, .signatures = "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256"},
		{.version = TLS1_2_VERSION, .signatures = "RSA+SHA256:ECDSA+SHA384"},
		{.version = TLS1_2_VERSION,
	     .suites_1_2 = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384"},
	};
	static const struct wish rsa[] = {
		{.version = TLS1_3_VERSION, .signatures = "rsa_pss_rsae_sha256:ecdsa_secp384r1_sha384"},
		{.version = TLS1_3_VERSION, .signatures = "rsa_pss_rsae_sha384:rsa_pkcs1_sha256"},
		{.version = TLS1_2_VERSION, .signatures = "RSA+SHA256"},
		{.version = TLS1_2_VERSION, .suites_1_2 = "ECDHE-RSA-AES256-GCM-SHA384"},
		/* The better cipher comes before the cheaper signature. */
		{.version = TLS1_2_VERSION,
	     .suites_1_2 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"},
		/* The certificate's curve is not offered. */
		{.version = TLS1_2_VERSION, .groups = "X25519"},
	};
	struct tls_server *server = make_server(NULL, false, pki_certificate("RSA:2048", "a.example"),
	                                        pki_certificate("P-256", "a.example"), NULL);

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(ecdsa); i++) {
		struct wish wish = ecdsa[i / 2];

		wish.name = i % 2 ? "a.example" : NULL;
		assert_int_equal(certificate_for(server, &wish), 1);
	}
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(rsa); i++) {
		struct wish wish = rsa[i / 2];

		wish.name = i % 2 ? "a.example" : "other.example";
		assert_int_equal(certificate_for(server, &wish), 0);
	}
	tls_server_unref(server);
}

/* After a HelloRetryRequest the library asks for the certificate a second time. */
static void test_retry_keeps_choice(void **state)
{
	struct tls_server *server = make_server(NULL, false, pki_certificate("P-256", "a.example"),
	                                        pki_certificate("RSA:2048", "b.example"),
	                                        pki_certificate("P-256", "b.example"), NULL);

	(void)state;
	assert_int_equal(
		certificate_for(
			server, &(struct wish){.name = "b.example", .groups = "P-521:X25519", .verify = true}),
		2);
	assert_int_equal(
		certificate_for(server,
	                    &(struct wish){.name = "b.example",
	                                   .groups = "P-521:X25519",
	                                   .verify = true,
	                                   .signatures = "rsa_pss_rsae_sha256:ecdsa_secp384r1_sha384"}),
		1);
	tls_server_unref(server);
}

static void test_every_kind_of_key(void **state)
{
	static const char *const kinds[] = {"P-256", "P-384", "P-521", "RSA:2048", "RSA:3072"};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(kinds); i++) {
		struct tls_server *server =
			make_server(NULL, true, pki_certificate(kinds[i / 2], "a.example"), NULL);

		assert_int_equal(certificate_for(server, &(struct wish){.name = "a.example",
		                                                        .verify = true,
		                                                        .version = i % 2 ? TLS1_3_VERSION
		                                                                         : TLS1_2_VERSION}),
		                 0);
		tls_server_unref(server);
	}
}

/* A session keeps its server alive, and its certificates. */
static void test_references(void **state)
{
	struct tls_server *server =
		make_server(NULL, true, pki_certificate("P-256", "a.example"), NULL);
	struct link link;

	(void)state;
	link_open(&link, server, &(struct wish){.name = "a.example"});
	tls_server_unref(server);
	link_shake(&link);
	link_client_says(&link, "still here");
	link_close(&link);
	tls_server_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_refusal_of_unread_hello),
		cmocka_unit_test(test_ecdsa_before_rsa),
		cmocka_unit_test(test_retry_keeps_choice),
		cmocka_unit_test(test_every_kind_of_key),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
