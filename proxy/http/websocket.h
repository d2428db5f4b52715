/*
 * Checks the opening handshake of WebSocket on both sides (RFC 6455 §4).
 *
 * Before anything is forwarded the client's request must be a whole, valid handshake; before
 * anything is tunnelled the backend's 101 must be one. An Upgrade that is anything but `websocket`
 * is no handshake: message.upgrade says so, and it is stripped.
 *
 * Does not: compute Sec-WebSocket-Accept (that takes SHA-1: the caller does), read frames, judge
 * extensions and subprotocols (the client does: §4.1), judge Origin.
 */
#ifndef SALLYPORT_HTTP_WEBSOCKET_H
#define SALLYPORT_HTTP_WEBSOCKET_H

#include "base/error.h"
#include "base/span.h"
#include "http/message.h"

/* Sec-WebSocket-Accept is base64(SHA-1(key, this)): RFC 6455 §4.2.2 item 5.4. */
#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
/* Sizes in base64 of the key (16 bytes) and of the accept value (20 bytes). */
#define WEBSOCKET_KEY_SIZE    24
#define WEBSOCKET_ACCEPT_SIZE 28

/*
 * A request with upgrade == UPGRADE_WEBSOCKET: GET, one Sec-WebSocket-Key of 16 bytes in base64,
 * one Sec-WebSocket-Version of 13, no body, no Sec-WebSocket-Accept (RFC 6455 §4.2.1).
 * UPGRADE_MALFORMED, BODY_UNEXPECTED, UPGRADE_VERSION (answer it with `Sec-WebSocket-Version: 13`:
 * §4.2.2 item 4).
 */
MUST_CHECK enum error websocket_check_request(const struct message *request);

/* The value of Sec-WebSocket-Key of a request that passed. */
struct span websocket_key(const struct message *request);

/*
 * A response with status 101 to a handshake that passed: Upgrade is `websocket`, Connection lists
 * `upgrade`, and one Sec-WebSocket-Accept equals `accept` byte for byte (RFC 6455 §4.1).
 * UPGRADE_MALFORMED.
 */
MUST_CHECK enum error websocket_check_response(const struct message *response, struct span accept);

#endif
