/*
 * Answers of the proxy's own: short pages that say in words what was wrong, with the stable reason
 * code of base/error.h, and redirects.
 */
#ifndef SALLYPORT_SESSION_REPLY_H
#define SALLYPORT_SESSION_REPLY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

struct reply {
	int status;
	enum error reason;      /* OK: there is none, as for a redirect */
	struct span location;   /* empty: none */
	struct span request_id; /* empty: none */
	bool without_body;      /* to a HEAD request: the length is stated, the body left out */
	bool is_http_1_0;
	bool keep_alive;
};

/* Renders head and body. Owner of the bytes: the arena. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error reply_render(const struct reply *reply, struct arena *arena,
                                   struct span *ret_bytes);

#endif
