/*
 * What gcm.c and chachapoly.c have in common: one message, who computes it faster than the
 * library, and whether that covers it.
 */
#ifndef SALLYPORT_CRYPTO_AEAD_H
#define SALLYPORT_CRYPTO_AEAD_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/* More than any TLS record or ticket. Beyond it the library's own checks of lengths begin. */
	AEAD_SIZE_MAX = 1 << 24,
	AEAD_IV_SIZE = 12,
	AEAD_TAG_SIZE = 16,
	AEAD_TAG_SIZE_MIN = 4,
};

enum aead_cipher {
	AEAD_AES_128_GCM,
	AEAD_AES_192_GCM,
	AEAD_AES_256_GCM,
	AEAD_CHACHA20_POLY1305,
	AEAD_CIPHER_COUNT
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

enum aead_verdict {
	AEAD_NOT_DONE, /* nothing was written */
	AEAD_GOOD,
	AEAD_BAD, /* forged, or the engine failed half-way: the output must be wiped */
};

/*
 * Another library that does this. Messages are those that aead_is_covered(); keys have the size
 * that the cipher says.
 */
struct aead_engine {
	const char *name;
	/*
	 * `type`: NULL, or one byte that is sealed behind the input; the output has room for it.
	 */
	enum aead_verdict (*seal)(enum aead_cipher cipher, const unsigned char *key,
	                          const struct aead_message *message, const unsigned char *type,
	                          unsigned char tag[AEAD_TAG_SIZE]);
	/* Compares message->tag_size bytes of the tag, in constant time. */
	enum aead_verdict (*open)(enum aead_cipher cipher, const unsigned char *key,
	                          const struct aead_message *message, const unsigned char *tag);
};

/* NULL: none. Threads: written by crypto_start(), before there are threads; read by all. */
extern const struct aead_engine *aead_engine;

/*
 * Whether the message is of a usual size, with a usual IV and tag, and encrypted in place or into
 * other memory. With a partial overlap, code that takes several blocks at once would read what it
 * has written.
 */
bool aead_is_covered(const struct aead_message *message);

#endif
