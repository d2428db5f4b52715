/*
 * One connection of the admin interface: a request, an answer, the end.
 *
 *     READ_HEAD ─▶ READ_BODY ─▶ ASKED ─▶ WRITE ─▶ LINGER
 *
 * What is wrong with a request leads to WRITE at once. Each phase that waits for the client has the
 * deadline of the service. A client that goes while its page is still at work is waited for: then
 * the answer is dropped.
 *
 * Owner: itself, from connection_open() to its end; it is on service->connections all that time.
 */
#ifndef SALLYPORT_ADMIN_CONNECTION_H
#define SALLYPORT_ADMIN_CONNECTION_H

#include "admin/page.h"
#include "admin/service.h"
#include "base/list.h"
#include "http/h1_syntax.h"

struct listener;

/* For the two modules only. */
struct service {
	struct service_options options;
	struct listener *listener;
	struct h1_limits limits;
	struct list connections;
	size_t connection_count;
};

/* Takes over an accepted socket, also on failure. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error connection_open(struct service *service, int fd, bool is_unix);
/* Closes and frees, wherever it is; `node` is that on service->connections. */
void connection_close(struct list *node);

/* For admin/page.c: the answer to an ask. `content`: its memory is the connection's then. */
void connection_answer(struct admin_ask *ask, int status, const char *content_type,
                       struct text *content);

#endif
