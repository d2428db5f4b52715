/*
 * What the library calls of proxy/crypto in the place of its own functions, beside those that have
 * a hook in its configuration: the four kinds of signatures, made and checked. Each has the
 * parameters and the meaning of the function of Mbed TLS that it stands for.
 */
#ifndef HOOKS_H
#define HOOKS_H

#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>
#include <stddef.h>

/*
 * The key inside each mbedtls_pk_context, with what the accelerator made of it. The library's own
 * functions see only the first member. The accelerated key is made when it is first used, by any
 * thread, and stays until the context is freed; the numbers must not change once it is used.
 */
struct hooks_rsa_key {
	mbedtls_rsa_context rsa;
	struct signing_key *_Atomic accelerated;
};

struct hooks_ec_key {
	mbedtls_ecp_keypair pair;
	struct signing_key *_Atomic accelerated;
};

/* Frees and wipes. NULL is allowed. */
void signing_key_free(struct signing_key *key);

/* For mbedtls_ecdsa_write_signature(). */
int signing_ecdsa_sign(mbedtls_ecdsa_context *context, mbedtls_md_type_t hash_kind,
                       const unsigned char *hash, size_t hash_size, unsigned char *signature,
                       size_t room, size_t *ret_size,
                       int (*f_rng)(void *, unsigned char *, size_t), void *p_rng);
/* For mbedtls_ecdsa_read_signature(). */
int signing_ecdsa_verify(mbedtls_ecdsa_context *context, const unsigned char *hash,
                         size_t hash_size, const unsigned char *signature, size_t size);
/* For mbedtls_rsa_pkcs1_sign(). */
int signing_rsa_sign(mbedtls_rsa_context *context, int (*f_rng)(void *, unsigned char *, size_t),
                     void *p_rng, mbedtls_md_type_t hash_kind, unsigned hash_size,
                     const unsigned char *hash, unsigned char *signature);
/* For mbedtls_rsa_pkcs1_verify(). */
int signing_rsa_verify(mbedtls_rsa_context *context, mbedtls_md_type_t hash_kind,
                       unsigned hash_size, const unsigned char *hash,
                       const unsigned char *signature);
/* For mbedtls_rsa_rsassa_pss_sign_no_mode_check(). */
int signing_pss_sign(mbedtls_rsa_context *context, int (*f_rng)(void *, unsigned char *, size_t),
                     void *p_rng, mbedtls_md_type_t hash_kind, unsigned hash_size,
                     const unsigned char *hash, unsigned char *signature);
/* For mbedtls_rsa_rsassa_pss_verify_ext(). */
int signing_pss_verify(mbedtls_rsa_context *context, mbedtls_md_type_t hash_kind,
                       unsigned hash_size, const unsigned char *hash, mbedtls_md_type_t mgf1_kind,
                       int salt_size, const unsigned char *signature);

#endif
