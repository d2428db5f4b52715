/*
 * Loading a chain and its key: what is accepted, what is said of it, and what is refused why.
 */
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "unit/tls/link.h"

static enum error load(struct span chain, struct span key, struct tls_certificate **ret_certificate,
                       const char *words)
{
	struct text why;
	enum error error;

	*ret_certificate = NULL;
	text_init(&why, 500);
	error = tls_certificate_load(chain, key, ret_certificate, &why);
	if (words ? !strstr(text_string(&why), words) : why.size > 0)
		fail_msg("\"%s\" is not in \"%s\"", words ? words : "nothing", text_string(&why));
	assert_true((error == OK) == (*ret_certificate != NULL));
	text_done(&why);
	return error;
}

/* Makes what is ordered and loads it; `words`: part of what is said, NULL: nothing may be. */
static struct tls_certificate *make(const struct pki_order *order, enum error error,
                                    const char *words)
{
	struct pki_pair pair = pki_make(order);
	struct tls_certificate *certificate;

	assert_int_equal(load(pki_chain(&pair), pki_key(&pair), &certificate, words), error);
	pki_free(&pair);
	return certificate;
}

static void expect(const struct pki_order *order, enum error error, const char *words)
{
	tls_certificate_unref(make(order, error, words));
}

static void test_facts(void **state)
{
	static const char *const names[] = {"a.example", "*.b.example", "xn--bcher-kva.example"};
	struct pki_order order = {
		.kind = "P-256",
		.common_name = "ignored.example",
		.names = "DNS:A.example,DNS:*.B.Example,IP:10.0.0.1,email:x@a.example,"
				 "DNS:xn--bcher-kva.example,DNS:not a host,DNS:a.*.example",
	};
	struct tls_certificate *certificate = make(&order, OK, NULL);
	const struct tls_certificate_facts *facts = tls_certificate_facts(certificate);
	int64_t now_s = (int64_t)(clock_wall_us() / 1000000);

	(void)state;
	assert_int_equal(facts->name_count, ARRAY_LENGTH(names));
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		assert_true(span_equal(facts->names[i], span_of_string(names[i])));
	assert_int_equal(facts->kind, TLS_KEY_ECDSA_P256);
	assert_int_equal(facts->key_bits, 256);
	assert_int_equal(facts->chain_count, 2);
	assert_in_range((unsigned long)(facts->not_after_s - now_s), 86400 - 60, 86400);
	assert_in_range((unsigned long)(now_s - facts->not_before_s), 3600, 3600 + 60);
	assert_int_equal(strlen(facts->fingerprint), 64);
	tls_certificate_unref(tls_certificate_ref(certificate));
	tls_certificate_unref(certificate);
	tls_certificate_unref(NULL);
}

static void test_fingerprint(void **state)
{
	struct pki_pair pair = pki_make(&(struct pki_order){.kind = "P-256", .names = "DNS:a.example"});
	BIO *bio = BIO_new_mem_buf(pair.chain, -1);
	X509 *crt = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	unsigned char hash[32];
	char text[65];
	struct tls_certificate *certificate;

	(void)state;
	assert_int_equal(load(pki_chain(&pair), pki_key(&pair), &certificate, NULL), OK);
	assert_true(X509_digest(crt, EVP_sha256(), hash, NULL));
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(tls_certificate_facts(certificate)->fingerprint, text);
	tls_certificate_unref(certificate);
	X509_free(crt);
	BIO_free(bio);
	pki_free(&pair);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *kind;
		enum tls_key_kind is;
		unsigned bits;
		const char *name;
	} rows[] = {
		{"P-256", TLS_KEY_ECDSA_P256, 256, "ECDSA P-256"},
		{"P-384", TLS_KEY_ECDSA_P384, 384, "ECDSA P-384"},
		{"P-521", TLS_KEY_ECDSA_P521, 521, "ECDSA P-521"},
		{"RSA:2048", TLS_KEY_RSA, 2048, "RSA"},
		{"RSA:3072", TLS_KEY_RSA, 3072, "RSA"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct tls_certificate *certificate =
			make(&(struct pki_order){.kind = rows[i].kind, .names = "DNS:a.example"}, OK, NULL);
		const struct tls_certificate_facts *facts = tls_certificate_facts(certificate);

		assert_int_equal(facts->kind, rows[i].is);
		assert_int_equal(facts->key_bits, rows[i].bits);
		assert_string_equal(tls_key_kind_name(facts->kind), rows[i].name);
		tls_certificate_unref(certificate);
	}
}

static void test_common_name(void **state)
{
	struct tls_certificate *certificate =
		make(&(struct pki_order){.kind = "P-256", .common_name = "Only.example"}, OK, NULL);

	(void)state;
	assert_true(tls_certificate_matches(certificate, SPAN("only.example")));
	tls_certificate_unref(certificate);
	/* There is a subjectAltName, but no name of a host in it. */
	certificate = make(
		&(struct pki_order){.kind = "P-256", .common_name = "only.example", .names = "IP:10.0.0.1"},
		OK, "names no host");
	assert_false(tls_certificate_matches(certificate, SPAN("only.example")));
	tls_certificate_unref(certificate);
}

static void test_matches(void **state)
{
	static const struct {
		const char *name;
		bool matches;
	} rows[] = {
		{"a.example", true},      {"A.EXAMPLE", true},
		{"a.example.", true},     {"b.example", false},
		{"x.b.example", true},    {"x.B.example.", true},
		{"x.y.b.example", false}, {".b.example", false},
		{"a.example..", false},   {"", false},
		{"*.b.example", false},   {"xa.example", false},
		{"ample", false},         {"a.example x", false},
	};
	struct tls_certificate *certificate = pki_certificate("P-256", "a.example,*.b.example");

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (tls_certificate_matches(certificate, span_of_string(rows[i].name)) != rows[i].matches)
			fail_msg("\"%s\"", rows[i].name);
	tls_certificate_unref(certificate);
}

static void test_refused(void **state)
{
	static const struct {
		struct pki_order order;
		enum error error;
		const char *words;
	} rows[] = {
		{{.kind = "P-256", .from_s = -200000, .to_s = -100000},
	     ERROR_TLS_CERTIFICATE,
	     "the certificate expired on 20"},
		{{.kind = "RSA:1024"}, ERROR_TLS_CERTIFICATE, "has an RSA key of 1024 bits; 2048 to 8192"},
		{{.kind = "P-256", .digest = "SHA1"},
	     ERROR_TLS_CERTIFICATE,
	     "certificate 1 of the chain is signed with SHA-1"},
		{{.kind = "P-256", .usage = "clientAuth"},
	     ERROR_TLS_CERTIFICATE,
	     "key usage does not allow a TLS server"},
		{{.kind = "ED25519"},
	     ERROR_TLS_CERTIFICATE,
	     "certificate 1 of the chain can not be used: Ed25519 is not supported"},
		{{.kind = "ED448", .self_signed = true}, ERROR_TLS_CERTIFICATE, "Ed448 is not supported"},
		{{.kind = "secp256k1"}, ERROR_TLS_CERTIFICATE, "the curve secp256k1 is not supported"},
		{{.kind = "brainpoolP256r1"}, ERROR_TLS_CERTIFICATE, "not supported"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct pki_order order = rows[i].order;

		order.names = "DNS:a.example";
		expect(&order, rows[i].error, rows[i].words);
	}
}

static void test_warnings(void **state)
{
	struct pki_pair pair = pki_make(
		&(struct pki_order){.kind = "P-256", .names = "DNS:a.example", .no_intermediate = true});
	struct pki_pair other =
		pki_make(&(struct pki_order){.kind = "P-384", .names = "DNS:b.example", .with_root = true});
	struct tls_certificate *certificate;
	char chain[10000];

	(void)state;
	expect(
		&(struct pki_order){
			.kind = "P-256", .names = "DNS:a.example", .from_s = 86400, .to_s = 2 * 86400},
		OK, "the certificate is not valid before 20");
	expect(&(struct pki_order){.kind = "P-256", .names = "DNS:a.example", .with_root = true}, OK,
	       "the root is sent along, which clients do not need");
	expect(&(struct pki_order){.kind = "P-256"}, OK, "names no host");
	expect(
		&(struct pki_order){
			.kind = "P-256", .names = "DNS:a.example", .self_signed = true, .digest = "SHA1"},
		OK, NULL);
	(void)snprintf(chain, sizeof(chain), "%s%s", pair.chain, other.chain);
	assert_int_equal(load(span_of_string(chain), pki_key(&pair), &certificate,
	                      "the second certificate is not the issuer of the first"),
	                 OK);
	tls_certificate_unref(certificate);
	pki_free(&pair);
	pki_free(&other);
}

static void repeat(struct text *text, const char *string, int times)
{
	text_init(text, 100000);
	for (int i = 0; i < times; i++)
		text_put_string(text, string);
}

static void test_not_a_chain(void **state)
{
	struct pki_pair pair = pki_make(&(struct pki_order){.kind = "P-256", .names = "DNS:a.example"});
	struct span key = pki_key(&pair);
	struct tls_certificate *certificate;
	char *damaged = strdup(pair.chain);
	struct text many;

	(void)state;
	assert_int_equal(load(SPAN(""), key, &certificate, "no PEM certificate"),
	                 ERROR_TLS_CERTIFICATE);
	assert_int_equal(load(SPAN("0\x82\x01\x02"), key, &certificate, "no PEM certificate"),
	                 ERROR_TLS_CERTIFICATE);
	assert_int_equal(load(key, key, &certificate, "holds a private key but no certificate"),
	                 ERROR_TLS_CERTIFICATE);
	assert_int_equal(
		load(span_cut(pki_chain(&pair), 0, 300), key, &certificate, "no PEM certificate"),
		ERROR_TLS_CERTIFICATE);
	*strstr(damaged + 200, "-----END") = '*';
	assert_int_equal(load(span_of_string(damaged), key, &certificate,
	                      "certificate 1 of the chain "
	                      "can not be used (PEM"),
	                 ERROR_TLS_CERTIFICATE);
	memcpy(damaged, pair.chain, strlen(pair.chain));
	memcpy(strstr(damaged, "-----BEGIN CERTIFICATE-----\nMII") + 30, "zzzzzzzz", 8);
	assert_int_equal(load(span_of_string(damaged), key, &certificate,
	                      "certificate 1 of the chain can not be used (X509"),
	                 ERROR_TLS_CERTIFICATE);
	repeat(&many, pair.chain, 6);
	assert_int_equal(
		load(text_span(&many), key, &certificate, "the chain has more than 10 certificates"),
		ERROR_TLS_CERTIFICATE);
	text_done(&many);
	free(damaged);
	pki_free(&pair);
}

static void test_large_chain(void **state)
{
	static char names[20000];
	struct text chain;
	struct tls_certificate *certificate;
	struct pki_pair pair;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 150; i++)
		at += (size_t)snprintf(names + at, sizeof(names) - at,
		                       "%sDNS:very-long-host-name-%d.example", i ? "," : "", i);
	pair = pki_make(&(struct pki_order){.kind = "P-256", .names = names, .no_intermediate = true});
	assert_int_equal(load(pki_chain(&pair), pki_key(&pair), &certificate, NULL), OK);
	assert_int_equal(tls_certificate_facts(certificate)->name_count, 150);
	tls_certificate_unref(certificate);
	repeat(&chain, pair.chain, 4);
	assert_int_equal(load(text_span(&chain), pki_key(&pair), &certificate,
	                      "more than the 16000 that can be sent"),
	                 ERROR_TLS_CERTIFICATE);
	text_done(&chain);
	pki_free(&pair);
}

static void test_keys(void **state)
{
	struct pki_pair pair = pki_make(&(struct pki_order){.kind = "P-256", .names = "DNS:a.example"});
	struct span chain = pki_chain(&pair);
	struct tls_certificate *certificate;
	static const struct {
		const char *kind;
		const char *password;
		enum error error;
		const char *words;
	} rows[] = {
		{"P-256", NULL, OK, NULL},
		{"3P-256", NULL, ERROR_TLS_KEY_MISMATCH, "the key does not belong to the certificate"},
		{"RSA:2048", NULL, ERROR_TLS_KEY_MISMATCH, "the key does not belong to the certificate"},
		{"2P-256", NULL, ERROR_TLS_KEY_MISMATCH, "the key belongs to certificate 2 of the chain"},
		{"P-256", "secret", ERROR_TLS_KEY, "encrypted, which is not supported"},
		{"ED25519", NULL, ERROR_TLS_KEY, "can not be read: Ed25519 is not supported"},
		{"RSA:1024", NULL, ERROR_TLS_KEY, "has an RSA key of 1024 bits"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		EVP_PKEY *key = rows[i].kind[0] == '3' ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
		                                       : pki_key_of(rows[i].kind);
		char *pem = pki_key_pem(key, rows[i].password);

		assert_int_equal(load(chain, span_of_string(pem), &certificate, rows[i].words),
		                 rows[i].error);
		tls_certificate_unref(certificate);
		free(pem);
		if (rows[i].kind[0] == '3')
			EVP_PKEY_free(key);
	}
	assert_int_equal(load(chain, chain, &certificate, "no PEM private key"), ERROR_TLS_KEY);
	assert_int_equal(load(chain, SPAN(""), &certificate, "no PEM private key"), ERROR_TLS_KEY);
	assert_int_equal(load(chain,
	                      SPAN("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
	                      &certificate, "the private key can not be read (PK"),
	                 ERROR_TLS_KEY);
	pki_free(&pair);
}

/* Older forms of keys, and chain and key in one file. */
static void test_forms_of_keys(void **state)
{
	static const char *const kinds[] = {"P-256", "RSA:2048"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		struct pki_pair pair =
			pki_make(&(struct pki_order){.kind = kinds[i], .names = "DNS:a.example"});
		struct tls_certificate *certificate;
		BIO *bio = BIO_new(BIO_s_mem());
		char both[20000];
		char *data;
		long size;

		/* SEC1 and PKCS#1. */
		assert_true(PEM_write_bio_PrivateKey_traditional(bio, pki_key_of(kinds[i]), NULL, NULL, 0,
		                                                 NULL, NULL));
		size = BIO_get_mem_data(bio, &data);
		assert_int_equal(load(pki_chain(&pair), span_of(data, (size_t)size), &certificate, NULL),
		                 OK);
		tls_certificate_unref(certificate);
		(void)snprintf(both, sizeof(both), "# a comment\n%.*s\n%s", (int)size, data, pair.chain);
		assert_int_equal(load(span_of_string(both), span_of_string(both), &certificate, NULL), OK);
		tls_certificate_unref(certificate);
		BIO_free(bio);
		/* The same, encrypted in the old way. */
		bio = BIO_new(BIO_s_mem());
		assert_true(
			PEM_write_bio_PrivateKey_traditional(bio, pki_key_of(kinds[i]), EVP_aes_128_cbc(),
		                                         (const unsigned char *)"secret", 6, NULL, NULL));
		size = BIO_get_mem_data(bio, &data);
		assert_int_equal(
			load(pki_chain(&pair), span_of(data, (size_t)size), &certificate, "encrypted"),
			ERROR_TLS_KEY);
		BIO_free(bio);
		pki_free(&pair);
	}
}

static void test_each_allocation_fails(void **state)
{
	static const char *const kinds[] = {"P-256", "RSA:2048"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		struct pki_pair pair =
			pki_make(&(struct pki_order){.kind = kinds[i], .names = "DNS:a.example"});
		enum error error = ERROR_OUT_OF_MEMORY;
		long successes = 0;

		while (error) {
			struct tls_certificate *certificate = NULL;
			struct text why;

			text_init(&why, 200);
			memory_fail_after(successes);
			error = tls_certificate_load(pki_chain(&pair), pki_key(&pair), &certificate, &why);
			memory_fail_after(-1);
			if (error && error != ERROR_OUT_OF_MEMORY)
				fail_msg("%s after %ld: %s", error_code(error), successes, text_string(&why));
			tls_certificate_unref(certificate);
			text_done(&why);
			successes += successes < 300 ? 1 : 17;
		}
		assert_true(successes > 20);
		pki_free(&pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),         cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_kinds),         cmocka_unit_test(test_common_name),
		cmocka_unit_test(test_matches),       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_warnings),      cmocka_unit_test(test_not_a_chain),
		cmocka_unit_test(test_large_chain),   cmocka_unit_test(test_keys),
		cmocka_unit_test(test_forms_of_keys), cmocka_unit_test(test_each_allocation_fails),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
