/*
 * The outlook: each step in words, or the first that fails with a fix and its price; for names that
 * have a certificate, that have none, and that are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tls/outlook.h"
#include "tls/profile.h"
#include "unit/tls/link.h"

enum { RECORD_HEADER_SIZE = 5 };

/* A listener with one policy and certificates of up to two kinds for "a.example". */
static struct tls_sites *sites_of(const char *policy, const char *first, const char *second,
                                  bool refuse)
{
	struct tls_certificate *certificates[2] = {
		pki_certificate(first, "a.example"),
		second ? pki_certificate(second, "a.example") : NULL,
	};
	struct tls_sites *sites =
		make_sites(tls_policy_find(span_of_string(policy)), refuse, certificates, second ? 2 : 1);

	return sites;
}

/* What a client of the table makes of the sites. */
struct look {
	struct tls_sites *sites;
	char wire[TLS_PROFILE_HELLO_SIZE_MAX];
	struct tls_hello hello;
	struct tls_outlook outlook;
};

static void look(struct look *look, struct tls_sites *sites, const char *client, const char *name)
{
	const struct tls_profile *profile = tls_profile_find(span_of_string(client));
	size_t size = tls_profile_write(profile, span_of_string(name), look->wire);

	look->sites = sites;
	assert_true(tls_hello_read(span_of(look->wire + RECORD_HEADER_SIZE, size - RECORD_HEADER_SIZE),
	                           &look->hello));
	tls_outlook(sites, true, &look->hello, NULL, &look->outlook);
}

static void expect_step(const struct look *look, enum tls_outlook_step step, const char *expected)
{
	struct text text;

	text_init(&text, 4000);
	tls_outlook_put_step(&look->outlook, step, &text);
	assert_string_equal(text_string(&text), expected);
	text_done(&text);
}

static void expect_words(const struct look *look,
                         void (*put)(const struct tls_outlook *outlook, struct text *text),
                         const char *expected)
{
	struct text text;

	text_init(&text, 4000);
	put(&look->outlook, &text);
	assert_string_equal(text_string(&text), expected);
	text_done(&text);
}

static void test_each_step(void **state)
{
	struct tls_sites *sites = sites_of("intermediate", "RSA:2048", "P-256", false);
	struct look of;

	(void)state;
	look(&of, sites, "curl-7.88", "a.example");
	assert_int_equal(of.outlook.error, OK);
	assert_int_equal(of.outlook.certificate, 1);
	expect_step(&of, TLS_OUTLOOK_HELLO,
	            "offers TLSv1.3, TLSv1.2, TLSv1.1, TLSv1; 31 cipher suites; groups x25519, "
	            "secp256r1, x448, secp521r1, secp384r1, ffdhe2048, ffdhe3072, ffdhe4096 and 2 "
	            "more; ALPN h2, http/1.1");
	expect_step(&of, TLS_OUTLOOK_NAME,
	            "\"a.example\": policy intermediate-2026-04, certificates ECDSA P-256 and RSA");
	expect_step(&of, TLS_OUTLOOK_VERSION, "TLSv1.3: the newest that client and policy have");
	expect_step(&of, TLS_OUTLOOK_SUITE,
	            "TLS_AES_256_GCM_SHA384: the policy's first that the client has");
	expect_step(&of, TLS_OUTLOOK_KEY_EXCHANGE,
	            "x25519: the policy's first that the client has and sends a key share for");
	expect_step(&of, TLS_OUTLOOK_CERTIFICATE,
	            "ECDSA P-256 for a.example, signing with ecdsa_secp256r1_sha256: the policy's "
	            "first that the client has");
	expect_step(&of, TLS_OUTLOOK_PROTOCOL, "http/1.1: the only one that Sallyport speaks");
	expect_step(&of, TLS_OUTLOOK_FINISHED,
	            "after one round trip; the client gets a ticket for the next time");
	tls_sites_unref(sites);
}

static void test_tls_1_2(void **state)
{
	struct tls_sites *sites = sites_of("intermediate", "RSA:2048", NULL, false);
	struct look of;

	(void)state;
	look(&of, sites, "java-8u161", "a.example");
	assert_int_equal(of.outlook.error, OK);
	expect_step(&of, TLS_OUTLOOK_SUITE,
	            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: the policy's first that the client has and "
	            "a certificate can sign for");
	expect_step(&of, TLS_OUTLOOK_PROTOCOL,
	            "none: the client does not use ALPN, so HTTP/1.1 is spoken");
	expect_step(&of, TLS_OUTLOOK_FINISHED, "after two round trips; no ticket");
	tls_sites_unref(sites);
}

/* Nothing is said of the steps after the one that fails. */
static void test_a_step_that_fails(void **state)
{
	struct tls_sites *sites = sites_of("intermediate", "RSA:2048", NULL, false);
	struct look of;

	(void)state;
	look(&of, sites, "ie-11-win7", "a.example");
	assert_int_equal(of.outlook.error, ERROR_TLS_NO_COMMON_SUITE);
	assert_int_equal(of.outlook.failed, TLS_OUTLOOK_SUITE);
	assert_int_equal(of.outlook.certificate, -1);
	expect_step(&of, TLS_OUTLOOK_VERSION, "TLSv1.2: the newest that client and policy have");
	expect_step(&of, TLS_OUTLOOK_KEY_EXCHANGE, "");
	expect_step(&of, TLS_OUTLOOK_FINISHED, "");
	expect_words(&of, tls_outlook_put_fix, "add an ECDSA P-256 certificate for the name");
	expect_words(&of, tls_outlook_put_price, "one more certificate to renew");
	tls_sites_unref(sites);
}

static void test_a_name_without_certificate(void **state)
{
	struct tls_sites *sites = sites_of("intermediate", "P-256", NULL, false);
	struct tls_sites *strict = sites_of("intermediate", "P-256", NULL, true);
	struct look of;

	(void)state;
	look(&of, sites, "go-1.19", "b.example");
	assert_int_equal(of.outlook.error, OK);
	expect_step(&of, TLS_OUTLOOK_NAME,
	            "\"b.example\": policy intermediate-2026-04, certificates ECDSA P-256; none is for "
	            "this name, so the first is sent, which most clients refuse");
	look(&of, strict, "go-1.19", "b.example");
	assert_int_equal(of.outlook.error, ERROR_TLS_UNKNOWN_NAME);
	expect_step(&of, TLS_OUTLOOK_NAME,
	            "\"b.example\": there is no certificate for it, and others are refused");
	expect_words(&of, tls_outlook_put_fix,
	             "add a certificate for the name, or set unknown_server_name to default");
	look(&of, strict, "go-1.19", "");
	expect_step(&of, TLS_OUTLOOK_NAME, "the client names no server, and such clients are refused");
	expect_words(&of, tls_outlook_put_fix, "set unknown_server_name to default");
	tls_sites_unref(sites);
	tls_sites_unref(strict);
}

/* RFC 7301 §3.2 */
static void test_no_common_protocol(void **state)
{
	struct tls_sites *sites = sites_of("intermediate", "P-256", NULL, false);
	struct look of;

	(void)state;
	look(&of, sites, "rustls-0.23", "a.example");
	of.hello.protocols = SPAN("\x02h2\x02h3");
	tls_outlook(sites, true, &of.hello, NULL, &of.outlook);
	assert_int_equal(of.outlook.error, ERROR_TLS_NO_COMMON_PROTOCOL);
	expect_step(&of, TLS_OUTLOOK_PROTOCOL,
	            "the client offers in ALPN no http/1.1, which is all that Sallyport speaks");
	expect_words(&of, tls_outlook_put_fix, "let the client offer http/1.1, too");
	expect_words(&of, tls_outlook_put_price, "");
	tls_sites_unref(sites);
}

/* In place of the name in the hello. */
static void test_another_name(void **state)
{
	struct tls_sites *sites = sites_of("intermediate", "P-256", NULL, true);
	struct span name = SPAN("a.example");
	struct look of;

	(void)state;
	look(&of, sites, "rustls-0.23", "b.example");
	assert_int_equal(of.outlook.error, ERROR_TLS_UNKNOWN_NAME);
	tls_outlook(sites, false, &of.hello, &name, &of.outlook);
	assert_int_equal(of.outlook.error, OK);
	expect_step(&of, TLS_OUTLOOK_FINISHED, "after one round trip; no ticket");
	tls_sites_unref(sites);
}

static void test_each_step_has_a_name(void **state)
{
	(void)state;
	for (unsigned step = 0; step < TLS_OUTLOOK_STEP_COUNT; step++)
		assert_true(strlen(tls_outlook_step_name((enum tls_outlook_step)step)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_step),
		cmocka_unit_test(test_tls_1_2),
		cmocka_unit_test(test_a_step_that_fails),
		cmocka_unit_test(test_a_name_without_certificate),
		cmocka_unit_test(test_no_common_protocol),
		cmocka_unit_test(test_another_name),
		cmocka_unit_test(test_each_step_has_a_name),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
