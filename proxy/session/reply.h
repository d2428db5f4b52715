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
#include "route/rules.h"

struct reply {
	int status;
	enum error reason;      /* OK: there is none, as for a redirect */
	struct span location;   /* empty: none */
	uint64_t retry_after_s; /* 0: none */
	struct span challenge;  /* WWW-Authenticate; empty: none */
	/* The body, instead of our page. */
	bool has_content;
	struct span content; /* Borrows: from the setup */
	struct span content_type;
	/* Changes of its fields. */
	const struct rules *rules; /* NULL: none */
	const struct values *values;
	bool secure;            /* over TLS */
	struct span request_id; /* empty: none */
	bool without_body;      /* to a HEAD request: the length is stated, the body left out */
	bool is_http_1_0;
	bool keep_alive;
};

/* Renders head and body, but not `content`, which the caller sends after it. Owner of the bytes:
 * the arena. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error reply_render(const struct reply *reply, struct arena *arena,
                                   struct span *ret_bytes);

#endif
