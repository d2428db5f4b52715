/*
 * Bundles of client CAs and revocation lists: what is taken, and what is complained of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tls/client_ca.h"
#include "tls/library.h"
#include "unit/tls/authorities.h"
#include "unit/tls/link.h"

static struct holder root, second, leaf, sub;

static int open_group(void **state)
{
	if (world_open(state) != 0)
		return -1;
	root = authority_make("CN=Root", "P-384", NULL);
	second = authority_make("CN=Second", "RSA:2048", NULL);
	sub = authority_make("CN=Sub", "2P-256", &root);
	leaf = holder_make(&(struct holder_order){.subject = "CN=leaf", .issuer = &root});
	return 0;
}

static int close_group(void **state)
{
	holder_free(&root);
	holder_free(&second);
	holder_free(&sub);
	holder_free(&leaf);
	return world_close(state);
}

/* Loads, frees the texts, and looks for `words` in what is said; NULL: nothing is. */
static void expect(char *ca, char *crl, unsigned depth, enum error wanted, const char *words)
{
	struct tls_client_ca_source source = {
		.ca_pem = span_of_string(ca), .crl_pem = span_of_string(crl), .depth = depth};
	struct tls_client_ca *loaded = NULL;
	struct text why;

	text_init(&why, 2000);

	enum error error = tls_client_ca_load(&source, &loaded, &why);

	if (error != wanted)
		fail_msg("%s: %s", error_code(error), text_string(&why));
	if (!words && why.size > 0)
		fail_msg("\"%s\"", text_string(&why));
	if (words && !strstr(text_string(&why), words))
		fail_msg("\"%s\" is not in \"%s\"", words, text_string(&why));
	assert_true((loaded != NULL) == (error == OK));
	tls_client_ca_unref(loaded);
	text_done(&why);
	free(ca);
	free(crl);
}

static char *join(char *first, char *second_part)
{
	size_t size = strlen(first) + strlen(second_part) + 1;
	char *joined = malloc(size);

	assert_non_null(joined);
	(void)snprintf(joined, size, "%s%s", first, second_part);
	free(first);
	free(second_part);
	return joined;
}

static char *fresh_crl(const struct holder *issuer)
{
	return crl_pem(issuer, NULL, -3600, 86400);
}

static void test_what_is_taken(void **state)
{
	(void)state;
	expect(holders_pem(&root, NULL), NULL, 0, OK, NULL);
	expect(holders_pem(&root, &second, &sub, NULL), NULL, TLS_CLIENT_CA_DEPTH_MAX, OK, NULL);
	expect(holders_pem(&root, NULL), fresh_crl(&root), 0, OK, NULL);
	expect(holders_pem(&root, &second, NULL), join(fresh_crl(&root), fresh_crl(&second)), 1, OK,
	       NULL);
	/* Other blocks, such as a key left in the file, are passed over. */
	expect(join(pki_key_pem(root.key, NULL), holders_pem(&root, NULL)), NULL, 0, OK, NULL);
}

static void test_bad_bundles(void **state)
{
	struct holder v1 = holder_make(&(struct holder_order){.subject = "CN=old", .constraints = ""});
	struct holder no_sign = holder_make(&(struct holder_order){
		.subject = "CN=no sign", .constraints = "critical,CA:TRUE", .key_usage = "cRLSign"});
	struct holder weak = holder_make(&(struct holder_order){
		.subject = "CN=weak", .constraints = "critical,CA:TRUE", .kind = "RSA:1024"});
	struct holder exotic = holder_make(&(struct holder_order){
		.subject = "CN=exotic", .constraints = "critical,CA:TRUE", .kind = "secp256k1"});

	(void)state;
	expect(strdup(""), NULL, 0, ERROR_TLS_CLIENT_CA,
	       "no PEM certificate (BEGIN CERTIFICATE) in it");
	expect(fresh_crl(&root), NULL, 0, ERROR_TLS_CLIENT_CA, "no PEM certificate");
	expect(holders_pem(&root, &leaf, NULL), NULL, 0, ERROR_TLS_CLIENT_CA,
	       "certificate 2 (CN=leaf) is not a CA");
	expect(holders_pem(&v1, NULL), NULL, 0, ERROR_TLS_CLIENT_CA,
	       "certificate 1 (CN=old) is not a CA");
	expect(holders_pem(&no_sign, NULL), NULL, 0, ERROR_TLS_CLIENT_CA, "may not sign certificates");
	expect(holders_pem(&weak, NULL), NULL, 0, ERROR_TLS_CLIENT_CA, "RSA key that is too short");
	expect(holders_pem(&exotic, NULL), NULL, 0, ERROR_TLS_CLIENT_CA,
	       "certificate 1 can not be used: the curve secp256k1 is not supported");
	expect(strdup("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), NULL, 0,
	       ERROR_TLS_CLIENT_CA, "certificate 1 can not be used");
	holder_free(&v1);
	holder_free(&no_sign);
	holder_free(&weak);
	holder_free(&exotic);
}

static void test_too_many(void **state)
{
	char *one = holders_pem(&root, NULL);
	size_t size = strlen(one);
	char *many = malloc((TLS_CLIENT_CA_MAX + 1) * size + 1);

	(void)state;
	assert_non_null(many);
	for (size_t i = 0; i <= TLS_CLIENT_CA_MAX; i++)
		memcpy(many + i * size, one, size + 1);
	expect(strndup(many, TLS_CLIENT_CA_MAX * size), NULL, 0, OK, NULL);
	expect(many, NULL, 0, ERROR_TLS_CLIENT_CA, "more than 256 in it");
	free(one);
}

static void test_bad_lists(void **state)
{
	struct holder no_crl = holder_make(&(struct holder_order){
		.subject = "CN=no list", .constraints = "critical,CA:TRUE", .key_usage = "keyCertSign"});

	(void)state;
	expect(holders_pem(&root, NULL), strdup(""), 0, ERROR_TLS_CRL,
	       "no PEM revocation list (BEGIN X509 CRL) in it");
	expect(holders_pem(&root, NULL), holders_pem(&root, NULL), 0, ERROR_TLS_CRL, "no PEM revoc");
	expect(holders_pem(&root, NULL), crl_pem_forged(&root, &second), 0, ERROR_TLS_CRL,
	       "revocation list 1 (of CN=Root) is not signed by the CA that it names");
	expect(holders_pem(&root, NULL), join(fresh_crl(&root), fresh_crl(&root)), 0, ERROR_TLS_CRL,
	       "revocation list 2 (of CN=Root) is the second one of this CA");
	expect(holders_pem(&root, NULL), crl_pem(&root, NULL, -3600, 0), 0, ERROR_TLS_CRL,
	       "does not say when the next one comes");
	expect(holders_pem(&root, NULL), fresh_crl(&second), 0, ERROR_TLS_CRL,
	       "revocation list 1 (of CN=Second) is not of a CA of the bundle");
	expect(holders_pem(&no_crl, NULL), fresh_crl(&no_crl), 0, ERROR_TLS_CRL,
	       "may not sign such lists");
	expect(holders_pem(&root, NULL),
	       strdup("-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n"), 0, ERROR_TLS_CRL,
	       "revocation list 1 can not be used");
	holder_free(&no_crl);
}

static void test_warnings(void **state)
{
	struct holder expired = holder_make(&(struct holder_order){
		.subject = "CN=past", .constraints = "critical,CA:TRUE", .from_s = -7200, .to_s = -3600});
	struct holder early = holder_make(&(struct holder_order){
		.subject = "CN=early", .constraints = "critical,CA:TRUE", .from_s = 3600, .to_s = 7200});

	(void)state;
	expect(holders_pem(&expired, NULL), NULL, 0, OK, "certificate 1 (CN=past) expired on 20");
	expect(holders_pem(&root, &early, NULL), NULL, 0, OK,
	       "certificate 2 (CN=early) is not valid before 20");
	expect(holders_pem(&root, &second, NULL), fresh_crl(&root), 0, OK,
	       "certificate 2 (CN=Second) has no revocation list: what this CA has certified is "
	       "refused");
	expect(holders_pem(&root, NULL), crl_pem(&root, NULL, -7200, -3600), 0, OK,
	       "revocation list 1 (of CN=Root) expired on 20");
	expect(holders_pem(&root, NULL), crl_pem(&root, NULL, 3600, 7200), 0, OK,
	       "is not valid before 20");
	/* With intermediates it may be the list of one that the client sends. */
	expect(holders_pem(&root, NULL), join(fresh_crl(&root), fresh_crl(&sub)), 1, OK,
	       "revocation list 2 (of CN=Sub) is not of a CA of the bundle");
	holder_free(&expired);
	holder_free(&early);
}

static void digest_of(char *ca, char *crl, unsigned depth,
                      unsigned char ret_digest[TLS_CLIENT_CA_DIGEST_SIZE])
{
	struct tls_client_ca_source source = {
		.ca_pem = span_of_string(ca), .crl_pem = span_of_string(crl), .depth = depth};
	struct tls_client_ca *loaded = NULL;
	struct text why;

	text_init(&why, 2000);
	assert_int_equal(tls_client_ca_load(&source, &loaded, &why), OK);
	memcpy(ret_digest, tls_client_ca_digest(loaded), TLS_CLIENT_CA_DIGEST_SIZE);
	tls_client_ca_unref(loaded);
	text_done(&why);
	free(ca);
	free(crl);
}

/* Whatever makes a difference to a client makes one here: tickets rest on it. */
static void test_the_digest_is_of_everything(void **state)
{
	unsigned char digests[6][TLS_CLIENT_CA_DIGEST_SIZE];
	unsigned char again[TLS_CLIENT_CA_DIGEST_SIZE];
	char *crl = fresh_crl(&root);

	(void)state;
	digest_of(holders_pem(&root, NULL), NULL, 0, digests[0]);
	digest_of(holders_pem(&root, NULL), NULL, 1, digests[1]);
	digest_of(holders_pem(&second, NULL), NULL, 0, digests[2]);
	digest_of(holders_pem(&root, &second, NULL), NULL, 0, digests[3]);
	digest_of(holders_pem(&root, NULL), strdup(crl), 0, digests[4]);
	digest_of(holders_pem(&root, NULL), crl_pem(&root, &leaf, -3600, 86400), 0, digests[5]);
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(digests[i], digests[j], sizeof(digests[i]));
	digest_of(holders_pem(&root, NULL), crl, 0, again);
	assert_memory_equal(again, digests[4], sizeof(again));
}

static void test_each_allocation_that_fails(void **state)
{
	char *ca = holders_pem(&root, &second, NULL);
	char *crl = join(fresh_crl(&root), fresh_crl(&second));
	struct tls_client_ca_source source = {
		.ca_pem = span_of_string(ca), .crl_pem = span_of_string(crl), .depth = 1};
	struct tls_client_ca *loaded = NULL;
	struct text why;
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	text_init(&why, 2000);
	for (long i = 0; error; i++) {
		assert_true(i < 100000);
		text_clear(&why);
		memory_fail_after(i);
		error = tls_client_ca_load(&source, &loaded, &why);
		memory_fail_after(-1);
		if (error && (error != ERROR_OUT_OF_MEMORY || loaded))
			fail_msg("allocation %ld: %s: %s", i, error_code(error), text_string(&why));
		if (error && i > 400)
			i += i / 50; /* bignums, over and over */
	}
	tls_client_ca_unref(loaded);
	text_done(&why);
	free(ca);
	free(crl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_bad_bundles),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_the_digest_is_of_everything),
		cmocka_unit_test(test_each_allocation_that_fails),
	};

	return cmocka_run_group_tests(tests, open_group, close_group);
}
