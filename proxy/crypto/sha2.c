/*
 * The block functions of SHA-256 and SHA-512 (MBEDTLS_SHA256_PROCESS_ALT and …512…; SHA-384 is
 * SHA-512 with another start) on those of libcrypto, which use the CPU's instructions for it.
 *
 * OpenSSL 3 deprecates them in favour of EVP, whose contexts live on the heap and would cost more
 * than they save in the short hashes of a handshake. Without them the build takes the library's
 * own code.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

/* The state stands in a private member. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/memory.h"

_Static_assert(sizeof(((SHA256_CTX *)NULL)->h) == sizeof(((mbedtls_sha256_context *)NULL)->state),
               "eight words of 32 bits");
_Static_assert(sizeof(((SHA512_CTX *)NULL)->h) == sizeof(((mbedtls_sha512_context *)NULL)->state),
               "eight words of 64 bits");

int mbedtls_internal_sha256_process(mbedtls_sha256_context *context, const unsigned char block[64])
{
	SHA256_CTX one;

	memcpy(one.h, context->state, sizeof(one.h));
	SHA256_Transform(&one, block);
	memcpy(context->state, one.h, sizeof(one.h));
	memory_wipe(one.h, sizeof(one.h));
	return 0;
}

int mbedtls_internal_sha512_process(mbedtls_sha512_context *context, const unsigned char block[128])
{
	SHA512_CTX one;

	memcpy(one.h, context->state, sizeof(one.h));
	SHA512_Transform(&one, block);
	memcpy(context->state, one.h, sizeof(one.h));
	memory_wipe(one.h, sizeof(one.h));
	return 0;
}
