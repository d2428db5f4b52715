#include "unit/tls/pki.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { KEYS_MAX = 16 };

static struct {
	const char *kind;
	EVP_PKEY *key;
} keys[KEYS_MAX];
static X509 *root;
static X509 *intermediate;
static long serial = 1;

static EVP_PKEY *make_key(const char *kind)
{
	if (strncmp(kind, "RSA:", 4) == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 4));
	if (strncmp(kind, "ED", 2) == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, kind);
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind[0] == '2' ? kind + 1 : kind);
}

/* A kind that begins with 2 is a second key of the kind that follows: "2P-256". */
EVP_PKEY *pki_key_of(const char *kind)
{
	size_t i = 0;

	while (i < KEYS_MAX && keys[i].kind && strcmp(keys[i].kind, kind) != 0)
		i++;
	assert_true(i < KEYS_MAX);
	if (!keys[i].kind) {
		keys[i].kind = kind;
		keys[i].key = make_key(kind);
		assert_non_null(keys[i].key);
	}
	return keys[i].key;
}

static void add_extension(X509 *crt, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_true(X509_add_ext(crt, extension, -1));
	X509_EXTENSION_free(extension);
}

static X509 *new_crt(const char *common_name, EVP_PKEY *key, X509 *issuer, long from_s, long to_s)
{
	X509 *crt = X509_new();
	X509_NAME *name = X509_get_subject_name(crt);

	assert_true(X509_set_version(crt, 2));
	assert_true(ASN1_INTEGER_set(X509_get_serialNumber(crt), serial++));
	if (common_name)
		assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		                                       (const unsigned char *)common_name, -1, -1, 0));
	assert_true(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
	                                       (const unsigned char *)"Sallyport test", -1, -1, 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(crt), from_s));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(crt), to_s));
	assert_true(X509_set_issuer_name(crt, X509_get_subject_name(issuer ? issuer : crt)));
	assert_true(X509_set_pubkey(crt, key));
	return crt;
}

static X509 *make_ca(const char *name, const char *kind, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *crt = new_crt(name, pki_key_of(kind), issuer, -3600, 10L * 86400);

	add_extension(crt, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(crt, NID_key_usage, "critical,keyCertSign,cRLSign");
	assert_true(X509_sign(crt, issuer_key, EVP_sha256()) > 0);
	return crt;
}

static void make_authorities(void)
{
	if (root)
		return;
	root = make_ca("Test Root", "P-384", NULL, pki_key_of("P-384"));
	intermediate = make_ca("Test Intermediate", "2P-256", root, pki_key_of("P-384"));
}

X509 *pki_root(void)
{
	make_authorities();
	return root;
}

static char *take_text(BIO *bio)
{
	char *data = NULL;
	long size = BIO_get_mem_data(bio, &data);
	char *text = malloc((size_t)size + 1);

	assert_non_null(text);
	memcpy(text, data, (size_t)size);
	text[size] = '\0';
	BIO_free(bio);
	return text;
}

char *pki_key_pem(EVP_PKEY *key, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_true(PEM_write_bio_PKCS8PrivateKey(bio, key, password ? EVP_aes_128_cbc() : NULL,
	                                          password, password ? (int)strlen(password) : 0, NULL,
	                                          NULL));
	return take_text(bio);
}

struct pki_pair pki_make(const struct pki_order *order)
{
	make_authorities();

	EVP_PKEY *key = pki_key_of(order->kind);
	bool has_time = order->from_s != 0 || order->to_s != 0;
	X509 *crt = new_crt(order->common_name, key, order->self_signed ? NULL : intermediate,
	                    has_time ? order->from_s : -3600, has_time ? order->to_s : 86400);
	EVP_PKEY *issuer_key = order->self_signed ? key : pki_key_of("2P-256");
	const EVP_MD *digest = strncmp(order->kind, "ED", 2) == 0 && order->self_signed
	                           ? NULL
	                           : EVP_get_digestbyname(order->digest ? order->digest : "SHA256");
	BIO *bio = BIO_new(BIO_s_mem());

	if (order->names)
		add_extension(crt, NID_subject_alt_name, order->names);
	add_extension(crt, NID_ext_key_usage, order->usage ? order->usage : "serverAuth");
	assert_true(X509_sign(crt, issuer_key, digest) > 0);
	assert_true(PEM_write_bio_X509(bio, crt));
	if (!order->self_signed && !order->no_intermediate)
		assert_true(PEM_write_bio_X509(bio, intermediate));
	if (order->with_root)
		assert_true(PEM_write_bio_X509(bio, root));
	X509_free(crt);
	return (struct pki_pair){.chain = take_text(bio), .key = pki_key_pem(key, NULL)};
}

void pki_free(struct pki_pair *pair)
{
	free(pair->chain);
	free(pair->key);
}

struct span pki_chain(const struct pki_pair *pair)
{
	return span_of_string(pair->chain);
}

struct span pki_key(const struct pki_pair *pair)
{
	return span_of_string(pair->key);
}

struct tls_certificate *pki_certificate(const char *kind, const char *names)
{
	char list[1000] = "";
	struct span rest = span_of_string(names);
	struct span name;

	while (span_next(&rest, ',', &name)) {
		size_t size = strlen(list);

		(void)snprintf(list + size, sizeof(list) - size, "%sDNS:%.*s", size ? "," : "",
		               (int)name.size, name.data);
	}

	struct pki_pair pair = pki_make(&(struct pki_order){.kind = kind, .names = list});
	struct tls_certificate *certificate = NULL;
	struct text why;

	text_init(&why, 500);
	if (tls_certificate_load(pki_chain(&pair), pki_key(&pair), &certificate, &why) != OK)
		fail_msg("%s", text_string(&why));
	text_done(&why);
	pki_free(&pair);
	return certificate;
}

void pki_done(void)
{
	X509_free(root);
	X509_free(intermediate);
	root = intermediate = NULL;
	for (size_t i = 0; i < KEYS_MAX; i++) {
		EVP_PKEY_free(keys[i].key);
		keys[i].kind = NULL;
		keys[i].key = NULL;
	}
}
