/*
 * What is handed to a backend about a client that has proved who it is by a certificate: the values
 * of the fields of RFC 9440, and plain ones.
 *
 * Owner: a tls_session. Immutable.
 */
#ifndef SALLYPORT_TLS_IDENTITY_H
#define SALLYPORT_TLS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"

enum {
	/* Bytes of all values together, by default: backends take header lines of 8 KiB, and some no
	 * more of all lines. */
	TLS_IDENTITY_SIZE_DEFAULT = 7 * 1024,
};

/* Borrows: all spans, from the identity's own memory. */
struct tls_identity {
	struct span subject;     /* RFC 4514; may be empty */
	struct span san;         /* as tls_alternative_names_put(); may be empty */
	struct span fingerprint; /* SHA-256 of the DER, 64 hexadecimal digits */
	struct span certificate; /* `:base64 of the DER:` (RFC 9440 §2.2) */
	struct span chain;       /* the path above it without its anchor, `:…:, :…:` (§2.3) */
	bool lacks_chain;        /* there is one, but it did not fit */
	size_t size;             /* of its memory, its struct included */
};

struct mbedtls_x509_crt;

/*
 * `path`: the client's own certificate, then those above it, without the anchor. If the values are
 * longer than `size_max` together the chain is left out.
 * ERROR_TOO_LARGE: still. ERROR_INVALID: a NUL in an alternative name. ERROR_OUT_OF_MEMORY,
 * ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_identity_new(const struct mbedtls_x509_crt *const *path,
                                       size_t path_count, size_t size_max,
                                       struct tls_identity **ret_identity);
/* NULL is allowed. */
void tls_identity_free(struct tls_identity *identity);

#endif
