#include <sodium.h>
#include <stdio.h>

#include "crypto/x25519.h"

_Static_assert(crypto_scalarmult_curve25519_BYTES == X25519_SIZE, "as in the RFC");

static char name[32];

bool x25519_open(void)
{
	(void)snprintf(name, sizeof(name), "libsodium %s", sodium_version_string());
	return sodium_init() >= 0; /* finds out what the CPU can do */
}

const char *x25519_provider(void)
{
	return name;
}

bool x25519_base_times(const unsigned char number[X25519_SIZE], unsigned char product[X25519_SIZE])
{
	return crypto_scalarmult_curve25519_base(product, number) == 0;
}

bool x25519_times(const unsigned char number[X25519_SIZE], const unsigned char point[X25519_SIZE],
                  unsigned char product[X25519_SIZE])
{
	return crypto_scalarmult_curve25519(product, number, point) == 0;
}
