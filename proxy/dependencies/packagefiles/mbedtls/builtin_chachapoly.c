/* The library's own ChaCha20-Poly1305 under the names of builtin.h. */
#include "common.h"

#undef MBEDTLS_CHACHAPOLY_ALT
#define mbedtls_chachapoly_context         builtin_chachapoly_context
#define mbedtls_chachapoly_init            builtin_chachapoly_init
#define mbedtls_chachapoly_free            builtin_chachapoly_free
#define mbedtls_chachapoly_setkey          builtin_chachapoly_setkey
#define mbedtls_chachapoly_starts          builtin_chachapoly_starts
#define mbedtls_chachapoly_update_aad      builtin_chachapoly_update_aad
#define mbedtls_chachapoly_update          builtin_chachapoly_update
#define mbedtls_chachapoly_finish          builtin_chachapoly_finish
#define mbedtls_chachapoly_encrypt_and_tag builtin_chachapoly_encrypt_and_tag
#define mbedtls_chachapoly_auth_decrypt    builtin_chachapoly_auth_decrypt

#include "chachapoly.c"

struct builtin_chachapoly_context *builtin_chachapoly_new(void);
void builtin_chachapoly_delete(struct builtin_chachapoly_context *context);

struct builtin_chachapoly_context *builtin_chachapoly_new(void)
{
	struct builtin_chachapoly_context *context = mbedtls_calloc(1, sizeof(*context));

	if (context)
		builtin_chachapoly_init(context);
	return context;
}

void builtin_chachapoly_delete(struct builtin_chachapoly_context *context)
{
	builtin_chachapoly_free(context);
	mbedtls_free(context);
}
