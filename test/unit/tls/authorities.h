/*
 * Authorities that certify clients, what they certify, and their revocation lists; made by OpenSSL
 * when a test needs them.
 */
#ifndef SALLYPORT_TEST_TLS_AUTHORITIES_H
#define SALLYPORT_TEST_TLS_AUTHORITIES_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

/* A certificate and its key, which pki_done() frees. */
struct holder {
	X509 *crt;
	EVP_PKEY *key;
};

struct holder_order {
	const char *subject;         /* as X509_NAME_add_entry_by_txt: "O=Example", "CN=a"; NULL ends */
	const char *subjects[6];     /* more of them */
	const char *kind;            /* of the key, as for pki_key_of(); NULL: "P-256" */
	const struct holder *issuer; /* NULL: itself */
	const char *constraints;     /* basicConstraints; NULL: "critical,CA:FALSE"; "": none */
	const char *key_usage;       /* NULL: none */
	const char *usage;           /* extendedKeyUsage; NULL: none */
	const char *names;           /* subjectAltName; NULL: none */
	const EVP_MD *digest;        /* NULL: SHA-256 */
	long from_s, to_s;           /* from now; both 0: valid for a day */
};

struct holder holder_make(const struct holder_order *order);
/* A CA with everything that one needs. `issuer` NULL: a root. */
struct holder authority_make(const char *name, const char *kind, const struct holder *issuer);
void holder_free(struct holder *holder);

/* PEM of these certificates; NULL ends the list. Owner: the caller, free(). */
char *holders_pem(const struct holder *first, ...);

/* PEM of a revocation list with `revoked` (NULL: nobody) in it. Owner: the caller, free(). */
char *crl_pem(const struct holder *issuer, const struct holder *revoked, long from_s, long to_s);
/* As crl_pem(), signed with another's key. */
char *crl_pem_forged(const struct holder *named, const struct holder *signer);

#endif
