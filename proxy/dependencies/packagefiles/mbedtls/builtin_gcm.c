/* The library's own AES-GCM under the names of builtin.h. */
#include "common.h"

#undef MBEDTLS_GCM_ALT
#define mbedtls_gcm_context       builtin_gcm_context
#define mbedtls_gcm_init          builtin_gcm_init
#define mbedtls_gcm_setkey        builtin_gcm_setkey
#define mbedtls_gcm_crypt_and_tag builtin_gcm_crypt_and_tag
#define mbedtls_gcm_auth_decrypt  builtin_gcm_auth_decrypt
#define mbedtls_gcm_starts        builtin_gcm_starts
#define mbedtls_gcm_update_ad     builtin_gcm_update_ad
#define mbedtls_gcm_update        builtin_gcm_update
#define mbedtls_gcm_finish        builtin_gcm_finish
#define mbedtls_gcm_free          builtin_gcm_free

#include "gcm.c"

struct builtin_gcm_context *builtin_gcm_new(void);
void builtin_gcm_delete(struct builtin_gcm_context *context);

struct builtin_gcm_context *builtin_gcm_new(void)
{
	struct builtin_gcm_context *context = mbedtls_calloc(1, sizeof(*context));

	if (context)
		builtin_gcm_init(context);
	return context;
}

void builtin_gcm_delete(struct builtin_gcm_context *context)
{
	builtin_gcm_free(context);
	mbedtls_free(context);
}
