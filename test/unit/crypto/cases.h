/*
 * What the tests of crypto/ have in common: cases made from a seed, bytes from hexadecimal digits,
 * keys made by OpenSSL.
 *
 * Where the build has an accelerator, the tests compare it with the library's own code. The number
 * of cases is `cases_wanted()`; SALLYPORT_CRYPTO_CASES=100000 in the environment sets another.
 */
#ifndef SALLYPORT_UNIT_CRYPTO_CASES_H
#define SALLYPORT_UNIT_CRYPTO_CASES_H

#include <mbedtls/pk.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `usual`, or what the environment says. */
unsigned long cases_wanted(unsigned long usual);

/* A small generator, so that a case can be had again. Not for secrets. */
struct cases {
	uint64_t state;
};

void cases_init(struct cases *cases, uint64_t seed);
uint64_t cases_number(struct cases *cases);
/* 0 to below - 1 */
size_t cases_below(struct cases *cases, size_t below);
void cases_fill(struct cases *cases, void *bytes, size_t size);

/* As the library's f_rng; the context is a struct cases. */
int cases_random(void *cases, unsigned char *bytes, size_t size);

/* The number of bytes. */
size_t cases_digits(const char *digits, unsigned char *bytes, size_t room);
void cases_assert_bytes(const unsigned char *bytes, size_t size, const char *digits);

/* A new private key: "RSA" with a number of bits, or "EC" with the name of a curve. */
void cases_make_rsa(mbedtls_pk_context *key, unsigned bits, struct cases *cases);
void cases_make_ec(mbedtls_pk_context *key, const char *curve, struct cases *cases);
/* The public half of it. */
void cases_public_half(mbedtls_pk_context *key, mbedtls_pk_context *ret_public);

/* For cmocka: crypto_start() with known answers. */
int cases_open(void **state);
#if defined(SALLYPORT_LIBCRYPTO)
/* The same, and AES-GCM and ChaCha20-Poly1305 by libcrypto even if there is ipsec-mb. */
int cases_open_on_libcrypto(void **state);
#endif

#endif
