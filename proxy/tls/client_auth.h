/*
 * The client's certificate in a handshake: asking for it, verifying it, and judging it.
 *
 * The library verifies (RFC 5280 §6: signatures, times, basic constraints, key usage, revocation
 * lists); on the way it calls back for each certificate of the path, and we add what it does not
 * look at: the depth, a list for every issuer, names that hide another name. The verdict is ours
 * alone: the library is told that a certificate is optional and to go on, and after each step of
 * the handshake tls_client_auth_check() ends it if anything at all was found. For in the mode
 * "required" the library of 3.6 sends alerts that TLS 1.3 does not have
 * (proxy/decisions/0017).
 *
 * It fails closed: there is an identity only if nothing was found, and a handshake whose terms ask
 * for one does not end without.
 *
 * Owner: a tls_handshake. Borrows: the client CA, from the terms.
 */
#ifndef SALLYPORT_TLS_CLIENT_AUTH_H
#define SALLYPORT_TLS_CLIENT_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "tls/client_ca.h"
#include "tls/identity.h"
#include "tls/terms.h"

struct mbedtls_ssl_context;
struct mbedtls_x509_crt;

enum { TLS_CLIENT_SUBJECT_SIZE = 200 };

struct tls_client_auth {
	struct tls_client_ca *ca; /* NULL: no certificate is asked for */
	bool is_required;
	size_t chain_size_max;
	size_t identity_size_max;
	size_t received; /* bytes on the wire since we asked */
	/* Of the certificate that was shown. */
	bool was_shown;
	uint32_t found;    /* what speaks against it, as bits; 0: nothing */
	const char *words; /* why it was refused; set by tls_client_auth_check() */
	const struct mbedtls_x509_crt *path[TLS_CLIENT_CA_DEPTH_MAX + 2];
	size_t path_count;
	char subject[TLS_CLIENT_SUBJECT_SIZE]; /* for words; cut if it is longer */
	struct tls_identity *identity;         /* Owner: this; NULL: none, or refused */
};

/* Tells the library what to ask for, in its callback for the certificate; after a HelloRetryRequest
 * again. */
void tls_client_auth_begin(struct tls_client_auth *auth, struct mbedtls_ssl_context *ssl,
                           const struct tls_terms *terms);
void tls_client_auth_done(struct tls_client_auth *auth);

/* Before the library is given `size` more bytes of the client: whether they are within
 * `client_chain_size_max`. A long chain costs many verifications before it is found to be bad. */
MUST_CHECK bool tls_client_auth_admits(struct tls_client_auth *auth, size_t size);

/*
 * After each step of the handshake. In TLS 1.3 there is no verdict before the client's Finished:
 * its side reads what we send after ours with other keys, which the library takes up only then.
 * ERROR_TLS_CLIENT_CERTIFICATE: it was refused. ERROR_TLS_CLIENT_CERTIFICATE_MISSING: there is
 * none. *ret_alert: the one that is due.
 */
MUST_CHECK enum error tls_client_auth_check(struct tls_client_auth *auth,
                                            struct mbedtls_ssl_context *ssl, int *ret_alert);
/* Whether the library has ended the handshake with this error number because of the certificate:
 * one that it can not read, or a path that is too long for it. (Its alert is then one that clients
 * of TLS 1.3 can not decrypt, see above.) *ret_alert: what the library has sent, or is due. */
bool tls_client_auth_is_cause(struct tls_client_auth *auth, int code, int *ret_alert);

/* The identity, which is the caller's from then on; NULL: the client has shown none. */
struct tls_identity *tls_client_auth_take(struct tls_client_auth *auth);

#endif
