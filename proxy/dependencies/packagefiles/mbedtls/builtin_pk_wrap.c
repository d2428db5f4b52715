/*
 * The kinds of public keys, with their signatures taken from hooks.h, and with room for what the
 * accelerator makes of a key.
 */
#include "common.h"

#include "hooks.h"
#include "pk_wrap.h"

#define mbedtls_rsa_info              builtin_rsa_info
#define mbedtls_eckey_info            builtin_eckey_info
#define mbedtls_ecdsa_info            builtin_ecdsa_info
#define mbedtls_ecdsa_write_signature signing_ecdsa_sign
#define mbedtls_ecdsa_read_signature  signing_ecdsa_verify
#define mbedtls_rsa_pkcs1_sign        signing_rsa_sign
#define mbedtls_rsa_pkcs1_verify      signing_rsa_verify

#include "pk_wrap.c"

#undef mbedtls_rsa_info
#undef mbedtls_eckey_info
#undef mbedtls_ecdsa_info

static void *allocate_rsa(void)
{
	struct hooks_rsa_key *key = mbedtls_calloc(1, sizeof(*key));

	if (key)
		mbedtls_rsa_init(&key->rsa);
	return key;
}

static void free_rsa(void *context)
{
	struct hooks_rsa_key *key = context;

	signing_key_free(key->accelerated);
	mbedtls_rsa_free(&key->rsa);
	mbedtls_free(key);
}

static void *allocate_ec(void)
{
	struct hooks_ec_key *key = mbedtls_calloc(1, sizeof(*key));

	if (key)
		mbedtls_ecp_keypair_init(&key->pair);
	return key;
}

static void free_ec(void *context)
{
	struct hooks_ec_key *key = context;

	signing_key_free(key->accelerated);
	mbedtls_ecp_keypair_free(&key->pair);
	mbedtls_free(key);
}

const mbedtls_pk_info_t mbedtls_rsa_info = {
	.type = MBEDTLS_PK_RSA,
	.name = "RSA",
	.get_bitlen = rsa_get_bitlen,
	.can_do = rsa_can_do,
	.verify_func = rsa_verify_wrap,
	.sign_func = rsa_sign_wrap,
	.decrypt_func = rsa_decrypt_wrap,
	.encrypt_func = rsa_encrypt_wrap,
	.check_pair_func = rsa_check_pair_wrap,
	.ctx_alloc_func = allocate_rsa,
	.ctx_free_func = free_rsa,
	.debug_func = rsa_debug,
};

const mbedtls_pk_info_t mbedtls_eckey_info = {
	.type = MBEDTLS_PK_ECKEY,
	.name = "EC",
	.get_bitlen = eckey_get_bitlen,
	.can_do = eckey_can_do,
	.verify_func = ecdsa_verify_wrap,
	.sign_func = ecdsa_sign_wrap,
	.check_pair_func = eckey_check_pair_wrap,
	.ctx_alloc_func = allocate_ec,
	.ctx_free_func = free_ec,
	.debug_func = eckey_debug,
};

const mbedtls_pk_info_t mbedtls_ecdsa_info = {
	.type = MBEDTLS_PK_ECDSA,
	.name = "ECDSA",
	.get_bitlen = eckey_get_bitlen,
	.can_do = ecdsa_can_do,
	.verify_func = ecdsa_verify_wrap,
	.sign_func = ecdsa_sign_wrap,
	.check_pair_func = eckey_check_pair_wrap,
	.ctx_alloc_func = allocate_ec,
	.ctx_free_func = free_ec,
	.debug_func = eckey_debug,
};
