/*
 * Signatures through Mbed TLS's functions, checked by its own code and the other way round: what an
 * accelerator makes must be good, and it must not find good what the library finds wrong.
 */
#include <mbedtls/asn1.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/md.h>
#include <mbedtls/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "unit/crypto/cases.h"

static const char *const curves[] = {"P-256", "P-384", "P-521"};

static const struct {
	mbedtls_md_type_t kind;
	size_t size;
} hashes[] = {
	{MBEDTLS_MD_SHA256, 32},
	{MBEDTLS_MD_SHA384, 48},
	{MBEDTLS_MD_SHA512, 64},
	{MBEDTLS_MD_SHA1, 20}, /* not covered by an accelerator */
};

struct signature {
	unsigned char bytes[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	size_t size;
};

static void sign(mbedtls_pk_context *key, mbedtls_pk_type_t kind, size_t hash_kind,
                 const unsigned char *hash, struct signature *signature, struct cases *cases)
{
	signature->size = 0;
	assert_int_equal(mbedtls_pk_sign_ext(kind, key, hashes[hash_kind].kind, hash,
	                                     hashes[hash_kind].size, signature->bytes,
	                                     sizeof(signature->bytes), &signature->size, cases_random,
	                                     cases),
	                 0);
}

static int check_signature(mbedtls_pk_context *key, mbedtls_pk_type_t kind, size_t hash_kind,
                           const unsigned char *hash, const struct signature *signature)
{
	const mbedtls_pk_rsassa_pss_options pss = {hashes[hash_kind].kind, (int)hashes[hash_kind].size};

	return mbedtls_pk_verify_ext(kind, kind == MBEDTLS_PK_RSASSA_PSS ? &pss : NULL, key,
	                             hashes[hash_kind].kind, hash, hashes[hash_kind].size,
	                             signature->bytes, signature->size);
}

/* The library's own opinion, past any accelerator. */
static int check_by_library(mbedtls_pk_context *key, mbedtls_pk_type_t kind, size_t hash_kind,
                            const unsigned char *hash, const struct signature *signature)
{
	unsigned size = (unsigned)hashes[hash_kind].size;
	mbedtls_md_type_t md = hashes[hash_kind].kind;

	switch (kind) {
	case MBEDTLS_PK_ECDSA:
		return mbedtls_ecdsa_read_signature(mbedtls_pk_ec(*key), hash, size, signature->bytes,
		                                    signature->size);
	case MBEDTLS_PK_RSA:
		return mbedtls_rsa_pkcs1_verify(mbedtls_pk_rsa(*key), md, size, hash, signature->bytes);
	default:
		return mbedtls_rsa_rsassa_pss_verify_ext(mbedtls_pk_rsa(*key), md, size, hash, md,
		                                         (int)size, signature->bytes);
	}
}

static void round_trip(mbedtls_pk_context *key, mbedtls_pk_context *public_key,
                       mbedtls_pk_type_t kind, size_t hash_kind, struct cases *cases)
{
	unsigned char hash[64];
	struct signature signature;

	cases_fill(cases, hash, sizeof(hash));
	sign(key, kind, hash_kind, hash, &signature, cases);
	assert_int_equal(check_by_library(public_key, kind, hash_kind, hash, &signature), 0);
	assert_int_equal(check_signature(public_key, kind, hash_kind, hash, &signature), 0);
	assert_int_equal(check_signature(key, kind, hash_kind, hash, &signature), 0);

	/* One bit of the signature or of the hash: wrong for both, with the same error. */
	size_t bit = cases_below(cases, 8 * signature.size);

	signature.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	assert_int_equal(check_signature(public_key, kind, hash_kind, hash, &signature),
	                 check_by_library(public_key, kind, hash_kind, hash, &signature));
	assert_int_not_equal(check_signature(public_key, kind, hash_kind, hash, &signature), 0);
	signature.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	hash[0] ^= 1;
	assert_int_not_equal(check_signature(public_key, kind, hash_kind, hash, &signature), 0);
}

static void test_ecdsa(void **state)
{
	struct cases cases;

	(void)state;
	cases_init(&cases, 7);
	for (size_t i = 0; i < ARRAY_LENGTH(curves); i++) {
		unsigned long count = cases_wanted(12);
		mbedtls_pk_context key;
		mbedtls_pk_context public_key;

		cases_make_ec(&key, curves[i], &cases);
		cases_public_half(&key, &public_key);
		for (unsigned long j = 0; j < count; j++)
			round_trip(&key, &public_key, MBEDTLS_PK_ECDSA, j % ARRAY_LENGTH(hashes), &cases);
		mbedtls_pk_free(&public_key);
		mbedtls_pk_free(&key);
	}
}

static void test_rsa(void **state)
{
	static const unsigned bits[] = {2048, 2056}; /* the other: not a multiple of 16 */
	static const mbedtls_pk_type_t kinds[] = {MBEDTLS_PK_RSA, MBEDTLS_PK_RSASSA_PSS};
	struct cases cases;

	(void)state;
	cases_init(&cases, 8);
	for (size_t i = 0; i < ARRAY_LENGTH(bits); i++) {
		unsigned long count = cases_wanted(12);
		mbedtls_pk_context key;
		mbedtls_pk_context public_key;

		cases_make_rsa(&key, bits[i], &cases);
		cases_public_half(&key, &public_key);
		for (unsigned long j = 0; j < count; j++)
			round_trip(&key, &public_key, kinds[j % 2], j / 2 % ARRAY_LENGTH(hashes), &cases);
		mbedtls_pk_free(&public_key);
		mbedtls_pk_free(&key);
	}
}

/* What the library signs is good for what checks signatures. */
static void test_the_librarys_signatures(void **state)
{
	unsigned char hash[64];
	struct signature signature = {.size = 0};
	mbedtls_pk_context key;
	struct cases cases;

	(void)state;
	cases_init(&cases, 9);
	cases_fill(&cases, hash, sizeof(hash));
	for (size_t i = 0; i < ARRAY_LENGTH(curves); i++) {
		cases_make_ec(&key, curves[i], &cases);
		for (size_t j = 0; j < ARRAY_LENGTH(hashes); j++) {
			assert_int_equal(mbedtls_ecdsa_write_signature(mbedtls_pk_ec(key), hashes[j].kind, hash,
			                                               hashes[j].size, signature.bytes,
			                                               sizeof(signature.bytes), &signature.size,
			                                               cases_random, &cases),
			                 0);
			assert_int_equal(check_signature(&key, MBEDTLS_PK_ECDSA, j, hash, &signature), 0);
		}
		mbedtls_pk_free(&key);
	}
	cases_make_rsa(&key, 2048, &cases);
	signature.size = 256;
	for (size_t j = 0; j < ARRAY_LENGTH(hashes); j++) {
		assert_int_equal(mbedtls_rsa_pkcs1_sign(mbedtls_pk_rsa(key), cases_random, &cases,
		                                        hashes[j].kind, (unsigned)hashes[j].size, hash,
		                                        signature.bytes),
		                 0);
		assert_int_equal(check_signature(&key, MBEDTLS_PK_RSA, j, hash, &signature), 0);
	}
	mbedtls_pk_free(&key);
}

/* Signatures in a form that is not DER's, or with numbers out of range, by hand. */
static void test_malformed_ecdsa(void **state)
{
	static const char *const signatures[] = {
		"",
		"3000",
		"3006020100020100", /* r = s = 0 */
		"3006020101020100",
		"3006020100020101",
		"3006020101020101",   /* of no key but by chance */
		"300602010102810101", /* a length in a form that is too long */
		"300702020001020101", /* r with a zero in front for nothing */
		/* r = the order of P-256 */
		"3026022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551020101",
		/* r = -1 */
		"30060201ff020101",
	};
	static const unsigned char hash[32] = {1};
	mbedtls_pk_context key;
	struct cases cases;

	(void)state;
	cases_init(&cases, 10);
	cases_make_ec(&key, "P-256", &cases);
	for (size_t i = 0; i < ARRAY_LENGTH(signatures); i++) {
		struct signature signature;

		signature.size = cases_digits(signatures[i], signature.bytes, sizeof(signature.bytes));
		assert_int_not_equal(check_signature(&key, MBEDTLS_PK_ECDSA, 0, hash, &signature), 0);
	}
	/* Good, but with a byte behind it. */
	struct signature longer;

	sign(&key, MBEDTLS_PK_ECDSA, 0, hash, &longer, &cases);
	longer.bytes[longer.size++] = 0;
	assert_int_not_equal(check_signature(&key, MBEDTLS_PK_ECDSA, 0, hash, &longer), 0);
	mbedtls_pk_free(&key);
}

static void test_limits(void **state)
{
	static const unsigned char hash[64] = {1};
	const mbedtls_pk_rsassa_pss_options any = {MBEDTLS_MD_SHA256, MBEDTLS_RSA_SALT_LEN_ANY};
	const mbedtls_pk_rsassa_pss_options other = {MBEDTLS_MD_SHA256, 20};
	struct signature signature;
	mbedtls_pk_context key;
	mbedtls_pk_context public_key;
	struct cases cases;

	(void)state;
	cases_init(&cases, 11);
	/* No room; no private half. */
	cases_make_ec(&key, "P-256", &cases);
	assert_int_not_equal(mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, hash, 32, signature.bytes, 20,
	                                     &signature.size, cases_random, &cases),
	                     0);
	cases_public_half(&key, &public_key);
	assert_int_not_equal(mbedtls_pk_sign(&public_key, MBEDTLS_MD_SHA256, hash, 32, signature.bytes,
	                                     sizeof(signature.bytes), &signature.size, cases_random,
	                                     &cases),
	                     0);
	mbedtls_pk_free(&public_key);
	mbedtls_pk_free(&key);

	cases_make_rsa(&key, 2048, &cases);
	assert_int_equal(mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, hash, 32, signature.bytes, 255,
	                                 &signature.size, cases_random, &cases),
	                 MBEDTLS_ERR_PK_BUFFER_TOO_SMALL);
	/* A hash of another size than its kind has. */
	assert_int_equal(mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, hash, 31, signature.bytes,
	                                 sizeof(signature.bytes), &signature.size, cases_random,
	                                 &cases),
	                 MBEDTLS_ERR_RSA_BAD_INPUT_DATA);
	/* The salt is as long as the hash, and another length is refused where one is expected. */
	sign(&key, MBEDTLS_PK_RSASSA_PSS, 0, hash, &signature, &cases);
	assert_int_equal(mbedtls_pk_verify_ext(MBEDTLS_PK_RSASSA_PSS, &any, &key, MBEDTLS_MD_SHA256,
	                                       hash, 32, signature.bytes, signature.size),
	                 0);
	assert_int_equal(mbedtls_pk_verify_ext(MBEDTLS_PK_RSASSA_PSS, &other, &key, MBEDTLS_MD_SHA256,
	                                       hash, 32, signature.bytes, signature.size),
	                 MBEDTLS_ERR_RSA_INVALID_PADDING);
	mbedtls_pk_free(&key);

	/* Too short for a salt as long as SHA-512: the library's own shorter one. */
	cases_make_rsa(&key, 1024, &cases);
	sign(&key, MBEDTLS_PK_RSASSA_PSS, 2, hash, &signature, &cases);
	const mbedtls_pk_rsassa_pss_options any_512 = {MBEDTLS_MD_SHA512, MBEDTLS_RSA_SALT_LEN_ANY};
	assert_int_equal(mbedtls_pk_verify_ext(MBEDTLS_PK_RSASSA_PSS, &any_512, &key, MBEDTLS_MD_SHA512,
	                                       hash, 64, signature.bytes, signature.size),
	                 0);
	mbedtls_pk_free(&key);
}

/* With no memory for the accelerated key, or for anything, it is the library's error or a good
 * signature, and nothing leaks. */
static void test_each_allocation_fails(void **state)
{
	static const unsigned char hash[32] = {1};
	struct cases cases;

	(void)state;
	cases_init(&cases, 12);
	for (size_t i = 0; i < 2; i++) {
		for (long successes = 0;; successes += 1 + successes / 8) {
			struct signature signature = {.size = 0};
			mbedtls_pk_context key;
			int code;

			cases_make_ec(&key, curves[i], &cases);
			memory_fail_after(successes);
			code = mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, hash, 32, signature.bytes,
			                       sizeof(signature.bytes), &signature.size, cases_random, &cases);
			memory_fail_after(-1);
			if (code == 0)
				assert_int_equal(check_by_library(&key, MBEDTLS_PK_ECDSA, 0, hash, &signature), 0);
			mbedtls_pk_free(&key);
			if (code == 0)
				break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ecdsa),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_the_librarys_signatures),
		cmocka_unit_test(test_malformed_ecdsa),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_each_allocation_fails),
	};

	return cmocka_run_group_tests(tests, cases_open, NULL);
}
