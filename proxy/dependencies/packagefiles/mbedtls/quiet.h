/*
 * Included before every file of the library's TLS: its debug messages, without those that nobody asks
 * for. The library would call a function for each of the hundreds in a handshake, only to find
 * there that the threshold is 1 (tls/library.c).
 */
#ifndef QUIET_H
#define QUIET_H

#include "common.h"

#include <mbedtls/debug.h>

#include "ssl_debug_helpers.h"

#if defined(MBEDTLS_DEBUG_C)

enum { QUIET_LEVEL_MAX = 1 };

#define QUIET_CALL(level, call)         \
	do {                                \
		if ((level) <= QUIET_LEVEL_MAX) \
			call;                       \
	} while (0)

#undef MBEDTLS_SSL_DEBUG_MSG
#define MBEDTLS_SSL_DEBUG_MSG(level, args) \
	QUIET_CALL(level, mbedtls_debug_print_msg(ssl, level, __FILE__, __LINE__, QUIET_OPEN args))
#define QUIET_OPEN(...) __VA_ARGS__

#undef MBEDTLS_SSL_DEBUG_RET
#define MBEDTLS_SSL_DEBUG_RET(level, text, ret) \
	QUIET_CALL(level, mbedtls_debug_print_ret(ssl, level, __FILE__, __LINE__, text, ret))

#undef MBEDTLS_SSL_DEBUG_BUF
#define MBEDTLS_SSL_DEBUG_BUF(level, text, bytes, size) \
	QUIET_CALL(level, mbedtls_debug_print_buf(ssl, level, __FILE__, __LINE__, text, bytes, size))

#undef MBEDTLS_SSL_DEBUG_MPI
#define MBEDTLS_SSL_DEBUG_MPI(level, text, number) \
	QUIET_CALL(level, mbedtls_debug_print_mpi(ssl, level, __FILE__, __LINE__, text, number))

#undef MBEDTLS_SSL_DEBUG_ECP
#define MBEDTLS_SSL_DEBUG_ECP(level, text, point) \
	QUIET_CALL(level, mbedtls_debug_print_ecp(ssl, level, __FILE__, __LINE__, text, point))

#undef MBEDTLS_SSL_DEBUG_CRT
#define MBEDTLS_SSL_DEBUG_CRT(level, text, certificate) \
	QUIET_CALL(level, mbedtls_debug_print_crt(ssl, level, __FILE__, __LINE__, text, certificate))

#undef MBEDTLS_SSL_DEBUG_ECDH
#define MBEDTLS_SSL_DEBUG_ECDH(level, ecdh, attribute) \
	QUIET_CALL(level,                                  \
	           mbedtls_debug_printf_ecdh(ssl, level, __FILE__, __LINE__, ecdh, attribute))

/* All of these are above level 1. */
#undef MBEDTLS_SSL_PRINT_EXTS
#define MBEDTLS_SSL_PRINT_EXTS(level, message, extensions)
#undef MBEDTLS_SSL_PRINT_EXT
#define MBEDTLS_SSL_PRINT_EXT(level, message, extension, extra)
#undef MBEDTLS_SSL_PRINT_TICKET_FLAGS
#define MBEDTLS_SSL_PRINT_TICKET_FLAGS(level, flags)

#endif

#endif
