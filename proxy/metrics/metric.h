/*
 * All metrics, in one table: names, kinds, labels, and what they mean.
 *
 * A row: id · name, without the suffix of its kind · kind · unit · how the values of workers become
 * one · words for people · labels. The exposition, the list for people and the tests come from it.
 *
 * Names and units are Prometheus's: seconds and bytes, never parts of them; a counter's samples end
 * in `_total`. `process_` are those that its own libraries call so. Values in seconds are kept in
 * microseconds.
 */
#ifndef SALLYPORT_METRICS_METRIC_H
#define SALLYPORT_METRICS_METRIC_H

#include <stddef.h>

#include "base/text.h"

enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM,
	METRIC_INFO, /* always 1: what it says is in its labels */
	METRIC_KIND_COUNT
};

enum metric_unit { METRIC_PLAIN, METRIC_SECONDS, METRIC_BYTES, METRIC_UNIT_COUNT };

/* How the values that several workers have of one series become one. */
enum metric_merge { METRIC_SUM, METRIC_LEAST, METRIC_MOST };

enum { METRIC_LABELS_MAX = 5 };

/* clang-format off */
#define METRIC_TABLE(X) \
	/* Connections of clients */ \
	X(CONNECTIONS_ACCEPTED, "sallyport_connections_accepted", COUNTER, PLAIN, SUM, \
	  "Connections of clients that were accepted.", \
	  LABELS("listener")) \
	X(CONNECTIONS_OPEN, "sallyport_connections_open", GAUGE, PLAIN, SUM, \
	  "Connections of clients that are open.", \
	  LABELS("listener")) \
	X(CONNECTIONS_REFUSED, "sallyport_connections_refused", COUNTER, PLAIN, SUM, \
	  "Connections that were accepted and closed at once, by reason code.", \
	  LABELS("listener", "reason")) \
	X(ACCEPT_PAUSES, "sallyport_accept_pauses", COUNTER, PLAIN, SUM, \
	  "Times that a worker put off accepting, by what was used up: connections, memory or files.", \
	  LABELS("limit")) \
	/* Handshakes */ \
	X(HANDSHAKES, "sallyport_handshakes", COUNTER, PLAIN, SUM, \
	  "TLS handshakes that went well.", \
	  LABELS("listener", "version", "cipher_suite", "group", "resumed")) \
	X(HANDSHAKE_FAILURES, "sallyport_handshake_failures", COUNTER, PLAIN, SUM, \
	  "TLS handshakes and PROXY headers that failed, by reason code.", \
	  LABELS("listener", "reason")) \
	X(HANDSHAKE_SECONDS, "sallyport_handshake_duration_seconds", HISTOGRAM, SECONDS, SUM, \
	  "From the connection to the client's Finished, its round trips included.", \
	  LABELS("listener", "resumed")) \
	X(HANDSHAKES_OPEN, "sallyport_handshakes_open", GAUGE, PLAIN, SUM, \
	  "TLS handshakes that go on, and failed ones whose connection is not closed yet.", \
	  NO_LABELS) \
	/* Requests */ \
	X(REQUESTS, "sallyport_requests", COUNTER, PLAIN, SUM, \
	  "Requests that are over, by route, method, status of the answer and reason code; status none: " \
	  "the client left before there was one.", \
	  LABELS("route", "method", "status", "reason")) \
	X(REQUESTS_OPEN, "sallyport_requests_open", GAUGE, PLAIN, SUM, \
	  "Requests that are being answered.", \
	  LABELS("route")) \
	X(TUNNELS_OPEN, "sallyport_tunnels_open", GAUGE, PLAIN, SUM, \
	  "WebSocket connections that are open.", \
	  LABELS("route")) \
	X(REQUEST_BYTES, "sallyport_request_body_bytes", COUNTER, BYTES, SUM, \
	  "Bodies of requests, and what came through tunnels from clients, as it moves.", \
	  LABELS("route")) \
	X(RESPONSE_BYTES, "sallyport_response_body_bytes", COUNTER, BYTES, SUM, \
	  "Bodies of answers, and what went through tunnels to clients, as it moves.", \
	  LABELS("route")) \
	X(REQUEST_SECONDS, "sallyport_request_duration_seconds", HISTOGRAM, SECONDS, SUM, \
	  "From the first byte of a request to the end of its answer; without WebSocket.", \
	  LABELS("route")) \
	X(HEAD_SECONDS, "sallyport_request_head_duration_seconds", HISTOGRAM, SECONDS, SUM, \
	  "From the first byte of a request to the end of its head.", \
	  LABELS("route")) \
	/* Backends */ \
	X(CONNECT_SECONDS, "sallyport_backend_connect_duration_seconds", HISTOGRAM, SECONDS, SUM, \
	  "How long new connections to backends took.", \
	  LABELS("cluster")) \
	X(FIRST_BYTE_SECONDS, "sallyport_backend_first_byte_duration_seconds", HISTOGRAM, SECONDS, SUM, \
	  "From when a request had its backend to the first byte of the answer, connecting included.", \
	  LABELS("cluster")) \
	X(BACKEND_UP, "sallyport_backend_up", GAUGE, PLAIN, LEAST, \
	  "1; 0 while a worker passes the backend over, because it could not be reached a moment ago or " \
	  "its name does not resolve.", \
	  LABELS("cluster", "backend")) \
	X(BACKEND_RESPONSES, "sallyport_backend_responses", COUNTER, PLAIN, SUM, \
	  "Heads of answers by their class of status, such as 2xx; 1xx only for WebSocket.", \
	  LABELS("cluster", "backend", "class")) \
	X(BACKEND_FAILURES, "sallyport_backend_failures", COUNTER, PLAIN, SUM, \
	  "Times that a backend did not do what it should, by reason code.", \
	  LABELS("cluster", "backend", "reason")) \
	X(BACKEND_CONNECTS, "sallyport_backend_connects", COUNTER, PLAIN, SUM, \
	  "New connections that were begun.", \
	  LABELS("cluster", "backend")) \
	X(BACKEND_CONNECTIONS_OPEN, "sallyport_backend_connections_open", GAUGE, PLAIN, SUM, \
	  "Connections to the backend, those in the pool included.", \
	  LABELS("cluster", "backend")) \
	X(BACKEND_CONNECTIONS_IDLE, "sallyport_backend_connections_idle", GAUGE, PLAIN, SUM, \
	  "Connections to the backend that wait in the pool.", \
	  LABELS("cluster", "backend")) \
	X(BACKEND_POOL_HITS, "sallyport_backend_pool_hits", COUNTER, PLAIN, SUM, \
	  "Requests that got a connection out of the pool.", \
	  LABELS("cluster", "backend")) \
	X(BACKEND_POOL_MISSES, "sallyport_backend_pool_misses", COUNTER, PLAIN, SUM, \
	  "Requests for which there was none in it.", \
	  LABELS("cluster", "backend")) \
	X(BACKEND_STALE, "sallyport_backend_stale_connections", COUNTER, PLAIN, SUM, \
	  "Connections of the pool that turned out to be dead when they were needed.", \
	  LABELS("cluster", "backend")) \
	X(BACKEND_RETRIES, "sallyport_backend_retries", COUNTER, PLAIN, SUM, \
	  "Requests that were sent again, for a connection of the pool was dead.", \
	  LABELS("cluster", "backend")) \
	/* Memory */ \
	X(MEMORY_USED, "sallyport_memory_used_bytes", GAUGE, BYTES, SUM, \
	  "What counts against limits.memory: buffers and TLS state.", \
	  NO_LABELS) \
	X(MEMORY_LIMIT, "sallyport_memory_limit_bytes", GAUGE, BYTES, SUM, \
	  "limits.memory.", \
	  NO_LABELS) \
	X(TLS_MEMORY, "sallyport_tls_memory_bytes", GAUGE, BYTES, SUM, \
	  "Of the memory used, what TLS takes.", \
	  NO_LABELS) \
	X(BUFFERS, "sallyport_buffers_open", GAUGE, PLAIN, SUM, \
	  "Blocks of memory that hold bytes on their way.", \
	  NO_LABELS) \
	/* The proxy itself */ \
	X(CERTIFICATE_EXPIRY, "sallyport_certificate_expiry_timestamp_seconds", GAUGE, SECONDS, LEAST, \
	  "When a certificate ends, in seconds since 1970; the files are those of the newest setup.", \
	  LABELS("listener", "file")) \
	X(SETUPS, "sallyport_setups_open", GAUGE, PLAIN, MOST, \
	  "Configurations in use: the newest, and older ones of which connections are left.", \
	  NO_LABELS) \
	X(WORKERS, "sallyport_workers", GAUGE, PLAIN, SUM, \
	  "Workers that have answered for this page.", \
	  NO_LABELS) \
	X(SERIES_FOLDED, "sallyport_metrics_folded", COUNTER, PLAIN, SUM, \
	  "Times that a new series would have crossed metrics.series_max; its values went to \"other\".", \
	  NO_LABELS) \
	X(BUILD, "sallyport_build", INFO, PLAIN, MOST, \
	  "What runs.", \
	  LABELS("version")) \
	X(UPTIME, "sallyport_uptime_seconds", GAUGE, SECONDS, MOST, \
	  "Since the start.", \
	  NO_LABELS) \
	X(PROCESS_START, "process_start_time_seconds", GAUGE, SECONDS, MOST, \
	  "When the process started, in seconds since 1970.", \
	  NO_LABELS) \
	X(PROCESS_CPU, "process_cpu_seconds", COUNTER, SECONDS, MOST, \
	  "Time that processors spent on it, for itself and in the kernel.", \
	  NO_LABELS) \
	X(PROCESS_RESIDENT, "process_resident_memory_bytes", GAUGE, BYTES, MOST, \
	  "Memory that it has in RAM.", \
	  NO_LABELS) \
	X(PROCESS_VIRTUAL, "process_virtual_memory_bytes", GAUGE, BYTES, MOST, \
	  "Addresses that it has reserved.", \
	  NO_LABELS) \
	X(PROCESS_FDS, "process_open_fds", GAUGE, PLAIN, MOST, \
	  "File descriptors that are open.", \
	  NO_LABELS) \
	X(PROCESS_FDS_MAX, "process_max_fds", GAUGE, PLAIN, MOST, \
	  "File descriptors that may be open.", \
	  NO_LABELS)
/* clang-format on */

enum metric_id {
#define METRIC_ENUM(id, ...) METRIC_##id,
	METRIC_TABLE(METRIC_ENUM)
#undef METRIC_ENUM
		METRIC_COUNT
};

struct metric {
	const char *name;
	enum metric_kind kind;
	enum metric_unit unit;
	enum metric_merge merge;
	const char *words; /* one sentence */
	const char *labels[METRIC_LABELS_MAX];
	size_t label_count;
};

const struct metric *metric_of(enum metric_id id);
/* "counter", "gauge", "histogram", "info" */
const char *metric_kind_name(enum metric_kind kind);
/* "", "seconds", "bytes": how the name of such a metric ends, after a `_`. */
const char *metric_unit_name(enum metric_unit unit);
/* What follows the name in samples: "_total", "_info", or nothing. Histograms have several. */
const char *metric_suffix(enum metric_kind kind);
/* All of them as a table in Markdown, for people. */
void metric_put_list(struct text *text);

#endif
