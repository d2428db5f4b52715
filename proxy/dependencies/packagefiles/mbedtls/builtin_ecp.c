/* Elliptic curves, with the library's own multiplication under the name of builtin.h. */
#define mbedtls_ecp_mul             builtin_ecp_mul
#define mbedtls_ecp_mul_restartable builtin_ecp_mul_restartable

#include "ecp.c"
