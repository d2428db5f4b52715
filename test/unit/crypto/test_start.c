/*
 * The start: known answers are computed, a wrong one stops it, and it is told who computes what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "crypto/self_test.h"
#include "unit/crypto/cases.h"

static bool is_right(void)
{
	return true;
}

static bool is_wrong(void)
{
	return false;
}

static void test_a_wrong_answer_stops_the_start(void **state)
{
	static const struct self_test tests[] = {
		{CRYPTO_AES_GCM, is_right}, {CRYPTO_X25519, is_wrong}, {CRYPTO_RSA, is_wrong}};
	enum crypto_primitive failed = CRYPTO_PRIMITIVE_COUNT;

	(void)state;
	assert_int_equal(self_test_run(tests, 1, &failed), OK);
	assert_int_equal(failed, CRYPTO_PRIMITIVE_COUNT);
	assert_int_equal(self_test_run(tests, ARRAY_LENGTH(tests), &failed), ERROR_CRYPTO);
	assert_int_equal(failed, CRYPTO_X25519);
	assert_string_equal(crypto_primitive_name(failed), "X25519");
}

static void test_starts_again(void **state)
{
	enum crypto_primitive failed;

	(void)state;
	crypto_stop();
	assert_int_equal(crypto_start(&failed), OK);
}

static void test_known_answers(void **state)
{
	enum crypto_primitive failed;

	(void)state;
	assert_int_equal(crypto_self_test(&failed), OK);
}

static void test_providers(void **state)
{
	(void)state;
	for (enum crypto_primitive i = 0; i < CRYPTO_PRIMITIVE_COUNT; i++)
		assert_true(strlen(crypto_primitive_name(i)) > 2);
#if !defined(SALLYPORT_AEAD)
	assert_string_equal(crypto_provider(CRYPTO_AES_GCM), "built in");
#elif !defined(SALLYPORT_IPSEC_MB)
	assert_int_equal(strncmp(crypto_provider(CRYPTO_AES_GCM), "OpenSSL 3", 9), 0);
#else
	/* Only a CPU with the instructions uses it. */
	if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul"))
		assert_int_equal(strncmp(crypto_provider(CRYPTO_AES_GCM), "ipsec-mb ", 9), 0);
#endif
#if defined(SALLYPORT_LIBCRYPTO)
	assert_int_equal(strncmp(crypto_provider(CRYPTO_ECDSA), "OpenSSL 3", 9), 0);
#if defined(SALLYPORT_LIBSODIUM)
	assert_int_equal(strncmp(crypto_provider(CRYPTO_X25519), "libsodium ", 10), 0);
#else
	assert_int_equal(strncmp(crypto_provider(CRYPTO_X25519), "OpenSSL 3", 9), 0);
#endif
#else
	assert_string_equal(crypto_provider(CRYPTO_ECDSA), "built in");
	assert_string_equal(crypto_provider(CRYPTO_X25519), "built in");
	assert_string_equal(crypto_provider(CRYPTO_SHA2), "built in");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_wrong_answer_stops_the_start),
		cmocka_unit_test(test_starts_again),
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_providers),
	};

	return cmocka_run_group_tests(tests, cases_open, NULL);
}
