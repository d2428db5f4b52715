/*
 * The clusters of a setup as one worker sees them: their backends, which addresses these have now,
 * and the connections that wait for their next request.
 *
 * Choosing: round robin over the backends; one that could not be reached a moment ago is passed
 * over while others are left. A backend's idle connections are used last-in-first-out, so that the
 * surplus grows old and is closed.
 *
 * Owner: the worker; each link and each exchange holds a reference, so that a reload can let go of
 * the old clusters while requests still run on them. Threads: one worker.
 */
#ifndef SALLYPORT_BACKEND_CLUSTER_H
#define SALLYPORT_BACKEND_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

#include "backend/backend_metrics.h"
#include "backend/keep_alive.h"
#include "backend/retry_budget.h"
#include "base/address.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "config/config.h"
#include "net/deadline.h"
#include "net/lookup.h"
#include "net/wire.h"

struct link;
struct loop;

struct backend {
	struct cluster *cluster;
	const struct config_backend *config;
	/* Where it is: its address, or what its name was last resolved to. */
	struct address addresses[LOOKUP_ADDRESSES_MAX];
	size_t address_count; /* 0: the name has never been resolved */
	struct lookup *lookup;
	struct deadline look_again;
	bool is_unresolved; /* the last lookup failed, and that was told */
	uint64_t avoid_until_ms;
	bool is_drained;        /* by an operator: no more exchanges are begun with it */
	struct list idle;       /* links, the one given back last comes first */
	size_t link_count;      /* all, those in use included */
	uint64_t failure_count; /* times that backend_failed() was told */
	enum error failure;     /* the last of them; OK: none */
	struct keep_alive keep_alive;
	struct backend_metrics metrics;
	char text[ADDRESS_TEXT_SIZE];
};

struct cluster {
	struct clusters *clusters;
	const struct config_cluster *config;
	struct backend *backends;
	size_t backend_count;
	size_t next_backend; /* of the round robin */
	struct retry_budget retries;
	size_t idle_count; /* over all backends; at most config->pool.idle_max */
	struct cluster_metrics metrics;
};

struct clusters {
	struct loop *loop; /* Borrows: from the worker, as all four */
	struct pool *pool;
	struct series_table *series;
	struct log *log; /* NULL: another worker tells the same */
	struct cluster *clusters;
	size_t cluster_count;
	size_t references;
	bool is_closed;
};

/*
 * `config` and `series` must outlive the last link. `log`: NULL on all workers but one, since all
 * look up the same names. Begins to look up the backends' names; one that does not resolve is told
 * as a warning, and tried again by itself. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error clusters_new(struct loop *loop, struct pool *pool,
                                   struct series_table *series, struct log *log,
                                   const struct config *config, struct clusters **ret_clusters);
/*
 * After a reload: what is known of backends that were there before, in the cluster of the same name
 * at the same address, goes over to `clusters`: the addresses of names that are not yet looked up,
 * who could not be reached or is drained, and how long idle connections are kept.
 */
void clusters_inherit(struct clusters *clusters, const struct clusters *before);
/* Closes the idle connections and stops looking up. The rest goes with the last link. */
void clusters_close(struct clusters *clusters);
/* For links, and for who keeps a cluster or a backend: each holds one. The last one frees. */
void clusters_ref(struct clusters *clusters);
void clusters_unref(struct clusters *clusters);

/* Which backends one exchange has tried. */
struct attempts {
	size_t first;
	size_t steps;
	unsigned char taken[CONFIG_BACKENDS_MAX / 8]; /* one bit for each backend */
	enum error last;                              /* why the last one did not serve */
};

/* Begins a new exchange at the next backend of the round robin. */
void cluster_begin(struct cluster *cluster, struct attempts *attempts);

/*
 * A link to the next backend that was not tried: an idle one, if there is and `fresh` is not set,
 * else a new one that is connecting. Owner of the link: the caller; the wire's events go to
 * `on_event`.
 * OK and NULL: a backend's name is being looked up for the first time; ask again soon.
 * ERROR_NO_BACKEND: all were tried, attempts->last says why the last one failed.
 * ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error cluster_take(struct cluster *cluster, struct attempts *attempts, bool fresh,
                                   wire_event *on_event, void *owner, struct link **ret_link);
/* A new link to this very backend. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error backend_connect(struct backend *backend, wire_event *on_event, void *owner,
                                      struct link **ret_link);
/*
 * A new link to the backend of a link that died, for a request that is sent again.
 * ERROR_RETRY_BUDGET_SPENT: there were too many of those. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error cluster_take_again(struct backend *backend, wire_event *on_event, void *owner,
                                         struct link **ret_link);
/* Closes the idle link that would have been closed next, of any cluster: it frees a descriptor.
 * False: there is none. */
bool clusters_drop_idle(struct clusters *clusters);
/*
 * Drained: no exchange begins with the backend any more, its idle connections are closed, and those
 * in use when their exchange is over. What runs goes on; so do connections that are one client's
 * alone (session/pinned.h). Not drained: it is used again.
 */
void backend_set_drained(struct backend *backend, bool drained);
/* The backend could not be reached: it is passed over for a while. */
void backend_failed(struct backend *backend, struct attempts *attempts, enum error error);

#endif
