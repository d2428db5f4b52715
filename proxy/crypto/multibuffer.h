/*
 * The library ipsec-mb: found out once what the CPU can do, and its functions for that.
 *
 * Only its direct functions are used: no jobs, no queues, no state but the caller's own.
 */
#ifndef SALLYPORT_CRYPTO_MULTIBUFFER_H
#define SALLYPORT_CRYPTO_MULTIBUFFER_H

#define NO_COMPAT_IMB_API_053 /* names without the prefix IMB_, which others have too */
#include <intel-ipsec-mb.h>
#include <stdbool.h>

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

/*
 * Threads: written by multibuffer_open(), before there are threads; read by all.
 */
struct multibuffer {
	bool is_usable; /* the CPU has what it takes: AES-NI, PCLMULQDQ, SSE 4.2 */
	struct multibuffer_gcm gcm128;
	struct multibuffer_gcm gcm192;
	struct multibuffer_gcm gcm256;
	chacha_poly_init_t chachapoly_start;
	chacha_poly_enc_dec_update_t chachapoly_encrypt;
	chacha_poly_enc_dec_update_t chachapoly_decrypt;
	chacha_poly_finalize_t chachapoly_finish;
	char name[64]; /* "ipsec-mb 1.3.0 (AVX-512 with VAES)" */
};

/* All zero before multibuffer_open(). */
extern struct multibuffer multibuffer;

/* Fills `multibuffer`. If the CPU or memory does not suffice, it stays unusable. */
void multibuffer_open(void);

#endif
