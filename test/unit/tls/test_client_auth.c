/*
 * Certificates of clients in a handshake: who is let in, and what is known of them then.
 */
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tls/identity.h"
#include "unit/tls/authorities.h"
#include "unit/tls/link.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static struct holder root, stranger, client, early, foreign;

static int open_group(void **state)
{
	if (world_open(state) != 0)
		return -1;
	root = authority_make("CN=Root", "P-384", NULL);
	stranger = authority_make("CN=Stranger", "P-384", NULL);
	client = holder_make(&(struct holder_order){
		.subject = "C=NL",
		.subjects = {"O=Example, Inc.", "CN= \"a\"\\b+c;d=\xc3\xa9# "},
		.issuer = &root,
		.names = "DNS:a.example,IP:192.0.2.1,IP:2001:db8::1,email:a@example,URI:spiffe://a/b",
		.usage = "clientAuth",
	});
	early = holder_make(&(struct holder_order){
		.subject = "CN=early", .issuer = &root, .from_s = 3600, .to_s = 7200});
	foreign = holder_make(&(struct holder_order){.subject = "CN=foreign", .issuer = &stranger});
	return 0;
}

static int close_group(void **state)
{
	holder_free(&root);
	holder_free(&stranger);
	holder_free(&client);
	holder_free(&early);
	holder_free(&foreign);
	return world_close(state);
}

static struct tls_client_ca *load_ca(void)
{
	char *pem = holders_pem(&root, NULL);
	struct tls_client_ca_source source = {.ca_pem = span_of_string(pem), .depth = 1};
	struct tls_client_ca *ca = NULL;
	struct text why;

	text_init(&why, 500);
	assert_int_equal(tls_client_ca_load(&source, &ca, &why), OK);
	text_done(&why);
	free(pem);
	return ca;
}

static struct tls_server *server_for(enum tls_client_mode mode)
{
	struct tls_client_ca *ca = mode == TLS_CLIENT_NONE ? NULL : load_ca();
	struct tls_certificate *certificate = pki_certificate("P-256", "a.example");
	struct tls_terms terms = {
		.policy = tls_policy_default(),
		.client_mode = mode,
		.client_ca = ca,
		.client_chain_size_max = 8192,
		.identity_size_max = 4096,
	};
	const struct tls_sites_options options = {
		.certificates = &certificate, .certificate_count = 1, .terms = &terms};
	struct tls_sites *sites = NULL;

	assert_int_equal(tls_terms_seal(&terms), OK);
	assert_int_equal(tls_sites_new(&options, &sites), OK);
	tls_certificate_unref(certificate);
	tls_client_ca_unref(ca);
	return make_server_for(sites, NULL);
}

/* NULL: the client has none. */
static void open_with(struct link *link, struct tls_server *server, int version,
                      const struct holder *holder)
{
	link_open(link, server, &(struct wish){.version = version});
	if (!holder)
		return;
	assert_true(SSL_use_certificate(link->client, holder->crt));
	assert_true(SSL_use_PrivateKey(link->client, holder->key));
}

static void test_who_is_let_in(void **state)
{
	static const struct {
		enum tls_client_mode mode;
		const struct holder *holder;
		enum error error;
		bool is_known;
	} rows[] = {
		{TLS_CLIENT_NONE, NULL, OK, false},
		{TLS_CLIENT_NONE, &foreign, OK, false},
		{TLS_CLIENT_OPTIONAL, NULL, OK, false},
		{TLS_CLIENT_OPTIONAL, &client, OK, true},
		{TLS_CLIENT_OPTIONAL, &early, ERROR_TLS_CLIENT_CERTIFICATE, false},
		{TLS_CLIENT_OPTIONAL, &foreign, ERROR_TLS_CLIENT_CERTIFICATE, false},
		{TLS_CLIENT_REQUIRED, NULL, ERROR_TLS_CLIENT_CERTIFICATE_MISSING, false},
		{TLS_CLIENT_REQUIRED, &client, OK, true},
		{TLS_CLIENT_REQUIRED, &early, ERROR_TLS_CLIENT_CERTIFICATE, false},
		{TLS_CLIENT_REQUIRED, &foreign, ERROR_TLS_CLIENT_CERTIFICATE, false},
		/* A CA's own certificate: its key usage does not allow it. */
		{TLS_CLIENT_REQUIRED, &root, ERROR_TLS_CLIENT_CERTIFICATE, false},
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(rows); i++) {
		struct tls_server *server = server_for(rows[i / 2].mode);
		struct link link;

		open_with(&link, server, versions[i % 2], rows[i / 2].holder);
		link_run(&link);
		if (link.error != rows[i / 2].error)
			fail_msg("row %zu: %s", i / 2, error_code(link.error));
		assert_int_equal(tls_session_phase(link.session), link.error ? TLS_FAILED : TLS_OPEN);
		assert_int_equal(tls_session_facts(link.session)->client != NULL, rows[i / 2].is_known);
		assert_int_equal(tls_session_facts(link.session)->client_mode, rows[i / 2].mode);
		link_close(&link);
		tls_server_unref(server);
	}
}

static void test_what_is_known(void **state)
{
	struct tls_server *server = server_for(TLS_CLIENT_REQUIRED);
	struct link link;

	(void)state;
	open_with(&link, server, TLS1_3_VERSION, &client);
	link_shake(&link);

	const struct tls_identity *identity = tls_session_facts(link.session)->client;

	/* RFC 4514 §2.4; what is not ASCII is escaped, so that it can stand in a field. */
	assert_true(
		span_equal(identity->subject,
	               SPAN("CN=\\20\\\"a\\\"\\\\b\\+c\\;d=\\c3\\a9#\\20,O=Example\\, Inc.,C=NL")));
	assert_true(
		span_equal(identity->san, SPAN("DNS:a.example,IP:192.0.2.1,IP:2001:db8::1,email:a@example,"
	                                   "URI:spiffe://a/b")));
	assert_int_equal(identity->fingerprint.size, 64);
	assert_int_equal(identity->certificate.data[0], ':');
	assert_int_equal(identity->certificate.data[identity->certificate.size - 1], ':');
	assert_int_equal(identity->chain.size, 0);
	assert_false(identity->lacks_chain);
	link_close(&link);
	tls_server_unref(server);
}

/* RFC 5280 §4.2.1.6; CVE-2009-2408 and its like: readers in C would see "a.example". */
static void test_a_nul_in_a_name(void **state)
{
	struct tls_server *server = server_for(TLS_CLIENT_OPTIONAL);
	struct holder evil = {.crt = X509_dup(client.crt), .key = client.key};
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	int at = X509_get_ext_by_NID(evil.crt, NID_subject_alt_name, -1);
	struct link link;
	struct text why;

	(void)state;
	X509_EXTENSION_free(X509_delete_ext(evil.crt, at));
	assert_true(ASN1_STRING_set(text, "a.example\0.evil.example", 23));
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	assert_true(sk_GENERAL_NAME_push(names, name));
	assert_true(X509_add1_ext_i2d(evil.crt, NID_subject_alt_name, names, 0, 0));
	assert_true(X509_sign(evil.crt, root.key, EVP_sha256()) > 0);
	GENERAL_NAMES_free(names);
	open_with(&link, server, TLS1_3_VERSION, &evil);
	link_run(&link);
	assert_int_equal(link.error, ERROR_TLS_CLIENT_CERTIFICATE);
	text_init(&why, 1000);
	tls_session_explain(link.session, &why);
	assert_non_null(strstr(text_string(&why), "an alternative name in it holds a NUL byte"));
	text_done(&why);
	link_close(&link);
	tls_server_unref(server);
	holder_free(&evil);
}

/* The verdict does not depend on there being memory: without it nobody is let in. */
static void test_each_allocation_that_fails(void **state)
{
	struct tls_server *server = server_for(TLS_CLIENT_REQUIRED);
	bool is_done = false;

	(void)state;
	for (long i = 0; !is_done; i += 1 + i / 30) {
		struct link link;

		assert_true(i < 10000000);
		open_with(&link, server, versions[i % 2], &client);
		memory_fail_after(i);
		link_run(&link);
		memory_fail_after(-1);
		is_done = tls_session_phase(link.session) == TLS_OPEN;
		assert_int_equal(tls_session_facts(link.session)->client != NULL, is_done);
		link_close(&link);
	}
	tls_server_unref(server);
}

/* What is kept of a client's certificate is charged. */
static void test_memory(void **state)
{
	struct tls_server *server = server_for(TLS_CLIENT_REQUIRED);
	struct tls_server *open = server_for(TLS_CLIENT_NONE);
	struct link link;
	size_t without, with;

	(void)state;
	open_with(&link, open, TLS1_3_VERSION, NULL);
	link_shake(&link);
	without = atomic_load(&world.budget.used);
	link_close(&link);
	open_with(&link, server, TLS1_3_VERSION, &client);
	link_shake(&link);
	with = atomic_load(&world.budget.used);
	assert_int_equal(with, without + tls_session_facts(link.session)->client->size);
	link_close(&link);
	assert_int_equal(atomic_load(&world.budget.used), 0);
	tls_server_unref(server);
	tls_server_unref(open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_let_in),   cmocka_unit_test(test_what_is_known),
		cmocka_unit_test(test_a_nul_in_a_name), cmocka_unit_test(test_each_allocation_that_fails),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, open_group, close_group);
}
