/*
 * The library libcrypto of OpenSSL: a context of our own in it, and the curves that it has.
 *
 * The context is our own so that neither openssl.cnf nor the environment has a say in it.
 */
#ifndef SALLYPORT_CRYPTO_LIBCRYPTO_H
#define SALLYPORT_CRYPTO_LIBCRYPTO_H

#include <mbedtls/ecp.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdbool.h>

enum {
	LIBCRYPTO_CURVE_COUNT = 3,
	LIBCRYPTO_COORDINATE_MAX = 66, /* bytes of a coordinate of P-521 */
	LIBCRYPTO_POINT_MAX = 1 + 2 * LIBCRYPTO_COORDINATE_MAX,
};

/* A NIST curve. Threads: read-only after libcrypto_open(). */
struct libcrypto_curve {
	mbedtls_ecp_group_id id;
	int nid;
	const char *name;
	/* Debian 12's OpenSSL multiplies the base point of P-384 in 860 µs, the built-in code in 350;
	 * a signature is such a multiplication. */
	bool base_is_slow;
	EC_GROUP *group;
};

/*
 * Threads: written by libcrypto_open(), before there are threads; read by all.
 */
struct libcrypto {
	bool is_usable;
	bool has_x25519; /* crypto/x25519, which need not be libcrypto's */
	OSSL_LIB_CTX *context;
	char name[64]; /* "OpenSSL 3.0.19" */
};

extern struct libcrypto libcrypto;

/* Fills `libcrypto`, if that has not been done. Without memory it stays unusable. */
void libcrypto_open(void);
/* Back to nothing, after all keys are freed and the other threads have ended. */
void libcrypto_close(void);
/* NULL: not a curve of the table, or libcrypto is not usable. */
const struct libcrypto_curve *libcrypto_curve(mbedtls_ecp_group_id id);
/* Forgets what libcrypto noted of a failure; for the callers it is only a reason to fall back. */
void libcrypto_forget_errors(void);

#endif
