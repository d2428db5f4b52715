/*
 * The context of ChaCha20-Poly1305 when proxy/crypto/chachapoly.c implements it
 * (MBEDTLS_CHACHAPOLY_ALT). <mbedtls/chachapoly.h> includes this file, and expects a typedef.
 */
#ifndef CHACHAPOLY_ALT_H
#define CHACHAPOLY_ALT_H

struct builtin_chachapoly_context;

typedef struct mbedtls_chachapoly_context {
	unsigned char key[32];
	/* The library's own code, for what the accelerator does not cover. Owned; NULL: not needed. */
	struct builtin_chachapoly_context *general;
} mbedtls_chachapoly_context;

#endif
