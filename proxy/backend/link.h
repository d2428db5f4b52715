/*
 * One connection to a backend: in use by an exchange, or idle in its cluster's pool.
 *
 * An idle link is closed at the pool's idle timeout, a moment before the backend would close it
 * (backend/keep_alive.h), when the pool is full, and as soon as the backend sends anything or
 * closes: what it said unasked must never answer the next request.
 * A link that began with a PROXY header belongs to one client and is never pooled.
 *
 * Owner: the exchange that took it, until link_give_back() or link_drop(); then the pool. Or the
 * session, between its exchanges, if the link is its client's alone (session/pinned.h).
 */
#ifndef SALLYPORT_BACKEND_LINK_H
#define SALLYPORT_BACKEND_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cluster.h"
#include "base/list.h"
#include "http/message.h"
#include "net/deadline.h"
#include "transport/transport.h"

struct link {
	struct transport transport;
	struct backend *backend;
	bool reused;           /* it has carried an exchange before */
	uint64_t announced_ms; /* its keep-alive time, as the last response said */
	uint64_t idle_since_ms;
	uint64_t idle_ms; /* how long it was idle when it was taken */
	struct list node;
	struct deadline idle_timeout;
};

/* Connects. Takes a reference to the clusters. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error link_new(struct backend *backend, wire_event *on_event, void *owner,
                               struct link **ret_link);
/* From the pool, or from being kept, into use. */
void link_wake(struct link *link, wire_event *on_event, void *owner);
/*
 * Into the pool: only after a whole exchange, with nothing left over on either side; the link is
 * dropped instead if bytes or the end came meanwhile, or the pool is closed.
 */
void link_give_back(struct link *link);
/* What a response on it says of how long it may be kept. */
void link_note_response(struct link *link, const struct message *response);
/* The backend had closed it while it was idle, or when it was taken from the pool. */
void link_note_closed(struct link *link);
/* Keeps it idle outside of the pool: it reads, and its events go to `on_event`. */
void link_keep(struct link *link, wire_event *on_event, void *owner);
/* Fit for another exchange: open both ways, and nothing read or to be written is left. */
bool link_is_clean(struct link *link);
/* The idle link of a cluster that would be closed next; NULL: none is idle. */
struct link *link_oldest(const struct cluster *cluster);
/* Closes it. NULL is allowed. */
void link_drop(struct link *link);

#endif
