/*
 * The admin interface as a server: accepts on one socket, reads a request from each connection with
 * the strict reader of http/, and lets a page answer it. One request per connection.
 *
 * It shares a loop with the proxy's signals and reloads, so that nothing here waits: a client that
 * is slow is only ever waited for by its own deadline. Its pool should have a budget of its own, so
 * that it answers when the workers' is used up.
 *
 * Owner: the server. Threads: the loop's.
 */
#ifndef SALLYPORT_ADMIN_SERVICE_H
#define SALLYPORT_ADMIN_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/page.h"
#include "base/error.h"

struct loop;
struct pool;
struct service;

struct service_limits {
	size_t connections; /* at once; others wait in the kernel's queue */
	size_t head_size;   /* bytes of a request's head */
	size_t body_size;   /* bytes of its body, at least 1 */
	uint64_t time_ms;   /* for a client to send its request, and again to read the answer */
};

struct service_options {
	struct loop *loop;
	struct pool *pool; /* Borrows: until the loop has run down after service_close() */
	int socket;        /* bound. Borrows: it stays the caller's */
	bool is_tcp;       /* the guard's rules hold (admin/guard.h) */
	struct service_limits limits;
	/* Borrows: both, until service_close(). */
	const struct admin_page *pages;
	size_t page_count;
	void *owner; /* in each ask */
};

/* ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error service_open(const struct service_options *options,
                                   struct service **ret_service);
/* For connections from now on. */
void service_set_limits(struct service *service, const struct service_limits *limits);
/* Closes all connections at once. Nobody may answer an ask after this. NULL is allowed. */
void service_close(struct service *service);
/* Accepts no more; what is open goes on until service_close(). */
void service_stop_accepting(struct service *service);

#endif
