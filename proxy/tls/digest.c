#include "tls/digest.h"

#include <mbedtls/base64.h>
#include <psa/crypto.h>
#include <string.h>

#include "tls/library.h"

enum { KEY_SIZE_MAX = 64, SHA1_SIZE = 20 };

enum error tls_websocket_accept(struct span key, char ret_accept[TLS_WEBSOCKET_ACCEPT_SIZE])
{
	static const struct span guid = {"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36};
	unsigned char input[KEY_SIZE_MAX + 36];
	unsigned char hash[SHA1_SIZE];
	unsigned char text[TLS_WEBSOCKET_ACCEPT_SIZE];
	size_t size = 0;

	if (key.size > KEY_SIZE_MAX)
		return ERROR_TOO_LARGE;
	if (key.size > 0)
		memcpy(input, key.data, key.size);
	memcpy(input + key.size, guid.data, guid.size);
	if (psa_hash_compute(PSA_ALG_SHA_1, input, key.size + guid.size, hash, sizeof(hash), &size) !=
	        PSA_SUCCESS ||
	    mbedtls_base64_encode(text, sizeof(text), &size, hash, sizeof(hash)) != 0)
		return tls_library_failure();
	memcpy(ret_accept, text, sizeof(text)); /* the encoder has added the NUL */
	return OK;
}

enum error tls_sha256(struct span bytes, unsigned char ret_hash[TLS_SHA256_SIZE])
{
	unsigned char hash[TLS_SHA256_SIZE];
	size_t size = 0;

	if (psa_hash_compute(PSA_ALG_SHA_256, (const unsigned char *)bytes.data, bytes.size, hash,
	                     sizeof(hash), &size) != PSA_SUCCESS)
		return tls_library_failure();
	memcpy(ret_hash, hash, sizeof(hash));
	return OK;
}

static psa_status_t digest_parts(psa_mac_operation_t *operation, const struct span *parts,
                                 size_t count, unsigned char digest[TLS_SHA256_SIZE])
{
	psa_status_t status = PSA_SUCCESS;
	size_t size = 0;

	for (size_t i = 0; i < count && status == PSA_SUCCESS; i++)
		status = psa_mac_update(operation, (const uint8_t *)parts[i].data, parts[i].size);
	if (status == PSA_SUCCESS)
		status = psa_mac_sign_finish(operation, digest, TLS_SHA256_SIZE, &size);
	return status;
}

enum error tls_keyed_digest(const unsigned char key[TLS_SHA256_SIZE], struct span a, struct span b,
                            unsigned char ret_digest[TLS_SHA256_SIZE])
{
	const struct span parts[] = {a, {"", 1}, b};
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_mac_operation_t operation = PSA_MAC_OPERATION_INIT;
	unsigned char digest[TLS_SHA256_SIZE];
	psa_key_id_t id = PSA_KEY_ID_NULL;

	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
	psa_set_key_algorithm(&attributes, PSA_ALG_HMAC(PSA_ALG_SHA_256));
	psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);

	psa_status_t status = psa_import_key(&attributes, key, TLS_SHA256_SIZE, &id);

	if (status == PSA_SUCCESS)
		status = psa_mac_sign_setup(&operation, id, PSA_ALG_HMAC(PSA_ALG_SHA_256));
	if (status == PSA_SUCCESS)
		status = digest_parts(&operation, parts, ARRAY_LENGTH(parts), digest);
	(void)psa_mac_abort(&operation);
	(void)psa_destroy_key(id);
	if (status != PSA_SUCCESS)
		return tls_library_failure();
	memcpy(ret_digest, digest, sizeof(digest));
	return OK;
}
