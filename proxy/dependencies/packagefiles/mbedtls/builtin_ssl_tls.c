/*
 * TLS in general. In TLS 1.2 the library derives 256 bytes of keys, for ciphers that it could have
 * been built with. Ours need no MAC keys, so 88 at most are ever looked at (RFC 5246 §6.3), and
 * each 48 or 32 bytes of the rest would cost two HMACs.
 */
#include "common.h"

#include <string.h>

#include "ssl_misc.h"

#if defined(MBEDTLS_SSL_SOME_SUITES_USE_MAC)
#error "suites with MAC keys need more of the key block"
#endif

enum {
	KEY_BLOCK_WHOLE = 256,
	KEY_BLOCK_USED = 2 * (32 + 12), /* ChaCha20-Poly1305: keys and IVs */
};

/* How much of `out` the function is to fill; the rest of a key block is zeroed. */
static size_t needed(const char *label, unsigned char *out, size_t size)
{
	if (size != KEY_BLOCK_WHOLE || strcmp(label, "key expansion") != 0)
		return size;
	memset(out + KEY_BLOCK_USED, 0, KEY_BLOCK_WHOLE - KEY_BLOCK_USED);
	return KEY_BLOCK_USED;
}

/* At each call; also at those through a pointer of this name. */
#define tls_prf(secret, secret_size, label, random, random_size, out, size) \
	tls_prf(secret, secret_size, label, random, random_size, out, needed(label, out, size))

#include "ssl_tls.c"
