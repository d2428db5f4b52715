/*
 * Many threads at once, as the workers are: with keys of their own, and, more than they do, with
 * one key that none has used before. ThreadSanitizer looks on in its build.
 */
#include <mbedtls/ecp.h>
#include <mbedtls/gcm.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "unit/crypto/cases.h"

enum { THREADS = 4, ROUNDS = 20 };

/* Read by all. */
struct shared {
	mbedtls_pk_context ecdsa;
	mbedtls_pk_context rsa;
	atomic_int failures;
	atomic_uint seed;
};

static bool signs(mbedtls_pk_context *key, mbedtls_pk_type_t kind, struct cases *cases)
{
	const mbedtls_pk_rsassa_pss_options pss = {MBEDTLS_MD_SHA256, 32};
	unsigned char hash[32];
	unsigned char signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	size_t size = 0;

	cases_fill(cases, hash, sizeof(hash));
	return mbedtls_pk_sign_ext(kind, key, MBEDTLS_MD_SHA256, hash, 32, signature, sizeof(signature),
	                           &size, cases_random, cases) == 0 &&
	       mbedtls_pk_verify_ext(kind, kind == MBEDTLS_PK_RSASSA_PSS ? &pss : NULL, key,
	                             MBEDTLS_MD_SHA256, hash, 32, signature, size) == 0;
}

static bool seals(struct cases *cases)
{
	unsigned char key[32];
	unsigned char text[100] = {0};
	unsigned char tag[16];
	mbedtls_gcm_context gcm;

	cases_fill(cases, key, sizeof(key));
	mbedtls_gcm_init(&gcm);

	bool is_right = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256) == 0 &&
	                mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, sizeof(text), key, 12, key,
	                                          13, text, text, sizeof(tag), tag) == 0 &&
	                mbedtls_gcm_auth_decrypt(&gcm, sizeof(text), key, 12, key, 13, tag, sizeof(tag),
	                                         text, text) == 0 &&
	                text[0] == 0 && text[99] == 0;

	mbedtls_gcm_free(&gcm);
	return is_right;
}

static bool agrees(mbedtls_ecp_group_id id, struct cases *cases)
{
	mbedtls_ecp_group group;
	mbedtls_ecp_point product;
	mbedtls_mpi number;

	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&product);
	mbedtls_mpi_init(&number);

	bool is_right =
		mbedtls_ecp_group_load(&group, id) == 0 &&
		mbedtls_ecp_gen_privkey(&group, &number, cases_random, cases) == 0 &&
		mbedtls_ecp_mul(&group, &product, &number, &group.G, cases_random, cases) == 0 &&
		mbedtls_ecp_mul(&group, &product, &number, &product, cases_random, cases) == 0 &&
		mbedtls_ecp_check_pubkey(&group, &product) == 0;

	mbedtls_mpi_free(&number);
	mbedtls_ecp_point_free(&product);
	mbedtls_ecp_group_free(&group);
	return is_right;
}

static void *work(void *context)
{
	struct shared *shared = context;
	struct cases cases;

	cases_init(&cases, 100 + atomic_fetch_add(&shared->seed, 1));
	for (int i = 0; i < ROUNDS; i++)
		if (!signs(&shared->ecdsa, MBEDTLS_PK_ECDSA, &cases) ||
		    !signs(&shared->rsa, MBEDTLS_PK_RSASSA_PSS, &cases) || !seals(&cases) ||
		    !agrees(MBEDTLS_ECP_DP_CURVE25519, &cases) || !agrees(MBEDTLS_ECP_DP_SECP256R1, &cases))
			(void)atomic_fetch_add(&shared->failures, 1);
	return NULL;
}

static void test_threads(void **state)
{
	struct shared shared = {.failures = 0};
	pthread_t threads[THREADS];
	struct cases cases;

	(void)state;
	cases_init(&cases, 99);
	cases_make_ec(&shared.ecdsa, "P-256", &cases);
	cases_make_rsa(&shared.rsa, 2048, &cases);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &shared), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&shared.failures), 0);
	mbedtls_pk_free(&shared.rsa);
	mbedtls_pk_free(&shared.ecdsa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
	};

	int failed = cmocka_run_group_tests(tests, cases_open, NULL);

#if defined(SALLYPORT_LIBCRYPTO)
	failed += cmocka_run_group_tests_name("on libcrypto", tests, cases_open_on_libcrypto, NULL);
#endif
	return failed;
}
