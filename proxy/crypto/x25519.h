/*
 * The multiplication of X25519 (RFC 7748 §5), as crypto/point needs it: by libsodium if the build
 * has it, else by libcrypto. Numbers and points are little-endian, and the number's bits are set as
 * the RFC wants them; what may be multiplied has been checked before.
 */
#ifndef SALLYPORT_CRYPTO_X25519_H
#define SALLYPORT_CRYPTO_X25519_H

#include <stdbool.h>

enum { X25519_SIZE = 32 };

/* Once, before there are threads. False: it can not be used. */
bool x25519_open(void);
/* "libsodium 1.0.18" */
const char *x25519_provider(void);

/* number × the base point. False: the library failed, and `product` means nothing. */
bool x25519_base_times(const unsigned char number[X25519_SIZE], unsigned char product[X25519_SIZE]);
/* number × point. False: the library failed or the product is zero, and `product` means nothing. */
bool x25519_times(const unsigned char number[X25519_SIZE], const unsigned char point[X25519_SIZE],
                  unsigned char product[X25519_SIZE]);

#endif
