/*
 * Where is counted what happens with a cluster and with each of its backends.
 *
 * The places are those of the worker's table (metrics/series.h), so they outlive a setup: backends
 * of an older one with the same names count at the same places.
 *
 * Owner: the cluster, the backend. Threads: one worker.
 */
#ifndef SALLYPORT_BACKEND_BACKEND_METRICS_H
#define SALLYPORT_BACKEND_BACKEND_METRICS_H

#include <stdint.h>

#include "base/error.h"
#include "metrics/series.h"

struct backend;
struct cluster;
struct clusters;

struct cluster_metrics {
	struct histogram *connects;
	struct histogram *first_bytes;
};

enum { BACKEND_CLASSES = 5 }; /* of statuses: 1xx to 5xx */

struct backend_metrics {
	uint64_t *connects;
	uint64_t *open;
	uint64_t *idle;
	uint64_t *pool_hits;
	uint64_t *pool_misses;
	uint64_t *stale;
	uint64_t *retries;
	uint64_t *responses[BACKEND_CLASSES];
};

/* Looks the places up. */
void cluster_metrics_init(struct cluster *cluster, struct series_table *series);
/* After that of its cluster. */
void backend_metrics_init(struct backend *backend, struct series_table *series);
/* The head of an answer has come. */
void backend_metrics_count_response(struct backend *backend, int status);
/* It did not do what it should. */
void backend_metrics_count_failure(struct backend *backend, enum error error);
/* Notes which backends are up, for one that asks; see METRIC_BACKEND_UP. */
void backend_metrics_note_health(const struct clusters *clusters, struct series_table *answer);

#endif
