/*
 * Cryptography as a whole: which library computes what on this machine, and the proof at start that
 * it computes the right thing.
 *
 * Nothing of it is ours: the primitives are Mbed TLS's own, or those of ipsec-mb, libcrypto and
 * libsodium behind Mbed TLS's functions (ARCHITECTURE.md). The build's option `accelerate` says
 * which are there.
 */
#ifndef SALLYPORT_CRYPTO_START_H
#define SALLYPORT_CRYPTO_START_H

#include "base/error.h"

enum crypto_primitive {
	CRYPTO_AES_GCM,
	CRYPTO_CHACHA20_POLY1305,
	CRYPTO_SHA2,
	CRYPTO_X25519,
	CRYPTO_NIST_CURVES,
	CRYPTO_ECDSA,
	CRYPTO_RSA,
	CRYPTO_PRIMITIVE_COUNT
};

/*
 * Finds out what the CPU can do, and lets each primitive compute known answers. Before any other
 * use of Mbed TLS and before threads are started; takes a few milliseconds.
 *
 * ERROR_CRYPTO: one of them computed something else. Then *ret_failed is its number; nothing that
 * depends on it may run.
 */
MUST_CHECK enum error crypto_start(enum crypto_primitive *ret_failed);
/* After everything of Mbed TLS has been freed and the other threads have ended. It can be started
 * again. */
void crypto_stop(void);

/* "AES-GCM" … */
const char *crypto_primitive_name(enum crypto_primitive primitive);
/* Who computes it: "ipsec-mb 1.3.0 (AVX-512 with VAES)", "built in" …  After crypto_start(). */
const char *crypto_provider(enum crypto_primitive primitive);

#endif
