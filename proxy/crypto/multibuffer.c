#include "crypto/multibuffer.h"

#define NO_COMPAT_IMB_API_053 /* names without the prefix IMB_, which others have too */
#include <intel-ipsec-mb.h>
#include <mbedtls/constant_time.h>
#include <stdio.h>

#include "base/check.h"
#include "base/memory.h"

/* The functions for one size of AES keys. */
struct multibuffer_gcm {
	aes_gcm_pre_t expand;
	aes_gcm_enc_dec_t encrypt;
	aes_gcm_enc_dec_t decrypt;
	/* Encryption in pieces. */
	aes_gcm_init_t start;
	aes_gcm_enc_dec_update_t update;
	aes_gcm_enc_dec_finalize_t finish;
};

/* Threads: written by multibuffer_open(), before there are threads; read by all. */
static struct {
	struct multibuffer_gcm gcm[AEAD_AES_256_GCM + 1]; /* by cipher */
	chacha_poly_init_t chachapoly_start;
	chacha_poly_enc_dec_update_t chachapoly_encrypt;
	chacha_poly_enc_dec_update_t chachapoly_decrypt;
	chacha_poly_finalize_t chachapoly_finish;
	char name[64];
} multibuffer;

static const uint64_t features_needed =
	IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_SSE4_2;

static const char *instructions(IMB_ARCH arch)
{
	static const char *const names[] = {
		[IMB_ARCH_SSE] = "SSE",
#if IMB_VERSION_NUM < IMB_VERSION(2, 0, 0) /* ipsec-mb 2.0 has done without this one */
		[IMB_ARCH_AVX] = "AVX",
#endif
		[IMB_ARCH_AVX2] = "AVX2",
		[IMB_ARCH_AVX512] = "AVX-512",
	};
	const char *name = (size_t)arch < ARRAY_LENGTH(names) ? names[arch] : NULL;

	return name ? name : "other";
}

static void take_functions(const IMB_MGR *manager)
{
	multibuffer.gcm[AEAD_AES_128_GCM] = (struct multibuffer_gcm){
		.expand = manager->gcm128_pre,
		.encrypt = manager->gcm128_enc,
		.decrypt = manager->gcm128_dec,
		.start = manager->gcm128_init,
		.update = manager->gcm128_enc_update,
		.finish = manager->gcm128_enc_finalize,
	};
	multibuffer.gcm[AEAD_AES_192_GCM] = (struct multibuffer_gcm){
		.expand = manager->gcm192_pre,
		.encrypt = manager->gcm192_enc,
		.decrypt = manager->gcm192_dec,
		.start = manager->gcm192_init,
		.update = manager->gcm192_enc_update,
		.finish = manager->gcm192_enc_finalize,
	};
	multibuffer.gcm[AEAD_AES_256_GCM] = (struct multibuffer_gcm){
		.expand = manager->gcm256_pre,
		.encrypt = manager->gcm256_enc,
		.decrypt = manager->gcm256_dec,
		.start = manager->gcm256_init,
		.update = manager->gcm256_enc_update,
		.finish = manager->gcm256_enc_finalize,
	};
	multibuffer.chachapoly_start = manager->chacha20_poly1305_init;
	multibuffer.chachapoly_encrypt = manager->chacha20_poly1305_enc_update;
	multibuffer.chachapoly_decrypt = manager->chacha20_poly1305_dec_update;
	multibuffer.chachapoly_finish = manager->chacha20_poly1305_finalize;
}

/* What is not there has an address all the same, for functions that do not ask. */
static const unsigned char *some(const unsigned char *bytes, size_t size)
{
	static const unsigned char nothing;

	return size > 0 ? bytes : &nothing;
}

/* Seals or opens, in one piece; the whole tag of it. */
static void run_gcm(enum aead_cipher cipher, const unsigned char *key, bool encrypt,
                    const struct aead_message *message, unsigned char tag[AEAD_TAG_SIZE])
{
	const struct multibuffer_gcm *gcm = &multibuffer.gcm[cipher];
	/* Alignment as its functions want it. Both hold secrets. */
	struct gcm_key_data expanded;
	struct gcm_context_data progress;
	unsigned char nothing = 0;

	gcm->expand(key, &expanded);
	(encrypt ? gcm->encrypt : gcm->decrypt)(
		&expanded, &progress, message->size > 0 ? message->output : &nothing,
		some(message->input, message->size), message->size, message->iv,
		some(message->ad, message->ad_size), message->ad_size, tag, AEAD_TAG_SIZE);
	memory_wipe(&expanded, sizeof(expanded));
	memory_wipe(&progress, sizeof(progress));
}

/* Seals with a byte behind the input. */
static void run_typed_gcm(enum aead_cipher cipher, const unsigned char *key,
                          const struct aead_message *message, unsigned char type,
                          unsigned char tag[AEAD_TAG_SIZE])
{
	const struct multibuffer_gcm *gcm = &multibuffer.gcm[cipher];
	struct gcm_key_data expanded;
	struct gcm_context_data progress;

	gcm->expand(key, &expanded);
	gcm->start(&expanded, &progress, message->iv, some(message->ad, message->ad_size),
	           message->ad_size);
	if (message->size > 0)
		gcm->update(&expanded, &progress, message->output, message->input, message->size);
	gcm->update(&expanded, &progress, message->output + message->size, &type, 1);
	gcm->finish(&expanded, &progress, tag, AEAD_TAG_SIZE);
	memory_wipe(&expanded, sizeof(expanded));
	memory_wipe(&progress, sizeof(progress));
}

static void run_chachapoly(const unsigned char *key, bool encrypt,
                           const struct aead_message *message, const unsigned char *type,
                           unsigned char tag[AEAD_TAG_SIZE])
{
	struct chacha20_poly1305_context_data progress;

	multibuffer.chachapoly_start(key, &progress, message->iv, some(message->ad, message->ad_size),
	                             message->ad_size);
	if (message->size > 0)
		(encrypt ? multibuffer.chachapoly_encrypt : multibuffer.chachapoly_decrypt)(
			key, &progress, message->output, message->input, message->size);
	if (type)
		multibuffer.chachapoly_encrypt(key, &progress, message->output + message->size, type, 1);
	multibuffer.chachapoly_finish(&progress, tag, AEAD_TAG_SIZE);
	memory_wipe(&progress, sizeof(progress));
}

static enum aead_verdict seal(enum aead_cipher cipher, const unsigned char *key,
                              const struct aead_message *message, const unsigned char *type,
                              unsigned char tag[AEAD_TAG_SIZE])
{
	if (cipher == AEAD_CHACHA20_POLY1305)
		run_chachapoly(key, true, message, type, tag);
	else if (type)
		run_typed_gcm(cipher, key, message, *type, tag);
	else
		run_gcm(cipher, key, true, message, tag);
	return AEAD_GOOD;
}

static enum aead_verdict open(enum aead_cipher cipher, const unsigned char *key,
                              const struct aead_message *message, const unsigned char *tag)
{
	unsigned char right_tag[AEAD_TAG_SIZE];

	if (cipher == AEAD_CHACHA20_POLY1305)
		run_chachapoly(key, false, message, NULL, right_tag);
	else
		run_gcm(cipher, key, false, message, right_tag);

	bool is_right = mbedtls_ct_memcmp(tag, right_tag, message->tag_size) == 0;

	memory_wipe(right_tag, sizeof(right_tag));
	return is_right ? AEAD_GOOD : AEAD_BAD;
}

const struct aead_engine *multibuffer_open(void)
{
	static const struct aead_engine engine = {multibuffer.name, seal, open};
	IMB_MGR *manager = alloc_mb_mgr(0);
	IMB_ARCH arch = IMB_ARCH_NONE;
	bool is_usable = false;

	if (!manager)
		return NULL;
	init_mb_mgr_auto(manager, &arch);
	/* Without them it would run in an emulation that is slower than the built-in code. */
	if (imb_get_errno(manager) == 0 && (manager->features & features_needed) == features_needed) {
		take_functions(manager);
		(void)snprintf(multibuffer.name, sizeof(multibuffer.name), "ipsec-mb %s (%s%s)",
		               imb_get_version_str(), instructions(arch),
		               manager->features & IMB_FEATURE_VAES ? " with VAES" : "");
		is_usable = true;
	}
	/* The manager's 50 KB are for its queues. */
	free_mb_mgr(manager);
	return is_usable ? &engine : NULL;
}
