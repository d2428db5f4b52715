/*
 * Reads the body of an HTTP/1.1 or 1.0 message, of any framing (RFC 9112 §6, §7), pull style.
 *
 * The caller says how much payload it has room for, and gets a run of payload that points into what
 * it gave. With BODY_LENGTH and BODY_UNTIL_CLOSE that is all there is to it. With BODY_CHUNKED the
 * chunk sizes, extensions and the trailer section are read, checked strictly, bounded and dropped;
 * none of them is ever passed on.
 *
 *     do {
 *         h1_body_read(&body, buffer_content(in), buffer_room(out), &taken, &payload)
 *         buffer_put(out, payload)
 *         buffer_taken(in, taken)
 *     } while (taken > 0);
 *
 * Payload before a bad byte is given out first, the error with the next call: so the same bytes
 * have the same outcome however they are cut.
 *
 * Owner: whoever declares it; it owns no memory. Borrows: the limits.
 */
#ifndef SALLYPORT_HTTP_H1_BODY_H
#define SALLYPORT_HTTP_H1_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "http/h1_syntax.h"
#include "http/message.h"

enum h1_body_state {
	H1_BODY_PAYLOAD,    /* `left` bytes of payload, or all until close */
	H1_BODY_SIZE,       /* in a chunk size */
	H1_BODY_EXTENSION,  /* in the extensions of a chunk */
	H1_BODY_SIZE_LF,    /* after the CR of a chunk's first line */
	H1_BODY_PAYLOAD_CR, /* after the payload of a chunk */
	H1_BODY_PAYLOAD_LF,
	H1_BODY_TRAILER,
	H1_BODY_DONE,
	H1_BODY_STATE_COUNT
};

/* Where in a chunk's extensions (RFC 9112 §7.1.1). */
enum h1_extension_state {
	H1_EXTENSION_BEFORE, /* in BWS before `;` */
	H1_EXTENSION_START,  /* after `;`, in BWS */
	H1_EXTENSION_NAME,
	H1_EXTENSION_AFTER_NAME, /* in BWS before `=` or `;` */
	H1_EXTENSION_EQUALS,     /* after `=`, in BWS */
	H1_EXTENSION_TOKEN,
	H1_EXTENSION_QUOTED,
	H1_EXTENSION_ESCAPED,
	H1_EXTENSION_CLOSED, /* right after the closing quote */
	H1_EXTENSION_STATE_COUNT
};

struct h1_body {
	const struct h1_limits *limits;
	enum framing framing;
	enum h1_body_state state;
	enum h1_extension_state extension;
	struct h1_lines trailer;
	uint64_t left;          /* payload bytes to come of the body or the chunk */
	uint64_t size;          /* payload bytes given out so far */
	unsigned size_digits;   /* of the chunk size being read */
	size_t extension_size;  /* of the chunk being read */
	uint64_t extension_sum; /* of all chunks */
	size_t trailer_size;
};

/*
 * Begins the body that follows this head. ERROR_BODY_TOO_LARGE: the head states a length over
 * limits->body_size_max; nothing has to be read to know that.
 */
MUST_CHECK enum error h1_body_init(struct h1_body *body, const struct message *message,
                                   const struct h1_limits *limits);

/*
 * Reads on from `in`, the bytes not yet taken. *ret_taken: how many of them are used up.
 * *ret_payload: one run of payload in them, at most `payload_max` bytes, maybe none.
 * Framing bytes are taken whatever payload_max is, up to the next byte of payload. Takes nothing
 * once done; call again as long as it takes something.
 *
 * CHUNK_SIZE_MALFORMED (also: over 16 digits, over 2^63-1), CHUNK_EXTENSION_MALFORMED (also: over
 * chunk_extension_max in one chunk; in all chunks, over that and as many bytes as payload),
 * LINE_END_MALFORMED, CHUNK_END_MALFORMED, TRAILER_MALFORMED, BODY_TOO_LARGE.
 * After a failure the body must not be used again.
 */
MUST_CHECK enum error h1_body_read(struct h1_body *body, struct span in, size_t payload_max,
                                   size_t *ret_taken, struct span *ret_payload);

/*
 * Reads `in` ahead, without taking anything: the error that h1_body_read() would come to in these
 * bytes, or OK. So a request with a flaw that is here already can be refused before any of it has
 * been passed on.
 */
MUST_CHECK enum error h1_body_judge(const struct h1_body *body, struct span in);

/* All of it has been read; the next byte belongs to the next message. */
bool h1_body_is_done(const struct h1_body *body);

/*
 * The sender closed, and all it sent has been read. OK if the body is done by that or was before;
 * else ERROR_CONNECTION_CLOSED.
 */
MUST_CHECK enum error h1_body_end_of_stream(struct h1_body *body);

#endif
