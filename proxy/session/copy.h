/*
 * Moving bytes from one transport to another, no further than there is room.
 */
#ifndef SALLYPORT_SESSION_COPY_H
#define SALLYPORT_SESSION_COPY_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "http/h1_body.h"
#include "transport/transport.h"

/* A head: bytes rendered once, and how many of them have been put on their way. */
struct rendered {
	struct span bytes; /* Borrows: from the exchange's arena */
	size_t put;
};

/* Puts what there is room for; true if any. `follows`: how many bytes of a body are there already.
 * A small one leaves in one write with the head; of a large one a piece does, and the rest then
 * changes hands uncopied. */
bool rendered_put(struct rendered *rendered, struct transport *to, size_t follows);
bool rendered_is_put(const struct rendered *rendered);

/* Everything as it is, as in a tunnel; how many bytes. */
size_t copy_bytes(struct transport *from, struct transport *to);

/*
 * The payload of a body, read with `body`, written with `framing`; the last chunk is the caller's
 * to write. `keep` (NULL: nowhere) gets it too. *ret_payload: how many bytes of it;
 * *ret_moved: whether anything was taken. Errors: those of h1_body_read().
 */
MUST_CHECK enum error copy_body(struct h1_body *body, struct transport *from, struct transport *to,
                                enum framing framing, struct text *keep, bool *ret_moved);

/* Puts payload with its framing; how many bytes of it there was room for. */
size_t put_payload(struct span payload, struct transport *to, enum framing framing);

#endif
