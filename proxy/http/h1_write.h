/*
 * Writes messages in HTTP/1.1 form (RFC 9112).
 *
 * The fields that rule framing and the connection are written out of the structure, and the ones
 * with the trait FIELD_WRITTEN or FIELD_HOP in message->fields are passed over. In this order:
 *
 *     start line           always HTTP/1.1; a request's target, a response's reason as given
 *     Host                 requests: message->authority
 *     the other fields     in their order
 *     Expect               requests: `100-continue` if expects_continue
 *     Upgrade, Connection  if upgrade is WEBSOCKET (in a response: and the status is 101)
 *     Connection           else: `close` if not keep_alive, or if the body ends with the
 *                          connection; `keep-alive` if the receiver speaks HTTP/1.0; else absent
 *                          (in a 1xx always: it says nothing about the connection)
 *     Content-Length       BODY_LENGTH, or BODY_NONE with length_stated
 *     Transfer-Encoding    BODY_CHUNKED
 *
 * Does not: write payload of BODY_LENGTH and BODY_UNTIL_CLOSE, which needs no framing.
 */
#ifndef SALLYPORT_HTTP_H1_WRITE_H
#define SALLYPORT_HTTP_H1_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"
#include "http/message.h"

/* The longest framing around a chunk's payload: 16 digits and two CR LF. */
#define H1_CHUNK_OVERHEAD_MAX 20

/* Renders a whole head. ERROR_OUT_OF_MEMORY. Owner of the bytes: the arena. */
MUST_CHECK enum error h1_write_head(const struct message *message, struct arena *arena,
                                    struct span *ret_bytes);

/*
 * Adds one whole chunk of as much of the payload as there is room for. Returns how many bytes of
 * the payload are in it: 0 if there is no room for one byte, or no payload.
 * The payload must not lie in `out`.
 */
size_t h1_write_chunk(struct buffer *out, struct span payload);
/* Adds the last chunk and an empty trailer section (5 bytes), or returns false: no room. */
MUST_CHECK bool h1_write_last_chunk(struct buffer *out);

#endif
