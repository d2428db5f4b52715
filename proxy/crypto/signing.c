/*
 * Signatures, made and checked, on libcrypto: ECDSA, RSA with PKCS#1 v1.5 padding, RSA-PSS. Each
 * function stands for one of Mbed TLS (hooks.h) and has its manual.
 *
 * What libcrypto does not cover or fails at goes to the library's own code. So does every signature
 * that libcrypto finds wrong: it has no say but "good", and the error is always the library's.
 */
#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/check.h"
#include "base/secret.h"
#include "crypto/libcrypto.h"
#include "crypto/signing_key.h"
#include <builtin.h>
#include <hooks.h>

enum { ECDSA_SIZE_MAX = 141 }; /* of a signature on P-521, in DER */

/* How RSA is padded. */
struct padding {
	const char *mode; /* OSSL_PKEY_RSA_PAD_MODE_… */
	const char *hash; /* NULL: not covered */
	int salt_size;    /* of PSS */
};

static const char *hash_name(mbedtls_md_type_t kind, size_t hash_size)
{
	static const struct {
		mbedtls_md_type_t kind;
		size_t size;
		const char *name;
	} hashes[] = {
		{MBEDTLS_MD_SHA256, 32, "SHA256"},
		{MBEDTLS_MD_SHA384, 48, "SHA384"},
		{MBEDTLS_MD_SHA512, 64, "SHA512"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(hashes); i++)
		if (hashes[i].kind == kind && hashes[i].size == hash_size)
			return hashes[i].name;
	return NULL;
}

/* --- ECDSA ----------------------------------------------------------------------------------- */

/*
 * The nonce is libcrypto's: random, with the private key and the hash mixed in, so that it does not
 * repeat even if the random numbers do.
 */
static bool ecdsa_sign(struct signing_key *key, const unsigned char *hash, size_t hash_size,
                       unsigned char der[ECDSA_SIZE_MAX], size_t *ret_size)
{
	EVP_PKEY_CTX *operation = atomic_exchange(&key->idle, NULL);
	size_t size = ECDSA_SIZE_MAX;
	bool is_ready = operation != NULL;

	if (!operation) {
		operation = EVP_PKEY_CTX_new_from_pkey(libcrypto.context, key->key, NULL);
		is_ready = operation && EVP_PKEY_sign_init(operation) == 1;
	}
	if (!is_ready || EVP_PKEY_sign(operation, der, &size, hash, hash_size) != 1) {
		EVP_PKEY_CTX_free(operation);
		libcrypto_forget_errors();
		return false;
	}
	/* Another thread may have put back one of its own. */
	EVP_PKEY_CTX_free(atomic_exchange(&key->idle, operation));
	*ret_size = size;
	return true;
}

int signing_ecdsa_sign(mbedtls_ecdsa_context *context, mbedtls_md_type_t hash_kind,
                       const unsigned char *hash, size_t hash_size, unsigned char *signature,
                       size_t room, size_t *ret_size, int (*f_rng)(void *, unsigned char *, size_t),
                       void *p_rng)
{
	const struct libcrypto_curve *curve =
		libcrypto_curve(mbedtls_ecp_keypair_get_group_id(context));
	struct signing_key *key = curve && !curve->base_is_slow ? signing_key_of_ec(context) : NULL;
	unsigned char der[ECDSA_SIZE_MAX];
	size_t size = 0;

	/* Without random numbers for its blinding the library refuses. */
	if (!f_rng || hash_size == 0 || !key || !key->is_private ||
	    !ecdsa_sign(key, hash, hash_size, der, &size))
		return mbedtls_ecdsa_write_signature(context, hash_kind, hash, hash_size, signature, room,
		                                     ret_size, f_rng, p_rng);
	if (size > room)
		return MBEDTLS_ERR_ECP_BUFFER_TOO_SMALL;
	memcpy(signature, der, size);
	*ret_size = size;
	return 0;
}

static bool is_good(const struct signing_key *key, const OSSL_PARAM *parameters,
                    const unsigned char *hash, size_t hash_size, const unsigned char *signature,
                    size_t size)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(libcrypto.context, key->key, NULL);
	bool good = context && EVP_PKEY_verify_init(context) == 1 &&
	            (!parameters || EVP_PKEY_CTX_set_params(context, parameters) == 1) &&
	            EVP_PKEY_verify(context, signature, size, hash, hash_size) == 1;

	EVP_PKEY_CTX_free(context);
	if (!good)
		libcrypto_forget_errors();
	return good;
}

int signing_ecdsa_verify(mbedtls_ecdsa_context *context, const unsigned char *hash,
                         size_t hash_size, const unsigned char *signature, size_t size)
{
	const struct signing_key *key = signing_key_of_ec(context);

	if (key && hash_size > 0 && is_good(key, NULL, hash, hash_size, signature, size))
		return 0;
	return mbedtls_ecdsa_read_signature(context, hash, hash_size, signature, size);
}

/* --- RSA ------------------------------------------------------------------------------------- */

enum { PADDING_PARAMETERS = 4 };

static void describe(struct padding *padding, OSSL_PARAM parameters[PADDING_PARAMETERS])
{
	bool is_pss = strcmp(padding->mode, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;

	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE,
	                                                 (char *)(uintptr_t)padding->mode, 0);
	parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST,
	                                                 (char *)(uintptr_t)padding->hash, 0);
	parameters[2] =
		is_pss ? OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &padding->salt_size)
			   : OSSL_PARAM_construct_end();
	parameters[3] = OSSL_PARAM_construct_end();
}

static bool rsa_sign(mbedtls_rsa_context *rsa, struct padding *padding, const unsigned char *hash,
                     size_t hash_size, unsigned char *signature)
{
	struct signing_key *key = padding->hash ? signing_key_of_rsa(rsa) : NULL;
	OSSL_PARAM parameters[PADDING_PARAMETERS];
	size_t size = mbedtls_rsa_get_len(rsa);

	if (!key || !key->is_private)
		return false;
	describe(padding, parameters);

	bool is_first = !atomic_exchange_explicit(&key->has_signed, true, memory_order_relaxed);

	if (is_first)
		secret_begin();

	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(libcrypto.context, key->key, NULL);
	bool is_done = context && EVP_PKEY_sign_init(context) == 1 &&
	               EVP_PKEY_CTX_set_params(context, parameters) == 1 &&
	               EVP_PKEY_sign(context, signature, &size, hash, hash_size) == 1 &&
	               size == mbedtls_rsa_get_len(rsa);

	EVP_PKEY_CTX_free(context);
	if (is_first)
		secret_end();
	if (!is_done)
		libcrypto_forget_errors();
	return is_done;
}

static bool rsa_is_good(mbedtls_rsa_context *rsa, struct padding *padding,
                        const unsigned char *hash, size_t hash_size, const unsigned char *signature)
{
	const struct signing_key *key = padding->hash ? signing_key_of_rsa(rsa) : NULL;
	OSSL_PARAM parameters[PADDING_PARAMETERS];

	if (!key)
		return false;
	describe(padding, parameters);
	return is_good(key, parameters, hash, hash_size, signature, mbedtls_rsa_get_len(rsa));
}

int signing_rsa_sign(mbedtls_rsa_context *context, int (*f_rng)(void *, unsigned char *, size_t),
                     void *p_rng, mbedtls_md_type_t hash_kind, unsigned hash_size,
                     const unsigned char *hash, unsigned char *signature)
{
	struct padding padding = {OSSL_PKEY_RSA_PAD_MODE_PKCSV15, hash_name(hash_kind, hash_size), 0};

	if (f_rng && mbedtls_rsa_get_padding_mode(context) == MBEDTLS_RSA_PKCS_V15 &&
	    rsa_sign(context, &padding, hash, hash_size, signature))
		return 0;
	return mbedtls_rsa_pkcs1_sign(context, f_rng, p_rng, hash_kind, hash_size, hash, signature);
}

int signing_rsa_verify(mbedtls_rsa_context *context, mbedtls_md_type_t hash_kind,
                       unsigned hash_size, const unsigned char *hash,
                       const unsigned char *signature)
{
	struct padding padding = {OSSL_PKEY_RSA_PAD_MODE_PKCSV15, hash_name(hash_kind, hash_size), 0};

	if (mbedtls_rsa_get_padding_mode(context) == MBEDTLS_RSA_PKCS_V15 &&
	    rsa_is_good(context, &padding, hash, hash_size, signature))
		return 0;
	return mbedtls_rsa_pkcs1_verify(context, hash_kind, hash_size, hash, signature);
}

/* The salt is as long as the hash, which RFC 8446 §4.2.3 wants. Keys too short for it are not
 * covered; the library then makes the salt shorter. */
int signing_pss_sign(mbedtls_rsa_context *context, int (*f_rng)(void *, unsigned char *, size_t),
                     void *p_rng, mbedtls_md_type_t hash_kind, unsigned hash_size,
                     const unsigned char *hash, unsigned char *signature)
{
	struct padding padding = {OSSL_PKEY_RSA_PAD_MODE_PSS, hash_name(hash_kind, hash_size),
	                          (int)hash_size};
	mbedtls_md_type_t set_hash = (mbedtls_md_type_t)mbedtls_rsa_get_md_alg(context);

	if (f_rng && (set_hash == MBEDTLS_MD_NONE || set_hash == hash_kind) &&
	    mbedtls_rsa_get_len(context) >= 2 * (size_t)hash_size + 2 &&
	    rsa_sign(context, &padding, hash, hash_size, signature))
		return 0;
	return mbedtls_rsa_rsassa_pss_sign_no_mode_check(context, f_rng, p_rng, hash_kind, hash_size,
	                                                 hash, signature);
}

int signing_pss_verify(mbedtls_rsa_context *context, mbedtls_md_type_t hash_kind,
                       unsigned hash_size, const unsigned char *hash, mbedtls_md_type_t mgf1_kind,
                       int salt_size, const unsigned char *signature)
{
	struct padding padding = {OSSL_PKEY_RSA_PAD_MODE_PSS, hash_name(hash_kind, hash_size),
	                          salt_size == MBEDTLS_RSA_SALT_LEN_ANY ? RSA_PSS_SALTLEN_AUTO
	                                                                : salt_size};

	if (mgf1_kind == hash_kind && salt_size >= MBEDTLS_RSA_SALT_LEN_ANY &&
	    rsa_is_good(context, &padding, hash, hash_size, signature))
		return 0;
	return mbedtls_rsa_rsassa_pss_verify_ext(context, hash_kind, hash_size, hash, mgf1_kind,
	                                         salt_size, signature);
}
