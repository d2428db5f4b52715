#include "crypto/libcrypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/secret.h"
#include "crypto/x25519.h"

static struct libcrypto_curve curves[LIBCRYPTO_CURVE_COUNT] = {
	{.id = MBEDTLS_ECP_DP_SECP256R1, .nid = NID_X9_62_prime256v1, .name = SN_X9_62_prime256v1},
	{.id = MBEDTLS_ECP_DP_SECP384R1,
     .nid = NID_secp384r1,
     .name = SN_secp384r1,
     .base_is_slow = true},
	{.id = MBEDTLS_ECP_DP_SECP521R1, .nid = NID_secp521r1, .name = SN_secp521r1},
};

struct libcrypto libcrypto;

/* --- Its memory: that of keys is for secrets -------------------------------------------------- */

static void *allocate(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size == 0)
		return NULL;
	return secret_is_wanted() ? secret_new(1, size) : malloc(size);
}

static void *resize(void *memory, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return memory && secret_holds(memory) ? secret_resize(memory, size) : realloc(memory, size);
}

static void release(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	if (secret_holds(memory))
		secret_free(memory);
	else
		free(memory);
}

void libcrypto_open(void)
{
	/* It takes them before its first allocation only; after that they are there already. */
	(void)CRYPTO_set_mem_functions(allocate, resize, release);
	if (libcrypto.is_usable || !OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
		return;
	(void)snprintf(libcrypto.name, sizeof(libcrypto.name), "OpenSSL %s",
	               OpenSSL_version(OPENSSL_VERSION_STRING));
	libcrypto.context = OSSL_LIB_CTX_new();
	if (!libcrypto.context)
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(curves); i++) {
		curves[i].group = EC_GROUP_new_by_curve_name_ex(libcrypto.context, NULL, curves[i].nid);
		if (!curves[i].group)
			return;
	}
	libcrypto.is_usable = true;
	libcrypto.has_x25519 = x25519_open();
}

void libcrypto_close(void)
{
	libcrypto.is_usable = false;
	for (size_t i = 0; i < ARRAY_LENGTH(curves); i++) {
		EC_GROUP_free(curves[i].group);
		curves[i].group = NULL;
	}
	OSSL_LIB_CTX_free(libcrypto.context);
	libcrypto.context = NULL;
}

const struct libcrypto_curve *libcrypto_curve(mbedtls_ecp_group_id id)
{
	for (size_t i = 0; libcrypto.is_usable && i < ARRAY_LENGTH(curves); i++)
		if (curves[i].id == id)
			return &curves[i];
	return NULL;
}

void libcrypto_forget_errors(void)
{
	ERR_clear_error();
}
