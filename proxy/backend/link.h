/*
 * One connection to a backend: in use by an exchange, or idle in its cluster's pool.
 *
 * An idle link is closed at the pool's idle timeout, when the pool is full, and as soon as the
 * backend sends anything or closes: what it said unasked must never answer the next request.
 *
 * Owner: the exchange that took it, until link_give_back() or link_drop(); then the pool.
 */
#ifndef SALLYPORT_BACKEND_LINK_H
#define SALLYPORT_BACKEND_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cluster.h"
#include "base/list.h"
#include "net/deadline.h"
#include "transport/transport.h"

struct link {
	struct transport transport;
	struct backend *backend;
	bool reused; /* it has carried an exchange before */
	struct list node;
	struct deadline idle_timeout;
};

/* Connects. Takes a reference to the clusters. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error link_new(struct backend *backend, wire_event *on_event, void *owner,
                               struct link **ret_link);
/* From the pool into use. */
void link_wake(struct link *link, wire_event *on_event, void *owner);
/*
 * Into the pool: only after a whole exchange, with nothing left over on either side; the link is
 * dropped instead if bytes or the end came meanwhile, or the pool is closed.
 */
void link_give_back(struct link *link);
/* Closes it. NULL is allowed. */
void link_drop(struct link *link);

#endif
