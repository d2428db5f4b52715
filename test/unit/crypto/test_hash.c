/*
 * SHA-2 through Mbed TLS's functions: published answers, and random cases against the library's own
 * block functions where others stand in their place.
 */
#include <builtin.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "unit/crypto/cases.h"

/* FIPS 180-4's examples: nothing, one block, a million times "a". */
static const char empty_256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char abc_256[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char million_256[] =
	"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
static const char abc_384[] = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
							  "8086072ba1e7cc2358baeca134c825a7";
static const char million_384[] = "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b"
								  "07b8b3dc38ecc4ebae97ddd87f3d8985";
static const char abc_512[] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
							  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

static void test_answers(void **state)
{
	static const unsigned char abc[] = {'a', 'b', 'c'};
	unsigned char hash[64];

	(void)state;
	assert_int_equal(mbedtls_sha256(abc, 0, hash, 0), 0);
	cases_assert_bytes(hash, 32, empty_256);
	assert_int_equal(mbedtls_sha256(abc, 3, hash, 0), 0);
	cases_assert_bytes(hash, 32, abc_256);
	assert_int_equal(mbedtls_sha512(abc, 3, hash, 1), 0);
	cases_assert_bytes(hash, 48, abc_384);
	assert_int_equal(mbedtls_sha512(abc, 3, hash, 0), 0);
	cases_assert_bytes(hash, 64, abc_512);
}

/* In pieces that fit no block. */
static void test_a_million(void **state)
{
	unsigned char part[1000];
	unsigned char hash[64];
	mbedtls_sha256_context sha256;
	mbedtls_sha512_context sha384;

	(void)state;
	memset(part, 'a', sizeof(part));
	mbedtls_sha256_init(&sha256);
	mbedtls_sha512_init(&sha384);
	assert_int_equal(mbedtls_sha256_starts(&sha256, 0), 0);
	assert_int_equal(mbedtls_sha512_starts(&sha384, 1), 0);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(mbedtls_sha256_update(&sha256, part, sizeof(part)), 0);
		assert_int_equal(mbedtls_sha512_update(&sha384, part, sizeof(part)), 0);
	}
	assert_int_equal(mbedtls_sha256_finish(&sha256, hash), 0);
	cases_assert_bytes(hash, 32, million_256);
	assert_int_equal(mbedtls_sha512_finish(&sha384, hash), 0);
	cases_assert_bytes(hash, 48, million_384);
	mbedtls_sha256_free(&sha256);
	mbedtls_sha512_free(&sha384);
}

#if defined(SALLYPORT_LIBCRYPTO_SHA2)

static void test_blocks_are_the_librarys(void **state)
{
	unsigned long count = cases_wanted(100000);
	mbedtls_sha256_context ours_256;
	mbedtls_sha256_context theirs_256;
	mbedtls_sha512_context ours_512;
	mbedtls_sha512_context theirs_512;
	unsigned char block[128];
	struct cases cases;

	(void)state;
	cases_init(&cases, 4);
	mbedtls_sha256_init(&ours_256);
	mbedtls_sha512_init(&ours_512);
	assert_int_equal(mbedtls_sha256_starts(&ours_256, 0), 0);
	assert_int_equal(mbedtls_sha512_starts(&ours_512, 1), 0);
	mbedtls_sha256_init(&theirs_256);
	mbedtls_sha512_init(&theirs_512);
	mbedtls_sha256_clone(&theirs_256, &ours_256);
	mbedtls_sha512_clone(&theirs_512, &ours_512);
	/* Each state comes of the one before. */
	for (unsigned long i = 0; i < count; i++) {
		cases_fill(&cases, block, sizeof(block));
		assert_int_equal(mbedtls_internal_sha256_process(&ours_256, block), 0);
		assert_int_equal(builtin_internal_sha256_process(&theirs_256, block), 0);
		assert_memory_equal(&ours_256, &theirs_256, sizeof(ours_256));
		assert_int_equal(mbedtls_internal_sha512_process(&ours_512, block), 0);
		assert_int_equal(builtin_internal_sha512_process(&theirs_512, block), 0);
		assert_memory_equal(&ours_512, &theirs_512, sizeof(ours_512));
	}
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_a_million),
#if defined(SALLYPORT_LIBCRYPTO_SHA2)
		cmocka_unit_test(test_blocks_are_the_librarys),
#endif
	};

	return cmocka_run_group_tests(tests, cases_open, NULL);
}
