/*
 * The library's own code for what proxy/crypto implements: the functions of Mbed TLS under other
 * names, with the meaning that Mbed TLS documents. The builtin_*.c beside this file make them.
 */
#ifndef BUILTIN_H
#define BUILTIN_H

#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <stddef.h>

#if defined(SALLYPORT_AEAD)
#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>

/* Zeroed, then _init(); NULL: no memory. Owner: the caller, until builtin_gcm_delete(). */
struct builtin_gcm_context *builtin_gcm_new(void);
/* Wipes it. NULL is allowed. */
void builtin_gcm_delete(struct builtin_gcm_context *context);
int builtin_gcm_setkey(struct builtin_gcm_context *context, mbedtls_cipher_id_t cipher,
                       const unsigned char *key, unsigned key_bits);
int builtin_gcm_crypt_and_tag(struct builtin_gcm_context *context, int mode, size_t length,
                              const unsigned char *iv, size_t iv_size, const unsigned char *ad,
                              size_t ad_size, const unsigned char *input, unsigned char *output,
                              size_t tag_size, unsigned char *tag);
int builtin_gcm_auth_decrypt(struct builtin_gcm_context *context, size_t length,
                             const unsigned char *iv, size_t iv_size, const unsigned char *ad,
                             size_t ad_size, const unsigned char *tag, size_t tag_size,
                             const unsigned char *input, unsigned char *output);
int builtin_gcm_starts(struct builtin_gcm_context *context, int mode, const unsigned char *iv,
                       size_t iv_size);
int builtin_gcm_update_ad(struct builtin_gcm_context *context, const unsigned char *ad,
                          size_t ad_size);
int builtin_gcm_update(struct builtin_gcm_context *context, const unsigned char *input,
                       size_t input_size, unsigned char *output, size_t output_room,
                       size_t *ret_output_size);
int builtin_gcm_finish(struct builtin_gcm_context *context, unsigned char *output,
                       size_t output_room, size_t *ret_output_size, unsigned char *tag,
                       size_t tag_size);

struct builtin_chachapoly_context *builtin_chachapoly_new(void);
/* Wipes it. NULL is allowed. */
void builtin_chachapoly_delete(struct builtin_chachapoly_context *context);
int builtin_chachapoly_setkey(struct builtin_chachapoly_context *context,
                              const unsigned char key[32]);
int builtin_chachapoly_starts(struct builtin_chachapoly_context *context,
                              const unsigned char nonce[12], mbedtls_chachapoly_mode_t mode);
int builtin_chachapoly_update_aad(struct builtin_chachapoly_context *context,
                                  const unsigned char *ad, size_t ad_size);
int builtin_chachapoly_update(struct builtin_chachapoly_context *context, size_t length,
                              const unsigned char *input, unsigned char *output);
int builtin_chachapoly_finish(struct builtin_chachapoly_context *context, unsigned char tag[16]);
int builtin_chachapoly_encrypt_and_tag(struct builtin_chachapoly_context *context, size_t length,
                                       const unsigned char nonce[12], const unsigned char *ad,
                                       size_t ad_size, const unsigned char *input,
                                       unsigned char *output, unsigned char tag[16]);
int builtin_chachapoly_auth_decrypt(struct builtin_chachapoly_context *context, size_t length,
                                    const unsigned char nonce[12], const unsigned char *ad,
                                    size_t ad_size, const unsigned char tag[16],
                                    const unsigned char *input, unsigned char *output);
#endif

#if defined(SALLYPORT_LIBCRYPTO)
int builtin_ecp_mul_restartable(mbedtls_ecp_group *group, mbedtls_ecp_point *ret_point,
                                const mbedtls_mpi *number, const mbedtls_ecp_point *point,
                                int (*f_rng)(void *, unsigned char *, size_t), void *p_rng,
                                mbedtls_ecp_restart_ctx *restart);
/* The one function here under its own name: the library's headers for others do not have it. */
int mbedtls_rsa_rsassa_pss_sign_no_mode_check(mbedtls_rsa_context *context,
                                              int (*f_rng)(void *, unsigned char *, size_t),
                                              void *p_rng, mbedtls_md_type_t hash_kind,
                                              unsigned hash_size, const unsigned char *hash,
                                              unsigned char *signature);
#endif

#if defined(SALLYPORT_LIBCRYPTO_SHA2)
int builtin_internal_sha256_process(mbedtls_sha256_context *context, const unsigned char block[64]);
int builtin_internal_sha512_process(mbedtls_sha512_context *context,
                                    const unsigned char block[128]);
#endif

#endif
