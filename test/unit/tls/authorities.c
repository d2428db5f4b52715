#include "unit/tls/authorities.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/tls/pki.h"

static long serial = 1000;

static void add_extension(X509 *crt, int nid, const char *value)
{
	X509_EXTENSION *extension;

	if (!value || !*value)
		return;
	extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(extension);
	assert_true(X509_add_ext(crt, extension, -1));
	X509_EXTENSION_free(extension);
}

/* "O=Example" */
static void add_subject(X509_NAME *name, const char *part)
{
	char type[32] = "";
	const char *value = strchr(part, '=') + 1;

	memcpy(type, part, (size_t)(value - part) - 1);
	assert_true(X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8, (const unsigned char *)value,
	                                       -1, -1, 0));
}

struct holder holder_make(const struct holder_order *order)
{
	EVP_PKEY *key = pki_key_of(order->kind ? order->kind : "P-256");
	X509 *crt = X509_new();
	const struct holder *issuer = order->issuer;
	bool has_time = order->from_s != 0 || order->to_s != 0;

	assert_true(X509_set_version(crt, 2));
	assert_true(ASN1_INTEGER_set(X509_get_serialNumber(crt), serial++));
	if (order->subject)
		add_subject(X509_get_subject_name(crt), order->subject);
	for (size_t i = 0; i < 6 && order->subjects[i]; i++)
		add_subject(X509_get_subject_name(crt), order->subjects[i]);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(crt), has_time ? order->from_s : -3600));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(crt), has_time ? order->to_s : 86400));
	assert_true(X509_set_issuer_name(crt, X509_get_subject_name(issuer ? issuer->crt : crt)));
	assert_true(X509_set_pubkey(crt, key));
	add_extension(crt, NID_basic_constraints,
	              order->constraints ? order->constraints : "critical,CA:FALSE");
	add_extension(crt, NID_key_usage, order->key_usage);
	add_extension(crt, NID_ext_key_usage, order->usage);
	add_extension(crt, NID_subject_alt_name, order->names);
	assert_true(X509_sign(crt, issuer ? issuer->key : key,
	                      order->digest ? order->digest : EVP_sha256()) > 0);
	return (struct holder){.crt = crt, .key = key};
}

struct holder authority_make(const char *name, const char *kind, const struct holder *issuer)
{
	return holder_make(&(struct holder_order){
		.subject = name,
		.kind = kind,
		.issuer = issuer,
		.constraints = "critical,CA:TRUE",
		.key_usage = "critical,keyCertSign,cRLSign",
	});
}

void holder_free(struct holder *holder)
{
	X509_free(holder->crt);
	*holder = (struct holder){0};
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

char *holders_pem(const struct holder *first, ...)
{
	BIO *bio = BIO_new(BIO_s_mem());
	va_list rest;

	va_start(rest, first);
	while (first) {
		assert_true(PEM_write_bio_X509(bio, first->crt));
		/* clang-tidy 14 does not see va_start(). */
		first = va_arg(rest, const struct holder *); /* NOLINT(clang-analyzer-valist.*) */
	}
	va_end(rest);
	return take_text(bio);
}

static char *make_crl(const struct holder *issuer, EVP_PKEY *key, const struct holder *revoked,
                      long from_s, long to_s)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = X509_gmtime_adj(NULL, from_s);
	ASN1_TIME *to = to_s != 0 ? X509_gmtime_adj(NULL, to_s) : NULL;
	BIO *bio = BIO_new(BIO_s_mem());

	assert_true(X509_CRL_set_version(crl, 1));
	assert_true(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->crt)));
	assert_true(X509_CRL_set1_lastUpdate(crl, from));
	if (to)
		assert_true(X509_CRL_set1_nextUpdate(crl, to));
	if (revoked) {
		X509_REVOKED *entry = X509_REVOKED_new();

		assert_true(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->crt)));
		assert_true(X509_REVOKED_set_revocationDate(entry, from));
		assert_true(X509_CRL_add0_revoked(crl, entry));
	}
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	assert_true(PEM_write_bio_X509_CRL(bio, crl));
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	X509_CRL_free(crl);
	return take_text(bio);
}

char *crl_pem(const struct holder *issuer, const struct holder *revoked, long from_s, long to_s)
{
	return make_crl(issuer, issuer->key, revoked, from_s, to_s);
}

char *crl_pem_forged(const struct holder *named, const struct holder *signer)
{
	return make_crl(named, signer->key, NULL, -3600, 86400);
}
