/* The library's own block function of SHA-512 under the name of builtin.h. */
#include "common.h"

#undef MBEDTLS_SHA512_PROCESS_ALT
#define mbedtls_internal_sha512_process builtin_internal_sha512_process
/* What stays where it is in the library is here only because it stands in the same file. */
#define mbedtls_sha512        builtin_sha512
#define mbedtls_sha512_init   builtin_sha512_init
#define mbedtls_sha512_free   builtin_sha512_free
#define mbedtls_sha512_clone  builtin_sha512_clone
#define mbedtls_sha512_starts builtin_sha512_starts
#define mbedtls_sha512_update builtin_sha512_update
#define mbedtls_sha512_finish builtin_sha512_finish

#include "sha512.c"
