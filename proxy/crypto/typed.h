/*
 * Sealing with one byte behind the content, as a record of TLS 1.3 has its type there (RFC 8446
 * §5.2), without a copy of the content. The library's own functions take one piece, or go to slow
 * code.
 *
 * False: not covered here, nothing was written; the library's functions in pieces do it.
 */
#ifndef SALLYPORT_CRYPTO_TYPED_H
#define SALLYPORT_CRYPTO_TYPED_H

#include <stdbool.h>
#include <stddef.h>

/* Borrows: everything from the caller, for one call. Output and input do not overlap. */
struct typed_message {
	const unsigned char *nonce; /* 12 bytes */
	const unsigned char *ad;
	size_t ad_size;
	const unsigned char *input;
	size_t size;
	unsigned char type;
	unsigned char *output; /* room for size + 1, and the tag of 16 bytes behind */
};

/* `context`: the library's, with its key. */
bool typed_gcm_seal(const void *context, const struct typed_message *message);
bool typed_chachapoly_seal(const void *context, const struct typed_message *message);

#endif
