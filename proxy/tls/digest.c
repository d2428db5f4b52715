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
