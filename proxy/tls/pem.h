/*
 * PEM (RFC 7468) as far as telling its blocks apart needs it: the library reads a block, but does
 * not say which one of a file is wrong, nor what is in it that it does not know.
 */
#ifndef SALLYPORT_TLS_PEM_H
#define SALLYPORT_TLS_PEM_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

struct tls_pem_block {
	struct span whole; /* from "-----BEGIN" to the end of the END line's dashes */
	struct span label; /* "CERTIFICATE" */
	struct span body;  /* what stands between the two lines */
};

/* Takes the next block off the front of `rest`; false if there is none. Text between is skipped. */
bool tls_pem_next(struct span *rest, struct tls_pem_block *ret_block);

/* A copy of `bytes` with a NUL behind, as the library wants PEM. Owner: the caller, who wipes it.
 * ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error tls_pem_copy(struct span bytes, unsigned char **ret_copy);

/*
 * The name of an algorithm in the block that the library does not support ("Ed25519"), or NULL.
 * It looks for the algorithm's OID anywhere in the DER: for words to people only.
 */
const char *tls_pem_unsupported(const struct tls_pem_block *block);

#endif
