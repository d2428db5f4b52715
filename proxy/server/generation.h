/*
 * What one setup is in one worker: the services of its sessions, and the TLS of its listeners.
 *
 *      PREPARED ─▶ CURRENT ─▶ RETIRED ─▶ freed, when its last session has closed
 *          └─▶ freed, if the reload does not come about
 *
 * The current one gets all new sessions. Once it is retired, what runs goes on with the setup that
 * it began with: each session may have one more request, whose answer says `Connection: close`;
 * whoever waits longer than timeouts.reload_keep_alive is ended in order, and what still runs after
 * timeouts.reload_drain is cut off; both as the newer setup has them.
 *
 * Certificates that are renewed make no generation: only its TLS servers are replaced, see
 * generation_swap_tls().
 *
 * Owner: the worker. Threads: one worker.
 */
#ifndef SALLYPORT_SERVER_GENERATION_H
#define SALLYPORT_SERVER_GENERATION_H

#include <stddef.h>

#include "base/error.h"
#include "base/list.h"
#include "net/deadline.h"
#include "server/tls_swap.h"
#include "session/services.h"
#include "setup/setup.h"
#include "tls/server.h"

enum generation_state {
	GENERATION_PREPARED,
	GENERATION_CURRENT,
	GENERATION_RETIRED,
	GENERATION_STATE_COUNT
};

struct generation {
	struct list node; /* on the worker's list of retired ones */
	enum generation_state state;
	struct services services;
	struct tls_server **tls;   /* a reference for each of the setup's listeners; NULL: plain */
	struct budget *budget;     /* Borrows: from the server */
	struct tls_random *random; /* Borrows: from the worker */
	struct deadline cut_off;
};

/* What a worker has for all its generations. Borrows: all. */
struct generation_options {
	struct services services; /* all but what belongs to one setup */
	struct budget *budget;
	struct tls_random *random;
	struct series_table *series;
	struct log *cluster_log; /* see clusters_new() */
};

/*
 * Prepares one for a setup, of which it takes a reference. ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error generation_new(const struct generation_options *options, struct setup *setup,
                                     struct generation **ret_generation);
/* No session may be open. NULL is allowed. */
void generation_free(struct generation *generation);

/* It gets the new sessions from now on. `before`: the one that did until now, which learns that it
 * is retired, and what it knows of its backends is taken over; NULL: none did. */
void generation_take_over(struct generation *generation, struct generation *before);
/* Retired or not: no further request, see services->draining. Sessions may close meanwhile. */
void generation_drain(struct generation *generation);
/* Closes all sessions now. */
void generation_abort(struct generation *generation);
/* True if nothing will come of it any more. */
bool generation_has_ended(const struct generation *generation);

/* Other certificates for a listener, for all handshakes that begin from now on; does nothing if the
 * swap is for another setup. */
void generation_swap_tls(struct generation *generation, struct tls_swap *swap);

#endif
