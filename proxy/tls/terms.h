/*
 * What a listener demands of those who ask for one server name: the policy, and whether they must
 * show a certificate.
 *
 * Two terms with the same id are the same: whoever was let in under the one would have been let in
 * under the other. Tickets are bound to it (RFC 8446 §4.6.1 leaves that to the server), and it
 * decides which names one connection may be used for (RFC 9110 §7.4).
 *
 * Owner: a tls_sites has its own copies. Threads: immutable once sealed.
 */
#ifndef SALLYPORT_TLS_TERMS_H
#define SALLYPORT_TLS_TERMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "tls/client_ca.h"
#include "tls/policy.h"

enum { TLS_TERMS_ID_SIZE = 32 };

/* Whether clients are asked for a certificate. One that is shown must be good in both modes. */
enum tls_client_mode {
	TLS_CLIENT_NONE,
	TLS_CLIENT_OPTIONAL,
	TLS_CLIENT_REQUIRED,
	TLS_CLIENT_COUNT
};

struct tls_terms {
	const struct tls_policy *policy; /* Borrows: static, or from the setup */
	enum tls_client_mode client_mode;
	struct tls_client_ca *client_ca; /* Borrows: whoever copies the terms takes a reference; NULL
	                                    with TLS_CLIENT_NONE */
	size_t client_chain_size_max;    /* bytes that a client may send to prove who it is */
	size_t identity_size_max;        /* bytes of what is said of it (tls/identity.h) */
	/* SHA-256 over all that a full handshake under these terms checks: the policy's name and
	 * content; mode, CAs, revocation lists, depth and sizes of client certificates. */
	unsigned char id[TLS_TERMS_ID_SIZE];
};

/* Computes the id of all the rest, which must be set. Needs tls_library_open().
 * ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL. */
MUST_CHECK enum error tls_terms_seal(struct tls_terms *terms);

/* What a handshake counts beside its usual memory for the certificates that a client may send: an
 * estimate, since the library keeps each of them whole and in parts. 0: none are asked for. */
size_t tls_terms_client_memory(const struct tls_terms *terms);

bool tls_terms_equal(const struct tls_terms *a, const struct tls_terms *b);

#endif
