#include "crypto/multibuffer.h"

#include <stdio.h>

#include "base/check.h"

static const uint64_t features_needed =
	IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_SSE4_2;

struct multibuffer multibuffer;

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
	multibuffer.gcm128 = (struct multibuffer_gcm){
		.expand = manager->gcm128_pre,
		.encrypt = manager->gcm128_enc,
		.decrypt = manager->gcm128_dec,
		.start = manager->gcm128_init,
		.update = manager->gcm128_enc_update,
		.finish = manager->gcm128_enc_finalize,
	};
	multibuffer.gcm192 = (struct multibuffer_gcm){
		.expand = manager->gcm192_pre,
		.encrypt = manager->gcm192_enc,
		.decrypt = manager->gcm192_dec,
		.start = manager->gcm192_init,
		.update = manager->gcm192_enc_update,
		.finish = manager->gcm192_enc_finalize,
	};
	multibuffer.gcm256 = (struct multibuffer_gcm){
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

void multibuffer_open(void)
{
	IMB_MGR *manager = alloc_mb_mgr(0);
	IMB_ARCH arch = IMB_ARCH_NONE;

	if (!manager)
		return;
	init_mb_mgr_auto(manager, &arch);
	/* Without them it would run in an emulation that is slower than the built-in code. */
	if (imb_get_errno(manager) == 0 && (manager->features & features_needed) == features_needed) {
		take_functions(manager);
		(void)snprintf(multibuffer.name, sizeof(multibuffer.name), "ipsec-mb %s (%s%s)",
		               imb_get_version_str(), instructions(arch),
		               manager->features & IMB_FEATURE_VAES ? " with VAES" : "");
		multibuffer.is_usable = true;
	}
	/* The manager's 50 KB are for its queues. */
	free_mb_mgr(manager);
}
