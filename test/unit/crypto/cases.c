#include "unit/crypto/cases.h"

#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#if defined(SALLYPORT_LIBCRYPTO)
#include "crypto/aead_libcrypto.h"
#endif
#include "crypto/start.h"

/* The library wants it for the age of tickets; in the program tls/ has it. */
mbedtls_ms_time_t mbedtls_ms_time(void)
{
	return 0;
}

unsigned long cases_wanted(unsigned long usual)
{
	const char *wanted = getenv("SALLYPORT_CRYPTO_CASES");

	return wanted ? strtoul(wanted, NULL, 10) : usual;
}

void cases_init(struct cases *cases, uint64_t seed)
{
	cases->state = seed * 0x9e3779b97f4a7c15 + 1;
}

uint64_t cases_number(struct cases *cases)
{
	/* xorshift64* */
	cases->state ^= cases->state >> 12;
	cases->state ^= cases->state << 25;
	cases->state ^= cases->state >> 27;
	return cases->state * 0x2545f4914f6cdd1d;
}

size_t cases_below(struct cases *cases, size_t below)
{
	return (size_t)(cases_number(cases) >> 16) % below;
}

void cases_fill(struct cases *cases, void *bytes, size_t size)
{
	unsigned char *at = bytes;

	for (; size >= 8; size -= 8, at += 8) {
		uint64_t number = cases_number(cases);

		memcpy(at, &number, 8);
	}
	for (; size > 0; size--)
		*at++ = (unsigned char)(cases_number(cases) >> 32);
}

int cases_random(void *cases, unsigned char *bytes, size_t size)
{
	cases_fill(cases, bytes, size);
	return 0;
}

size_t cases_digits(const char *digits, unsigned char *bytes, size_t room)
{
	size_t size = strlen(digits) / 2;

	assert_true(size <= room);
	for (size_t i = 0; i < size; i++) {
		char pair[3] = {digits[2 * i], digits[2 * i + 1]};

		bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return size;
}

void cases_assert_bytes(const unsigned char *bytes, size_t size, const char *digits)
{
	unsigned char expected[512];

	assert_int_equal(size, cases_digits(digits, expected, sizeof(expected)));
	assert_memory_equal(bytes, expected, size);
}

static void take(mbedtls_pk_context *key, EVP_PKEY *made, struct cases *cases)
{
	unsigned char *der = NULL;
	int size = i2d_PrivateKey(made, &der);

	assert_true(size > 0);
	mbedtls_pk_init(key);
	assert_int_equal(mbedtls_pk_parse_key(key, der, (size_t)size, NULL, 0, cases_random, cases), 0);
	OPENSSL_clear_free(der, (size_t)size);
	EVP_PKEY_free(made);
}

void cases_make_rsa(mbedtls_pk_context *key, unsigned bits, struct cases *cases)
{
	take(key, EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits), cases);
}

void cases_make_ec(mbedtls_pk_context *key, const char *curve, struct cases *cases)
{
	take(key, EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve), cases);
}

void cases_public_half(mbedtls_pk_context *key, mbedtls_pk_context *ret_public)
{
	unsigned char der[1024];
	int size = mbedtls_pk_write_pubkey_der(key, der, sizeof(der));

	assert_true(size > 0);
	mbedtls_pk_init(ret_public);
	/* It writes at the end. */
	assert_int_equal(
		mbedtls_pk_parse_public_key(ret_public, der + sizeof(der) - (size_t)size, (size_t)size), 0);
}

int cases_open(void **state)
{
	static bool is_open;
	enum crypto_primitive failed;

	(void)state;
	/* As in the program, so that the library's allocations can be failed too. */
	assert_int_equal(mbedtls_platform_set_calloc_free(memory_new, memory_free), 0);
	if (!is_open && crypto_start(&failed))
		fail_msg("%s is wrong", crypto_primitive_name(failed));
	is_open = true;
	return 0;
}

#if defined(SALLYPORT_LIBCRYPTO)
int cases_open_on_libcrypto(void **state)
{
	int code = cases_open(state);

	aead_engine = aead_libcrypto_open();
	assert_non_null(aead_engine);
	assert_int_equal(strncmp(aead_engine->name, "OpenSSL 3", 9), 0);
	return code;
}
#endif
