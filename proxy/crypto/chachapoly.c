/*
 * ChaCha20-Poly1305 (RFC 8439) for Mbed TLS (MBEDTLS_CHACHAPOLY_ALT; its manual is
 * <mbedtls/chachapoly.h>) on ipsec-mb: messages in one call. What comes in pieces, overlaps or is
 * too long goes to the library's own code, as in gcm.c.
 */
#include <mbedtls/chachapoly.h>
#include <mbedtls/cipher.h>
#include <mbedtls/constant_time.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/aead.h"
#include "crypto/multibuffer.h"
#include "crypto/typed.h"
#include <builtin.h>

enum { TAG_SIZE = 16, NONCE_SIZE = 12 };

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
	return multibuffer.is_usable && aead_is_plain(message);
}

static void run(const mbedtls_chachapoly_context *context, bool encrypt,
                const struct aead_message *message, unsigned char tag[TAG_SIZE])
{
	struct chacha20_poly1305_context_data progress;
	unsigned char nothing = 0;
	const unsigned char *ad = message->ad_size > 0 ? message->ad : &nothing;

	multibuffer.chachapoly_start(context->key, &progress, message->iv, ad, message->ad_size);
	if (message->size > 0)
		(encrypt ? multibuffer.chachapoly_encrypt : multibuffer.chachapoly_decrypt)(
			context->key, &progress, message->output, message->input, message->size);
	multibuffer.chachapoly_finish(&progress, tag, TAG_SIZE);
	memory_wipe(&progress, sizeof(progress));
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
	const struct aead_message message = {nonce, NONCE_SIZE, ad,     ad_size,
	                                     input, output,     length, TAG_SIZE};
	int code;

	if (is_covered(&message)) {
		run(context, true, &message, tag);
		return 0;
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
	const struct aead_message message = {nonce, NONCE_SIZE, ad,     ad_size,
	                                     input, output,     length, TAG_SIZE};
	unsigned char right_tag[TAG_SIZE];
	int code;

	if (is_covered(&message)) {
		run(context, false, &message, right_tag);
		code = mbedtls_ct_memcmp(tag, right_tag, TAG_SIZE);
		memory_wipe(right_tag, sizeof(right_tag));
		if (code == 0)
			return 0;
		if (length > 0)
			memory_wipe(output, length);
		return MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
	}
	code = need_general(context);
	return code != 0 ? code
	                 : builtin_chachapoly_auth_decrypt(context->general, length, nonce, ad, ad_size,
	                                                   tag, input, output);
}

bool typed_chachapoly_seal(const void *context, const struct typed_message *message)
{
	const mbedtls_chachapoly_context *own = context;
	struct chacha20_poly1305_context_data progress;
	unsigned char *end = message->output + message->size;

	if (!multibuffer.is_usable || message->size > AEAD_SIZE_MAX)
		return false;
	multibuffer.chachapoly_start(own->key, &progress, message->nonce, message->ad,
	                             message->ad_size);
	if (message->size > 0)
		multibuffer.chachapoly_encrypt(own->key, &progress, message->output, message->input,
		                               message->size);
	multibuffer.chachapoly_encrypt(own->key, &progress, end, &message->type, 1);
	multibuffer.chachapoly_finish(&progress, end + 1, TAG_SIZE);
	memory_wipe(&progress, sizeof(progress));
	return true;
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
