/*
 * What a session needs of its worker, for one setup. A session never sees the worker itself.
 *
 * Owner: the worker; it may go once it takes no more sessions and none is left. Threads: one
 * worker.
 */
#ifndef SALLYPORT_SESSION_SERVICES_H
#define SALLYPORT_SESSION_SERVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/cluster.h"
#include "base/list.h"
#include "base/log.h"
#include "base/pool.h"
#include "http/h1_syntax.h"
#include "setup/setup.h"

struct credentials;
struct failures;
struct half_open;
struct loop;
struct metrics;
struct repeats;
struct request_ids;
struct tls_server;

struct services {
	struct loop *loop;
	struct pool *pool;
	struct log *log;
	struct metrics *metrics;
	struct request_ids *ids;
	struct credentials *credentials; /* NULL: only where no route asks for a password */
	struct half_open *half_open;     /* NULL: no limit. Borrows: from the server */
	struct repeats *repeats;         /* NULL: nothing is summed up. Borrows: from the server */
	struct failures *failures;       /* NULL: none are remembered. Borrows: from the worker */
	struct setup *setup;             /* a reference */
	/* For each of its listeners the one for new connections, which another one follows when
	 * certificates have been renewed; NULL: plain. Borrows: from the worker. */
	struct tls_server *const *tls;
	struct clusters *clusters;
	struct h1_limits request_limits;
	struct h1_limits response_limits;
	uint64_t unsampled; /* requests without a fault, for logging.sample */
	bool draining;      /* no further request after the one that runs */
	/* When a newer setup took over (the loop's clock); 0: this one is the newest. From then on each
	 * session may have one more request, for which it waits `last_request_ms` at most. */
	uint64_t retired_ms;
	uint64_t last_request_ms;
	struct list sessions; /* all that are open */
	size_t session_count;
	/* A session has closed: it is not on the list any more. */
	void (*on_session_closed)(void *owner);
	void *owner;
};

#endif
