/*
 * Reads the head of an HTTP/1.1 or 1.0 message, strictly (RFC 9112 §2 to §6).
 *
 * Two steps. h1_head_scan() looks at each byte once, as it comes, and refuses the first one that is
 * out of place; it keeps nothing but its state. h1_head_finish() copies the whole head once and
 * gives the message, with its framing, host and persistence decided.
 *
 *     struct h1_head head;
 *     h1_head_init(&head, MESSAGE_REQUEST, METHOD_OTHER, &limits);
 *     on more bytes:  h1_head_scan(&head, buffer_content(in), &complete)
 *     if complete:    h1_head_finish(&head, buffer_content(in), &arena, &message)
 *                     buffer_taken(in, head.size)
 *
 * The same bytes have the same outcome however they are cut.
 *
 * Stricter than the RFCs ask, where they leave a choice, unless head->rules tolerate it: every line
 * ends in CR LF; one empty line
 * at most before a request and none before a response; single SP in the start line; no folded
 * fields; no bytes in a target that a browser would encode; one Content-Length or one
 * Transfer-Encoding of which the whole value is `chunked`, in HTTP/1.1 only; one Host, a name or
 * address with an optional port, and nothing else in it; CONNECT is not served.
 *
 * Does not: read bodies (http/h1_body.h), check a WebSocket handshake (http/websocket.h).
 * Owner: whoever declares it; it owns no memory. Borrows: the limits.
 */
#ifndef SALLYPORT_HTTP_H1_HEAD_H
#define SALLYPORT_HTTP_H1_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "http/h1_syntax.h"
#include "http/message.h"

enum h1_head_state {
	H1_HEAD_START,    /* before the first byte */
	H1_HEAD_EMPTY_LF, /* after the CR of an empty line before a request */
	H1_HEAD_METHOD,
	H1_HEAD_TARGET,
	H1_HEAD_VERSION,
	H1_HEAD_STATUS, /* three digits and SP */
	H1_HEAD_REASON,
	H1_HEAD_VERSION_END, /* after the version of a request */
	H1_HEAD_START_LF,
	H1_HEAD_FIELDS,
	H1_HEAD_DONE,
	H1_HEAD_STATE_COUNT
};

/* What one listener or cluster wants to be read otherwise. Zero: as strictly as it goes. */
struct h1_rules {
	unsigned tolerated; /* of enum h1_leniency */
	unsigned refused;   /* of enum h1_target_trait: targets that are refused */
};

struct h1_head {
	enum message_kind kind;
	enum method request_method; /* of the request that this response answers */
	const struct h1_limits *limits;
	struct h1_rules rules; /* set it between h1_head_init() and the first h1_head_scan() */
	enum h1_head_state state;
	size_t scanned; /* bytes looked at */
	size_t start;   /* where the start line begins: after empty lines */
	size_t empty_lines;
	size_t part_start; /* where the part of the start line begins that we are in */
	size_t target_start;
	size_t target_end;
	size_t fields_start;
	struct h1_lines fields;
	size_t size; /* bytes of the head, once complete */
};

/* `request_method`: for a response, that of the request it answers; for a request, not used. The
 * rules are the strictest. */
void h1_head_init(struct h1_head *head, enum message_kind kind, enum method request_method,
                  const struct h1_limits *limits);

/* True if a byte of the head itself (not of an empty line before it) has been seen. */
bool h1_head_has_begun(const struct h1_head *head);

/*
 * The method of a request as far as it is certain: METHOD_OTHER until the SP behind it. Also of a
 * head that was refused after that, so that even then HEAD is answered without a body.
 * `content`: as for h1_head_scan().
 */
enum method h1_head_method(const struct h1_head *head, struct span content);

/*
 * Looks at what is new in `content`: all that was received so far, beginning with the head's first
 * byte. Sets *ret_complete; then `head->size` bytes of it are the head.
 *
 * Refuses as soon as the bad byte is there: START_LINE_MALFORMED, METHOD_MALFORMED,
 * METHOD_UNSUPPORTED (CONNECT, or too long), TARGET_MALFORMED, TARGET_TOO_LONG, VERSION_MALFORMED,
 * VERSION_UNSUPPORTED, STATUS_MALFORMED, LINE_END_MALFORMED, FIELD_NAME_MALFORMED,
 * FIELD_VALUE_MALFORMED, FIELD_FOLDED, TOO_MANY_FIELDS, HEAD_TOO_LARGE.
 * After a failure the head must not be used again.
 */
MUST_CHECK enum error h1_head_scan(struct h1_head *head, struct span content, bool *ret_complete);

/*
 * Makes the message of a complete head. `content` as above. Allocates head->size bytes and the
 * fields, with some to spare, from the arena.
 *
 * Requests: HOST_MISSING, HOST_REPEATED, HOST_MALFORMED, EXPECTATION_UNSUPPORTED, BODY_UNEXPECTED
 * (TRACE). Both: LENGTH_MALFORMED, LENGTH_REPEATED, LENGTH_WITH_CODING, CODING_UNSUPPORTED,
 * CODING_MALFORMED, CODING_IN_1_0, FIELD_VALUE_MALFORMED (Connection is not a list of tokens),
 * OUT_OF_MEMORY. Responses: BODY_UNEXPECTED (1xx with a body), FIELD_FOLDED (one that we write).
 * With rules.refused: TARGET_ENCODED_SLASH, TARGET_NUL, TARGET_DOT_SEGMENT.
 */
MUST_CHECK enum error h1_head_finish(const struct h1_head *head, struct span content,
                                     struct arena *arena, struct message *ret_message);

#endif
