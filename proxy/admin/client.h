/*
 * Asks the admin interface of a running proxy one question, and waits for the answer. For commands.
 *
 * Blocks, at most `within_ms` in all. The answer is read with the strict reader of http/.
 */
#ifndef SALLYPORT_ADMIN_CLIENT_H
#define SALLYPORT_ADMIN_CLIENT_H

#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "base/text.h"
#include "http/message.h"

struct admin_question {
	enum method method; /* GET, or POST without a body */
	const char *target;
	uint64_t within_ms;
};

/*
 * `addresses`: each in turn until somebody listens. `ret_content`: initialised by the caller; the
 * answer's body goes there. `why` says in a clause what went wrong.
 * ERROR_CONNECT_REFUSED: nobody listens at any of them. ERROR_IDLE_TIMEOUT, ERROR_SYSTEM,
 * ERROR_CONNECTION_CLOSED, ERROR_OUT_OF_MEMORY, and those of h1_head_scan() and h1_body_read().
 */
MUST_CHECK enum error admin_client_ask(const struct address *addresses, size_t address_count,
                                       const struct admin_question *question, int *ret_status,
                                       struct text *ret_content, struct text *why);

#endif
