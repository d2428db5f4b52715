/* The library's own block function of SHA-256 under the name of builtin.h. */
#include "common.h"

#undef MBEDTLS_SHA256_PROCESS_ALT
#define mbedtls_internal_sha256_process builtin_internal_sha256_process
/* What stays where it is in the library is here only because it stands in the same file. */
#define mbedtls_sha256        builtin_sha256
#define mbedtls_sha256_init   builtin_sha256_init
#define mbedtls_sha256_free   builtin_sha256_free
#define mbedtls_sha256_clone  builtin_sha256_clone
#define mbedtls_sha256_starts builtin_sha256_starts
#define mbedtls_sha256_update builtin_sha256_update
#define mbedtls_sha256_finish builtin_sha256_finish

#include "sha256.c"
