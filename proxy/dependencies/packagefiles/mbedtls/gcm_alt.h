/*
 * The context of AES-GCM when proxy/crypto/gcm.c implements it (MBEDTLS_GCM_ALT). <mbedtls/gcm.h>
 * includes this file, and expects a typedef.
 *
 * It holds the key as it came, not expanded: 48 bytes in place of 424, twice per connection.
 */
#ifndef GCM_ALT_H
#define GCM_ALT_H

struct builtin_gcm_context;

typedef struct mbedtls_gcm_context {
	unsigned char key[32];
	unsigned key_bits; /* 0: no key, or only `general` has it */
	/* The library's own code, for what the accelerator does not cover. Owned; NULL: not needed. */
	struct builtin_gcm_context *general;
} mbedtls_gcm_context;

#endif
