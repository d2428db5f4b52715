/*
 * Whom the clients of a name have to be certified by: CA certificates, the revocation lists of
 * these and of other CAs, and how long the path between may be. Loaded from PEM, checked, and never
 * changed after.
 *
 * Every certificate of the bundle is an anchor, be it a root or an intermediate CA: a path ends at
 * the first one that it meets (RFC 5280 §6.1).
 *
 * With a revocation list, each certificate of a path, but for the anchor, needs one by its issuer
 * (RFC 5280 §6.3): a list that is missing, has expired or was not signed by the issuer revokes all
 * that the issuer has certified.
 *
 * Owner: whoever holds a reference. Threads: immutable, so shared by all; the counter is atomic.
 * Limits: TLS_CLIENT_CA_MAX certificates and as many lists.
 */
#ifndef SALLYPORT_TLS_CLIENT_CA_H
#define SALLYPORT_TLS_CLIENT_CA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"

enum {
	TLS_CLIENT_CA_MAX = 256,
	TLS_CLIENT_CA_DEPTH_MAX = 4, /* the library is built for no more */
	TLS_CLIENT_CA_DIGEST_SIZE = 32,
	/* The names of the CAs are sent in a CertificateRequest of TLS 1.2 (RFC 5246 §7.4.4) if all of
	 * them fit: a client that does not see its own might not answer. */
	TLS_CLIENT_CA_NAMES_SIZE_MAX = 8 * 1024,
};

struct tls_client_ca;

struct tls_client_ca_source {
	struct span ca_pem;
	struct span crl_pem; /* data NULL: nothing is ever revoked */
	/* The most intermediate certificates between a client's own and an anchor. */
	unsigned depth;
};

/*
 * Holds one reference. Needs tls_library_open(). PEM blocks of other kinds are skipped.
 *
 * `why` says in one sentence, without a full stop, what is wrong. If the result is OK and `why` is
 * not empty, it holds warnings, separated by "; ": a CA or a list that has expired or is not valid
 * yet, a CA without a list, a list of a CA that is not in the bundle.
 *
 * ERROR_TLS_CLIENT_CA: no certificate, too many, one that can not be read, is not a CA, may not
 *   sign certificates, or has too weak a key.
 * ERROR_TLS_CRL: no list, too many, one that can not be read, has no time of the next one, was not
 *   signed by the CA that it names, or two of one CA.
 * ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_client_ca_load(const struct tls_client_ca_source *source,
                                         struct tls_client_ca **ret_ca, struct text *why);
struct tls_client_ca *tls_client_ca_ref(struct tls_client_ca *ca);
/* NULL is allowed. */
void tls_client_ca_unref(struct tls_client_ca *ca);

/* SHA-256 over everything that it was loaded from, TLS_CLIENT_CA_DIGEST_SIZE bytes: two that are
 * equal accept the same certificates. */
const unsigned char *tls_client_ca_digest(const struct tls_client_ca *ca);
unsigned tls_client_ca_depth(const struct tls_client_ca *ca);
size_t tls_client_ca_count(const struct tls_client_ca *ca);
bool tls_client_ca_has_crl(const struct tls_client_ca *ca);

/* --- For tls/client_auth.c ------------------------------------------------------------------- */

struct mbedtls_x509_crt;
struct mbedtls_x509_crl;

/* The library only reads them, so that all workers may use them at once. */
struct mbedtls_x509_crt *tls_client_ca_chain(struct tls_client_ca *ca);
/* NULL: there is none. */
struct mbedtls_x509_crl *tls_client_ca_crl(struct tls_client_ca *ca);
/* Whether there is a list by the issuer with this DER name. */
bool tls_client_ca_lists(const struct tls_client_ca *ca, struct span issuer);
bool tls_client_ca_tells_names(const struct tls_client_ca *ca);

#endif
