/*
 * The links that belong to one client: those on which a backend knows who it is.
 *
 * Where authentication is bound to the connection (http/challenge.h), the client's connection and
 * that to the backend are one to the backend: what goes over the link is the client's and nobody
 * else's, and they end together. So a session that loses such a link while it is idle ends its
 * client's connection, as the backend itself would have, and the client authenticates anew on the
 * next one; it never finds itself halfway through a handshake with a connection that knows nothing
 * of it.
 *
 * Owner: the session; it owns the links in it. Threads: one worker.
 */
#ifndef SALLYPORT_SESSION_PINNED_H
#define SALLYPORT_SESSION_PINNED_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/link.h"
#include "base/list.h"

/* One for each cluster that the client has authenticated to; a further one replaces the oldest. */
enum { PINNED_MAX = 4 };

struct pinned {
	struct list links; /* the one kept last comes first */
	size_t count;
};

void pinned_init(struct pinned *pinned);
/* Closes all. */
void pinned_drop(struct pinned *pinned);

/*
 * Keeps a link after a whole exchange; what happens on it is told to the owner's `on_event`. A link
 * that is not fit for another exchange is kept too, and found by pinned_is_broken().
 */
void pinned_keep(struct pinned *pinned, struct link *link, wire_event *on_event, void *owner);
/* Takes the link to this cluster out; NULL: there is none. Owner: the caller. */
struct link *pinned_take(struct pinned *pinned, const struct cluster *cluster);
/* pinned_take() would find one. */
bool pinned_has(struct pinned *pinned, const struct cluster *cluster);
/* Lets them read, so that their end is seen. For the end of a pump. */
void pinned_watch(struct pinned *pinned);
/* The backend has closed one of them, or said something unasked. */
bool pinned_is_broken(const struct pinned *pinned);

#endif
