/*
 * ChaCha20-Poly1305 (RFC 8439) for Mbed TLS (MBEDTLS_CHACHAPOLY_ALT; its manual is
 * <mbedtls/chachapoly.h>) on another library: messages in one call. What comes in pieces, overlaps
 * or is too long goes to the library's own code, as in gcm.c.
 */
#include <mbedtls/chachapoly.h>
#include <mbedtls/cipher.h>
#include <mbedtls/error.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/aead.h"
#include "crypto/typed.h"
#include <builtin.h>

static void drop_general(mbedtls_chachapoly_context *context)
{
	builtin_chachapoly_delete(context->general);
	context->general = NULL;
}

/* Makes the library's own context, with the same key. */
static int need_general(mbedtls_chachapoly_context *context)
{
	if (context->general)
		return 0;
	context->general = builtin_chachapoly_new();
	if (!context->general)
		return MBEDTLS_ERR_CIPHER_ALLOC_FAILED;
	return builtin_chachapoly_setkey(context->general, context->key);
}

static bool is_covered(const struct aead_message *message)
{
	return aead_engine && aead_is_covered(message);
}

void mbedtls_chachapoly_init(mbedtls_chachapoly_context *context)
{
	*context = (mbedtls_chachapoly_context){0};
}

void mbedtls_chachapoly_free(mbedtls_chachapoly_context *context)
{
	if (!context)
		return;
	drop_general(context);
	memory_wipe(context, sizeof(*context));
}

int mbedtls_chachapoly_setkey(mbedtls_chachapoly_context *context, const unsigned char key[32])
{
	drop_general(context);
	memcpy(context->key, key, sizeof(context->key));
	return 0;
}

int mbedtls_chachapoly_encrypt_and_tag(mbedtls_chachapoly_context *context, size_t length,
                                       const unsigned char nonce[12], const unsigned char *ad,
                                       size_t ad_size, const unsigned char *input,
                                       unsigned char *output, unsigned char tag[16])
{
	const struct aead_message message = {nonce, AEAD_IV_SIZE, ad,     ad_size,
	                                     input, output,       length, AEAD_TAG_SIZE};
	enum aead_verdict verdict = AEAD_NOT_DONE;
	int code;

	if (is_covered(&message))
		verdict = aead_engine->seal(AEAD_CHACHA20_POLY1305, context->key, &message, NULL, tag);
	if (verdict == AEAD_GOOD)
		return 0;
	if (verdict == AEAD_BAD) {
		if (length > 0)
			memory_wipe(output, length);
		return MBEDTLS_ERR_PLATFORM_HW_ACCEL_FAILED;
	}
	code = need_general(context);
	return code != 0 ? code
	                 : builtin_chachapoly_encrypt_and_tag(context->general, length, nonce, ad,
	                                                      ad_size, input, output, tag);
}

int mbedtls_chachapoly_auth_decrypt(mbedtls_chachapoly_context *context, size_t length,
                                    const unsigned char nonce[12], const unsigned char *ad,
                                    size_t ad_size, const unsigned char tag[16],
                                    const unsigned char *input, unsigned char *output)
{
	const struct aead_message message = {nonce, AEAD_IV_SIZE, ad,     ad_size,
	                                     input, output,       length, AEAD_TAG_SIZE};
	enum aead_verdict verdict = AEAD_NOT_DONE;
	int code;

	if (is_covered(&message))
		verdict = aead_engine->open(AEAD_CHACHA20_POLY1305, context->key, &message, tag);
	if (verdict == AEAD_GOOD)
		return 0;
	if (verdict == AEAD_BAD) {
		if (length > 0)
			memory_wipe(output, length);
		return MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
	}
	code = need_general(context);
	return code != 0 ? code
	                 : builtin_chachapoly_auth_decrypt(context->general, length, nonce, ad, ad_size,
	                                                   tag, input, output);
}

bool typed_chachapoly_seal(const void *context, const struct typed_message *typed)
{
	const mbedtls_chachapoly_context *own = context;
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

	return is_covered(&message) &&
	       aead_engine->seal(AEAD_CHACHA20_POLY1305, own->key, &message, &typed->type,
	                         typed->output + typed->size + 1) == AEAD_GOOD;
}

/* --- In pieces: nothing of TLS does that ----------------------------------------------------- */

int mbedtls_chachapoly_starts(mbedtls_chachapoly_context *context, const unsigned char nonce[12],
                              mbedtls_chachapoly_mode_t mode)
{
	int code = need_general(context);

	return code != 0 ? code : builtin_chachapoly_starts(context->general, nonce, mode);
}

int mbedtls_chachapoly_update_aad(mbedtls_chachapoly_context *context, const unsigned char *ad,
                                  size_t ad_size)
{
	if (!context->general)
		return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE; /* not started */
	return builtin_chachapoly_update_aad(context->general, ad, ad_size);
}

int mbedtls_chachapoly_update(mbedtls_chachapoly_context *context, size_t length,
                              const unsigned char *input, unsigned char *output)
{
	if (!context->general)
		return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE;
	return builtin_chachapoly_update(context->general, length, input, output);
}

int mbedtls_chachapoly_finish(mbedtls_chachapoly_context *context, unsigned char tag[16])
{
	if (!context->general)
		return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE;
	return builtin_chachapoly_finish(context->general, tag);
}
