/*
 * Tries, now, which clusters have a backend that accepts a connection. What passes through the
 * proxy shows that only for backends that are asked something.
 *
 * A connection is made to one backend of each cluster after the other, PROBE_AT_ONCE at a time,
 * until one accepts, and closed without a word. What has not come out at the deadline counts as
 * failed.
 *
 * Owner: whoever started it. Threads: the loop's.
 */
#ifndef SALLYPORT_SERVER_PROBE_H
#define SALLYPORT_SERVER_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"
#include "config/config.h"

enum { PROBE_AT_ONCE = 64 };

struct loop;
struct probe;

struct probe_cluster {
	bool is_counted; /* else it is not tried */
	bool is_usable;
	size_t left_out;  /* of its backends: they are drained */
	enum error error; /* why the last backend that was tried is not; OK: none was tried */
};

struct probe_options {
	struct loop *loop;
	struct pool *pool;           /* Borrows: until the loop has run down */
	const struct config *config; /* Borrows: until the probe is over */
	uint64_t within_ms;
	/* Backend `backend` of the cluster `cluster` is not to be tried. */
	bool (*is_left_out)(void *owner, size_t cluster, size_t backend);
	/* On the loop, once, never from inside probe_start(): one for each cluster of the
	   configuration. The probe is freed when it returns. */
	void (*on_done)(void *owner, const struct probe_cluster *clusters, size_t count);
	void *owner;
};

/* Counts only the clusters in admin.ready.clusters, if there are any. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error probe_start(const struct probe_options *options, struct probe **ret_probe);
/* Ends it without a word. NULL is allowed. */
void probe_cancel(struct probe *probe);

#endif
