/*
 * Where a worker counts what happens under one setup: the places of all listeners and routes, once
 * looked up in the worker's table (metrics/series.h). Those of clusters and backends are their own
 * (backend/backend_metrics.h).
 *
 * A route is known by what the file says of it, `app.example.com/api/`; requests that no route has
 * taken are those of the route "none".
 *
 * Owner: the worker, as long as a session of the setup is left. Threads: one worker.
 */
#ifndef SALLYPORT_SESSION_METRICS_H
#define SALLYPORT_SESSION_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "http/message.h"
#include "metrics/series.h"
#include "tls/session.h"

/* More kinds of answers of one route are looked up each time. */
enum { METRICS_KINDS_MAX = 64 };

struct listener_metrics {
	const char *label; /* Borrows: from the configuration */
	uint64_t *accepted;
	uint64_t *open;
	struct histogram *handshakes[2]; /* full ones; resumed ones */
};

/* Requests that ended in the same way. */
struct request_kind {
	struct request_kind *next; /* the one met last comes first */
	uint32_t key;
	uint64_t *count;
};

struct route_metrics {
	char *label; /* NULL: no request has come yet, and nothing below is there */
	uint64_t *requests_open;
	uint64_t *tunnels_open;
	uint64_t *request_bytes;
	uint64_t *response_bytes;
	struct histogram *durations;
	struct histogram *heads;
	struct request_kind *kinds;
	size_t kind_count;
};

struct metrics {
	struct series_table *series; /* Borrows: from the worker */
	const struct config *config; /* Borrows: from the setup */
	struct listener_metrics *listeners;
	struct route_metrics *routes; /* as in the configuration; the last one: none */
};

/* `series` and `config` must outlive it. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error metrics_new(struct series_table *series, const struct config *config,
                                  struct metrics **ret_metrics);
/* What was counted stays. NULL is allowed. */
void metrics_free(struct metrics *metrics);

struct listener_metrics *metrics_of_listener(struct metrics *metrics,
                                             const struct config_listener *listener);
/* `index`: into config->routes, or config->route_count for none. NULL: memory is used up. */
struct route_metrics *metrics_of_route(struct metrics *metrics, size_t index);

/* A connection that was closed at once. */
void metrics_count_refused(struct metrics *metrics, const struct config_listener *listener,
                           enum error reason);
void metrics_count_handshake(struct metrics *metrics, const struct config_listener *listener,
                             const struct tls_facts *facts);
void metrics_count_handshake_failure(struct metrics *metrics,
                                     const struct config_listener *listener, enum error reason);
/* A request that is over. `status`: of the answer; 0: there was none. */
void metrics_count_request(struct metrics *metrics, struct route_metrics *route, enum method method,
                           int status, enum error reason);

#endif
