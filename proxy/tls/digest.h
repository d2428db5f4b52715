/*
 * Digests, by the library.
 *
 * SHA-1 and base64 make the answer to a WebSocket's key (RFC 6455 §4.2.2, item 5.4), which proves
 * only that the server understood; nothing secret rests on it. SHA-1 is used nowhere else, and
 * signatures made with it are refused.
 *
 * A keyed digest is HMAC with SHA-256 (RFC 2104): for remembering something without keeping it.
 */
#ifndef SALLYPORT_TLS_DIGEST_H
#define SALLYPORT_TLS_DIGEST_H

#include "base/error.h"
#include "base/span.h"

enum {
	TLS_WEBSOCKET_ACCEPT_SIZE = 29, /* 28 characters and a NUL */
	TLS_SHA256_SIZE = 32,
};

/*
 * The value of Sec-WebSocket-Accept for that of Sec-WebSocket-Key, NUL-terminated. The key is
 * taken as it stands: whoever calls has checked its form. Needs tls_library_open().
 * ERROR_TOO_LARGE: a key of more than 64 bytes (a valid one has 24). ERROR_OUT_OF_MEMORY,
 * ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_websocket_accept(struct span key,
                                           char ret_accept[TLS_WEBSOCKET_ACCEPT_SIZE]);

/* Needs tls_library_open(). ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL. */
MUST_CHECK enum error tls_sha256(struct span bytes, unsigned char ret_hash[TLS_SHA256_SIZE]);

/*
 * The keyed digest of `a`, a NUL and `b`; neither should hold a NUL. `key`: secret and random.
 * Needs tls_library_open(). ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_keyed_digest(const unsigned char key[TLS_SHA256_SIZE], struct span a,
                                       struct span b, unsigned char ret_digest[TLS_SHA256_SIZE]);

#endif
