/*
 * Sockets that accept connections.
 *
 * Binding and accepting are apart: all sockets are bound once at start, by the main thread, so that
 * an address in use is told before anything runs; then each worker accepts on its own.
 *
 * When the process runs out of file descriptors or the owner is at a limit, accepting pauses; the
 * kernel keeps the waiting connections in its backlog. It tries again by itself.
 */
#ifndef SALLYPORT_NET_LISTENER_H
#define SALLYPORT_NET_LISTENER_H

#include <stdbool.h>

#include "base/address.h"
#include "base/error.h"

struct loop;
struct listener;

/*
 * Binds and listens. Several sockets for one TCP address share its connections (SO_REUSEPORT); an
 * address that another process has is refused all the same. `*ret_system_error` is the errno of a
 * failure. Owner of the socket: the caller. ERROR_SYSTEM.
 */
MUST_CHECK enum error listener_bind(const struct address *address, bool first, int *ret_fd,
                                    int *ret_system_error);
/* Lets a bound socket listen no more: further connections are refused. For good. */
void listener_refuse(int fd);
/* Closes a bound socket; removes the file of a unix one if `remove` is set. */
void listener_unbind(const struct address *address, int fd, bool remove);

struct listener_events {
	/* May one more connection be accepted now? If not, it is asked again a little later. */
	bool (*may_accept)(void *owner);
	/* A connection. Owner of `fd`: the callee. */
	void (*on_accept)(void *owner, int fd, const struct address *peer);
	/* Accepting failed (EMFILE, ENFILE, ENOMEM …) and pauses; told once, until it works again. */
	void (*on_exhausted)(void *owner, int system_error);
};

/* Starts to accept on a bound socket (borrowed). ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error listener_open(struct loop *loop, int fd, const struct listener_events *events,
                                    void *owner, struct listener **ret_listener);
/* Stops to accept, at once and for good. The socket stays bound. NULL is allowed. */
void listener_close(struct listener *listener);

#endif
