#include "crypto/start.h"

#include "crypto/self_test.h"

/* What the build has of accelerators is said by the macros that the library's build sets. */
#if defined(SALLYPORT_IPSEC_MB)
#include "crypto/multibuffer.h"
#endif
#if defined(SALLYPORT_LIBCRYPTO)
#include "crypto/aead_libcrypto.h"
#include "crypto/libcrypto.h"
#include "crypto/x25519.h"
#endif

static const char *const names[CRYPTO_PRIMITIVE_COUNT] = {
	[CRYPTO_AES_GCM] = "AES-GCM",
	[CRYPTO_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
	[CRYPTO_SHA2] = "SHA-2",
	[CRYPTO_X25519] = "X25519",
	[CRYPTO_NIST_CURVES] = "NIST curves",
	[CRYPTO_ECDSA] = "ECDSA",
	[CRYPTO_RSA] = "RSA",
};

const char *crypto_primitive_name(enum crypto_primitive primitive)
{
	return names[primitive];
}

const char *crypto_provider(enum crypto_primitive primitive)
{
	const char *provider = NULL;

	switch (primitive) {
	case CRYPTO_AES_GCM:
	case CRYPTO_CHACHA20_POLY1305:
#if defined(SALLYPORT_AEAD)
		if (aead_engine)
			provider = aead_engine->name;
#endif
		break;
	case CRYPTO_SHA2:
#if defined(SALLYPORT_LIBCRYPTO_SHA2)
		provider = libcrypto.name;
#endif
		break;
	case CRYPTO_X25519:
#if defined(SALLYPORT_LIBCRYPTO)
		if (libcrypto.has_x25519)
			provider = x25519_provider();
#endif
		break;
	default:
#if defined(SALLYPORT_LIBCRYPTO)
		if (libcrypto.is_usable)
			provider = libcrypto.name;
#endif
		break;
	}
	return provider && provider[0] ? provider : "built in";
}

/* ipsec-mb, if it is there and the CPU has what it takes; it is the fastest on short records. */
static void choose_aead_engine(void)
{
#if defined(SALLYPORT_AEAD)
	aead_engine = NULL;
#if defined(SALLYPORT_IPSEC_MB)
	aead_engine = multibuffer_open();
#endif
#if defined(SALLYPORT_LIBCRYPTO)
	if (!aead_engine)
		aead_engine = aead_libcrypto_open();
#endif
#endif
}

enum error crypto_start(enum crypto_primitive *ret_failed)
{
#if defined(SALLYPORT_LIBCRYPTO)
	libcrypto_open();
#endif
	choose_aead_engine();
	return crypto_self_test(ret_failed);
}

void crypto_stop(void)
{
#if defined(SALLYPORT_AEAD)
	aead_engine = NULL;
#endif
#if defined(SALLYPORT_LIBCRYPTO)
	aead_libcrypto_close();
	libcrypto_close();
#endif
}
