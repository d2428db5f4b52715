/*
 * The one digest that HTTP needs: the answer to a WebSocket's key (RFC 6455 §4.2.2, item 5.4).
 *
 * It is SHA-1 and base64, and proves only that the server understood; nothing secret rests on it.
 * SHA-1 is used nowhere else, and signatures made with it are refused.
 */
#ifndef SALLYPORT_TLS_DIGEST_H
#define SALLYPORT_TLS_DIGEST_H

#include "base/error.h"
#include "base/span.h"

enum { TLS_WEBSOCKET_ACCEPT_SIZE = 29 }; /* 28 characters and a NUL */

/*
 * The value of Sec-WebSocket-Accept for that of Sec-WebSocket-Key, NUL-terminated. The key is
 * taken as it stands: whoever calls has checked its form. Needs tls_library_open().
 * ERROR_TOO_LARGE: a key of more than 64 bytes (a valid one has 24). ERROR_OUT_OF_MEMORY,
 * ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_websocket_accept(struct span key,
                                           char ret_accept[TLS_WEBSOCKET_ACCEPT_SIZE]);

#endif
