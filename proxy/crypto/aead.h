/*
 * What gcm.c and chachapoly.c have in common: one message, and whether the fast path takes it.
 */
#ifndef SALLYPORT_CRYPTO_AEAD_H
#define SALLYPORT_CRYPTO_AEAD_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/* More than any TLS record or ticket. Beyond it the library's own checks of lengths begin. */
	AEAD_SIZE_MAX = 1 << 24,
};

/* Borrows: everything from the caller, for one call. */
struct aead_message {
	const unsigned char *iv;
	size_t iv_size;
	const unsigned char *ad;
	size_t ad_size;
	const unsigned char *input;
	unsigned char *output;
	size_t size; /* of input and output */
	size_t tag_size;
};

/*
 * Whether the message is of a usual size and encrypted in place or into other memory. With a
 * partial overlap, code that takes several blocks at once would read what it has written.
 */
bool aead_is_plain(const struct aead_message *message);

#endif
