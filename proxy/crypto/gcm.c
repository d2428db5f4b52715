/*
 * AES-GCM for Mbed TLS (MBEDTLS_GCM_ALT; its manual is <mbedtls/gcm.h>) on another library.
 *
 * One call, an IV of 12 bytes, in place or without overlap: that is every TLS record and every
 * ticket, and goes to `aead_engine`. Anything else, mistakes included, goes to the library's own
 * code: so it answers as it always did.
 *
 * The key is kept as it came and expanded for each message. With ipsec-mb that costs 0.13 µs, a
 * twelfth of what a record of 16 KiB costs, and saves 1 KB in each direction of each connection.
 */
#include <mbedtls/error.h>
#include <mbedtls/gcm.h>
#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "crypto/aead.h"
#include "crypto/typed.h"
#include <builtin.h>

static enum aead_cipher cipher_of(const mbedtls_gcm_context *context)
{
	switch (context->key_bits) {
	case 128:
		return AEAD_AES_128_GCM;
	case 192:
		return AEAD_AES_192_GCM;
	default:
		check(context->key_bits == 256);
		return AEAD_AES_256_GCM;
	}
}

static void drop_general(mbedtls_gcm_context *context)
{
	builtin_gcm_delete(context->general);
	context->general = NULL;
}

/* Makes the library's own context, with the same key. */
static int need_general(mbedtls_gcm_context *context)
{
	if (context->general)
		return 0;
	if (context->key_bits == 0)
		return MBEDTLS_ERR_GCM_BAD_INPUT;
	context->general = builtin_gcm_new();
	if (!context->general)
		return MBEDTLS_ERR_CIPHER_ALLOC_FAILED;

	int code = builtin_gcm_setkey(context->general, MBEDTLS_CIPHER_ID_AES, context->key,
	                              context->key_bits);

	if (code != 0)
		drop_general(context);
	return code;
}

/* Whether the engine does this. If not, the library's own code does it, or finds the mistake. */
static bool is_covered(const mbedtls_gcm_context *context, const struct aead_message *message)
{
	return context->key_bits != 0 && aead_engine && aead_is_covered(message);
}

void mbedtls_gcm_init(mbedtls_gcm_context *context)
{
	*context = (mbedtls_gcm_context){0};
}

void mbedtls_gcm_free(mbedtls_gcm_context *context)
{
	if (!context)
		return;
	drop_general(context);
	memory_wipe(context, sizeof(*context));
}

int mbedtls_gcm_setkey(mbedtls_gcm_context *context, mbedtls_cipher_id_t cipher,
                       const unsigned char *key, unsigned key_bits)
{
	mbedtls_gcm_free(context);
	if (cipher == MBEDTLS_CIPHER_ID_AES && aead_engine &&
	    (key_bits == 128 || key_bits == 192 || key_bits == 256)) {
		memcpy(context->key, key, key_bits / 8);
		context->key_bits = key_bits;
		return 0;
	}
	context->general = builtin_gcm_new();
	if (!context->general)
		return MBEDTLS_ERR_CIPHER_ALLOC_FAILED;

	int code = builtin_gcm_setkey(context->general, cipher, key, key_bits);

	if (code != 0)
		drop_general(context);
	return code;
}

int mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *context, int mode, size_t length,
                              const unsigned char *iv, size_t iv_size, const unsigned char *ad,
                              size_t ad_size, const unsigned char *input, unsigned char *output,
                              size_t tag_size, unsigned char *tag)
{
	const struct aead_message message = {iv, iv_size, ad, ad_size, input, output, length, tag_size};
	enum aead_verdict verdict = AEAD_NOT_DONE;
	unsigned char whole_tag[AEAD_TAG_SIZE];
	int code;

	if (mode == MBEDTLS_GCM_ENCRYPT && is_covered(context, &message))
		verdict = aead_engine->seal(cipher_of(context), context->key, &message, NULL, whole_tag);
	if (verdict == AEAD_GOOD) {
		memcpy(tag, whole_tag, tag_size);
		return 0;
	}
	if (verdict == AEAD_BAD) {
		if (length > 0)
			memory_wipe(output, length);
		return MBEDTLS_ERR_PLATFORM_HW_ACCEL_FAILED;
	}
	code = need_general(context);
	return code != 0 ? code
	                 : builtin_gcm_crypt_and_tag(context->general, mode, length, iv, iv_size, ad,
	                                             ad_size, input, output, tag_size, tag);
}

int mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *context, size_t length, const unsigned char *iv,
                             size_t iv_size, const unsigned char *ad, size_t ad_size,
                             const unsigned char *tag, size_t tag_size, const unsigned char *input,
                             unsigned char *output)
{
	const struct aead_message message = {iv, iv_size, ad, ad_size, input, output, length, tag_size};
	enum aead_verdict verdict = AEAD_NOT_DONE;
	int code;

	if (is_covered(context, &message))
		verdict = aead_engine->open(cipher_of(context), context->key, &message, tag);
	if (verdict == AEAD_GOOD)
		return 0;
	if (verdict == AEAD_BAD) {
		if (length > 0)
			memory_wipe(output, length);
		return MBEDTLS_ERR_GCM_AUTH_FAILED;
	}
	code = need_general(context);
	return code != 0 ? code
	                 : builtin_gcm_auth_decrypt(context->general, length, iv, iv_size, ad, ad_size,
	                                            tag, tag_size, input, output);
}

bool typed_gcm_seal(const void *context, const struct typed_message *typed)
{
	const mbedtls_gcm_context *own = context;
	const struct aead_message message = {
		.iv = typed->nonce,
		.iv_size = AEAD_IV_SIZE,
		.ad = typed->ad,
		.ad_size = typed->ad_size,
		.input = typed->input,
		.output = typed->output,
		.size = typed->size,
		.tag_size = AEAD_TAG_SIZE,
	};

	return is_covered(own, &message) &&
	       aead_engine->seal(cipher_of(own), own->key, &message, &typed->type,
	                         typed->output + typed->size + 1) == AEAD_GOOD;
}

/* --- In pieces: nothing of TLS does that ----------------------------------------------------- */

int mbedtls_gcm_starts(mbedtls_gcm_context *context, int mode, const unsigned char *iv,
                       size_t iv_size)
{
	int code = need_general(context);

	return code != 0 ? code : builtin_gcm_starts(context->general, mode, iv, iv_size);
}

int mbedtls_gcm_update_ad(mbedtls_gcm_context *context, const unsigned char *ad, size_t ad_size)
{
	if (!context->general)
		return MBEDTLS_ERR_GCM_BAD_INPUT; /* not started */
	return builtin_gcm_update_ad(context->general, ad, ad_size);
}

int mbedtls_gcm_update(mbedtls_gcm_context *context, const unsigned char *input, size_t input_size,
                       unsigned char *output, size_t output_room, size_t *ret_output_size)
{
	if (!context->general)
		return MBEDTLS_ERR_GCM_BAD_INPUT;
	return builtin_gcm_update(context->general, input, input_size, output, output_room,
	                          ret_output_size);
}

int mbedtls_gcm_finish(mbedtls_gcm_context *context, unsigned char *output, size_t output_room,
                       size_t *ret_output_size, unsigned char *tag, size_t tag_size)
{
	if (!context->general)
		return MBEDTLS_ERR_GCM_BAD_INPUT;
	return builtin_gcm_finish(context->general, output, output_room, ret_output_size, tag,
	                          tag_size);
}
