/*
 * Certificates for tests, made when a test needs them, by OpenSSL: a root, an intermediate, and
 * what they sign. Keys are made once per kind and process; RSA takes long.
 */
#ifndef SALLYPORT_TEST_TLS_PKI_H
#define SALLYPORT_TEST_TLS_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "base/span.h"
#include "tls/certificate.h"

struct pki_order {
	const char *names;       /* of subjectAltName: "DNS:a.example,DNS:*.b.example"; NULL: none */
	const char *common_name; /* NULL: none */
	const char *kind;        /* "P-256", "P-384", "P-521", "secp256k1", "ED25519", "RSA:2048" … */
	const char *digest;      /* NULL: SHA256 */
	const char *usage;       /* extendedKeyUsage; NULL: serverAuth */
	long from_s, to_s;       /* from now; both 0: valid for a day */
	bool self_signed;
	bool no_intermediate; /* leave it out of the chain */
	bool with_root;       /* add it to the chain */
};

/* Both PEM. Owner: the caller, until pki_free(). */
struct pki_pair {
	char *chain;
	char *key;
};

struct pki_pair pki_make(const struct pki_order *order);
void pki_free(struct pki_pair *pair);

struct span pki_chain(const struct pki_pair *pair);
struct span pki_key(const struct pki_pair *pair);

/* Makes and loads one for `names`, a list with commas: "a.example,*.b.example". */
struct tls_certificate *pki_certificate(const char *kind, const char *names);

X509 *pki_root(void);
EVP_PKEY *pki_key_of(const char *kind);
/* PEM of any key; `password` may be NULL. Owner: the caller, free(). */
char *pki_key_pem(EVP_PKEY *key, const char *password);
/* Frees what is kept. */
void pki_done(void);

#endif
