/*
 * The few places where Mbed TLS 3.6 and 4.1 differ for us. Everything else that tls/ uses of the
 * library is in the public API of both (proxy/decisions/0001).
 *
 * Only the .c files of tls/ include this header.
 */
#ifndef SALLYPORT_TLS_COMPAT_H
#define SALLYPORT_TLS_COMPAT_H

#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <psa/crypto.h>
#include <stddef.h>
#include <stdint.h>

#if MBEDTLS_VERSION_MAJOR < 4

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>

struct compat_random {
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context drbg;
};

enum { COMPAT_RANDOM_REQUEST_MAX = MBEDTLS_CTR_DRBG_MAX_REQUEST };

static inline int compat_random_init(struct compat_random *random)
{
	mbedtls_entropy_init(&random->entropy);
	mbedtls_ctr_drbg_init(&random->drbg);
	return mbedtls_ctr_drbg_seed(&random->drbg, mbedtls_entropy_func, &random->entropy, NULL, 0);
}

static inline void compat_random_done(struct compat_random *random)
{
	mbedtls_ctr_drbg_free(&random->drbg);
	mbedtls_entropy_free(&random->entropy);
}

static inline int compat_random_bytes(struct compat_random *random, unsigned char *bytes,
                                      size_t size)
{
	return mbedtls_ctr_drbg_random(&random->drbg, bytes, size);
}

static inline void compat_conf_random(mbedtls_ssl_config *config, struct compat_random *random)
{
	mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &random->drbg);
}

static inline int compat_parse_key(mbedtls_pk_context *key, const unsigned char *bytes, size_t size,
                                   struct compat_random *random)
{
	return mbedtls_pk_parse_key(key, bytes, size, NULL, 0, mbedtls_ctr_drbg_random, &random->drbg);
}

static inline int compat_check_pair(const mbedtls_pk_context *public_key,
                                    const mbedtls_pk_context *private_key,
                                    struct compat_random *random)
{
	return mbedtls_pk_check_pair(public_key, private_key, mbedtls_ctr_drbg_random, &random->drbg);
}

/* What the error number means, in the library's words. */
static inline void compat_error_words(int code, char *ret_words, size_t size)
{
	mbedtls_strerror(code, ret_words, size);
}

#else /* 4.x: one generator for all inside PSA, one table of error numbers */

#include <stdio.h>

struct compat_random {
	char unused;
};

enum { COMPAT_RANDOM_REQUEST_MAX = 1024 };

static inline int compat_random_init(struct compat_random *random)
{
	(void)random;
	return 0;
}

static inline void compat_random_done(struct compat_random *random)
{
	(void)random;
}

static inline int compat_random_bytes(struct compat_random *random, unsigned char *bytes,
                                      size_t size)
{
	(void)random;
	return psa_generate_random(bytes, size);
}

static inline void compat_conf_random(mbedtls_ssl_config *config, struct compat_random *random)
{
	(void)config;
	(void)random;
}

static inline int compat_parse_key(mbedtls_pk_context *key, const unsigned char *bytes, size_t size,
                                   struct compat_random *random)
{
	(void)random;
	return mbedtls_pk_parse_key(key, bytes, size, NULL, 0);
}

static inline int compat_check_pair(const mbedtls_pk_context *public_key,
                                    const mbedtls_pk_context *private_key,
                                    struct compat_random *random)
{
	(void)random;
	return mbedtls_pk_check_pair(public_key, private_key);
}

static inline void compat_error_words(int code, char *ret_words, size_t size)
{
	(void)snprintf(ret_words, size, "error %d", code);
}

#endif

/* Where the library's state machine is, one of mbedtls_ssl_states; it has no public way to ask. For
 * the log alone. */
static inline int compat_handshake_state(const mbedtls_ssl_context *ssl)
{
	return ssl->MBEDTLS_PRIVATE(state);
}

/* Numbers of the next records under the keys in use. Nothing else in the library tells them. */
static inline uint64_t compat_counter(const unsigned char counter[8])
{
	uint64_t number = 0;

	for (size_t i = 0; i < 8; i++)
		number = number << 8 | counter[i];
	return number;
}

static inline uint64_t compat_sequence_in(const mbedtls_ssl_context *ssl)
{
	return compat_counter(ssl->MBEDTLS_PRIVATE(in_ctr));
}

static inline uint64_t compat_sequence_out(const mbedtls_ssl_context *ssl)
{
	return compat_counter(ssl->MBEDTLS_PRIVATE(cur_out_ctr));
}

/* The key pair's type; PSA_KEY_TYPE_NONE for what is neither RSA nor on a NIST curve. */
static inline psa_key_type_t compat_key_type(const mbedtls_pk_context *key)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_type_t type = PSA_KEY_TYPE_NONE;

	if (mbedtls_pk_get_psa_attributes(key, PSA_KEY_USAGE_VERIFY_HASH, &attributes) == 0)
		type = PSA_KEY_TYPE_KEY_PAIR_OF_PUBLIC_KEY(psa_get_key_type(&attributes));
	psa_reset_key_attributes(&attributes);
	if (type != PSA_KEY_TYPE_RSA_KEY_PAIR &&
	    type != PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1))
		type = PSA_KEY_TYPE_NONE;
	return type;
}

static inline size_t compat_key_bits(const mbedtls_pk_context *key)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	size_t bits = 0;

	if (mbedtls_pk_get_psa_attributes(key, PSA_KEY_USAGE_VERIFY_HASH, &attributes) == 0)
		bits = psa_get_key_bits(&attributes);
	psa_reset_key_attributes(&attributes);
	return bits;
}

#endif
