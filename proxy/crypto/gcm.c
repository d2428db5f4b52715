/*
 * AES-GCM for Mbed TLS (MBEDTLS_GCM_ALT; its manual is <mbedtls/gcm.h>) on ipsec-mb.
 *
 * One call, an IV of 12 bytes, in place or without overlap: that is every TLS record and every
 * ticket, and goes to ipsec-mb. Anything else, mistakes included, goes to the library's own code:
 * so it answers as it always did.
 *
 * The key is kept as it came and expanded for each message. That costs 0.13 µs, a twelfth of what
 * a record of 16 KiB costs, and saves 1 KB in each direction of each connection.
 */
#include <mbedtls/constant_time.h>
#include <mbedtls/gcm.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "crypto/aead.h"
#include "crypto/multibuffer.h"
#include "crypto/typed.h"
#include <builtin.h>

enum { TAG_SIZE = 16, TAG_SIZE_MIN = 4, IV_SIZE = 12 };

static const struct multibuffer_gcm *functions(const mbedtls_gcm_context *context)
{
	switch (context->key_bits) {
	case 128:
		return &multibuffer.gcm128;
	case 192:
		return &multibuffer.gcm192;
	default:
		check(context->key_bits == 256);
		return &multibuffer.gcm256;
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

/* Whether ipsec-mb does this. If not, the library's own code does it, or finds the mistake. */
static bool is_covered(const mbedtls_gcm_context *context, const struct aead_message *message)
{
	return context->key_bits != 0 && multibuffer.is_usable && message->iv_size == IV_SIZE &&
	       message->tag_size >= TAG_SIZE_MIN && message->tag_size <= TAG_SIZE &&
	       aead_is_plain(message);
}

/* Encrypts or decrypts; the whole tag of it. */
static void run(const mbedtls_gcm_context *context, bool encrypt,
                const struct aead_message *message, unsigned char tag[TAG_SIZE])
{
	const struct multibuffer_gcm *gcm = functions(context);
	/* Alignment as its functions want it. Both hold secrets. */
	struct gcm_key_data key;
	struct gcm_context_data progress;
	unsigned char nothing = 0;
	const unsigned char *input = message->size > 0 ? message->input : &nothing;
	unsigned char *output = message->size > 0 ? message->output : &nothing;
	const unsigned char *ad = message->ad_size > 0 ? message->ad : &nothing;

	gcm->expand(context->key, &key);
	(encrypt ? gcm->encrypt : gcm->decrypt)(&key, &progress, output, input, message->size,
	                                        message->iv, ad, message->ad_size, tag, TAG_SIZE);
	memory_wipe(&key, sizeof(key));
	memory_wipe(&progress, sizeof(progress));
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
	if (cipher == MBEDTLS_CIPHER_ID_AES && multibuffer.is_usable &&
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
	unsigned char whole_tag[TAG_SIZE];
	int code;

	if ((mode == MBEDTLS_GCM_ENCRYPT || mode == MBEDTLS_GCM_DECRYPT) &&
	    is_covered(context, &message)) {
		run(context, mode == MBEDTLS_GCM_ENCRYPT, &message, whole_tag);
		memcpy(tag, whole_tag, tag_size);
		return 0;
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
	unsigned char right_tag[TAG_SIZE];
	int code;

	if (is_covered(context, &message)) {
		run(context, false, &message, right_tag);
		code = mbedtls_ct_memcmp(tag, right_tag, tag_size);
		memory_wipe(right_tag, sizeof(right_tag));
		if (code == 0)
			return 0;
		if (length > 0)
			memory_wipe(output, length);
		return MBEDTLS_ERR_GCM_AUTH_FAILED;
	}
	code = need_general(context);
	return code != 0 ? code
	                 : builtin_gcm_auth_decrypt(context->general, length, iv, iv_size, ad, ad_size,
	                                            tag, tag_size, input, output);
}

bool typed_gcm_seal(const void *context, const struct typed_message *message)
{
	const mbedtls_gcm_context *own = context;
	struct gcm_key_data key;
	struct gcm_context_data progress;

	if (own->key_bits == 0 || !multibuffer.is_usable || message->size > AEAD_SIZE_MAX)
		return false;

	const struct multibuffer_gcm *gcm = functions(own);

	gcm->expand(own->key, &key);
	gcm->start(&key, &progress, message->nonce, message->ad, message->ad_size);
	if (message->size > 0)
		gcm->update(&key, &progress, message->output, message->input, message->size);
	gcm->update(&key, &progress, message->output + message->size, &message->type, 1);
	gcm->finish(&key, &progress, message->output + message->size + 1, TAG_SIZE);
	memory_wipe(&key, sizeof(key));
	memory_wipe(&progress, sizeof(progress));
	return true;
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
