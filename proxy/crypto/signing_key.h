/*
 * Keys of Mbed TLS as keys of libcrypto.
 *
 * Owner: the mbedtls_pk_context that it was made from (hooks.h); freed and wiped with it.
 * Threads: as many at once as like.
 */
#ifndef SALLYPORT_CRYPTO_SIGNING_KEY_H
#define SALLYPORT_CRYPTO_SIGNING_KEY_H

#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <hooks.h>

enum { SIGNING_RSA_SIZE_MAX = 1024 }; /* bytes of the modulus: 8192 bits */

struct signing_key {
	EVP_PKEY *key;
	bool is_private;
	/* Ready to sign, and nobody is signing with it. It saves a signature a tenth of its time, and
	 * the look-up under libcrypto's lock. Owned; NULL: someone uses it, or there is none yet. */
	EVP_PKEY_CTX *_Atomic idle;
	/* The first signature by RSA leaves numbers made of the primes with the key. */
	atomic_bool has_signed;
};

/* The accelerated form of a key, made at the first call. NULL: not covered, or no memory. */
struct signing_key *signing_key_of_rsa(mbedtls_rsa_context *rsa);
struct signing_key *signing_key_of_ec(mbedtls_ecp_keypair *pair);

#endif
