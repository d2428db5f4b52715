#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/libcrypto.h"
#include "crypto/x25519.h"

bool x25519_open(void)
{
	return libcrypto.is_usable;
}

const char *x25519_provider(void)
{
	return libcrypto.name;
}

bool x25519_base_times(const unsigned char number[X25519_SIZE], unsigned char product[X25519_SIZE])
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key_ex(libcrypto.context, SN_X25519, NULL, number, X25519_SIZE);
	size_t size = X25519_SIZE;
	bool is_done =
		key && EVP_PKEY_get_raw_public_key(key, product, &size) == 1 && size == X25519_SIZE;

	EVP_PKEY_free(key);
	return is_done;
}

/*
 * A private key from its number alone would have its public half computed, which takes as long as
 * the multiplication itself and is not looked at. So any public half is given with it.
 */
static EVP_PKEY *key_of(unsigned char number[X25519_SIZE], unsigned char any[X25519_SIZE])
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, number, X25519_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, any, X25519_SIZE),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(libcrypto.context, SN_X25519, NULL);
	EVP_PKEY *key = NULL;

	if (context && EVP_PKEY_fromdata_init(context) == 1)
		(void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters);
	EVP_PKEY_CTX_free(context);
	return key;
}

/* libcrypto refuses a product of zero. */
bool x25519_times(const unsigned char number[X25519_SIZE], const unsigned char point[X25519_SIZE],
                  unsigned char product[X25519_SIZE])
{
	unsigned char number_copy[X25519_SIZE];
	unsigned char any[X25519_SIZE];

	memcpy(number_copy, number, sizeof(number_copy));
	memcpy(any, point, sizeof(any));

	EVP_PKEY *own = key_of(number_copy, any);
	EVP_PKEY *peer =
		EVP_PKEY_new_raw_public_key_ex(libcrypto.context, SN_X25519, NULL, point, X25519_SIZE);
	EVP_PKEY_CTX *context =
		own && peer ? EVP_PKEY_CTX_new_from_pkey(libcrypto.context, own, NULL) : NULL;
	size_t size = X25519_SIZE;
	bool is_done = context && EVP_PKEY_derive_init(context) == 1 &&
	               EVP_PKEY_derive_set_peer_ex(context, peer, 0) == 1 &&
	               EVP_PKEY_derive(context, product, &size) == 1 && size == X25519_SIZE;

	memory_wipe(number_copy, sizeof(number_copy));
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(own);
	return is_done;
}
