/*
 * What one exchange adds to the metrics of its route and cluster.
 *
 * Owner: the exchange.
 */
#ifndef SALLYPORT_SESSION_METER_H
#define SALLYPORT_SESSION_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;
struct route_metrics;

struct meter {
	struct route_metrics *route; /* NULL: there was no memory for it */
	uint64_t request_bytes;      /* counted so far */
	uint64_t response_bytes;
	bool is_tunnel;
};

/* An exchange has begun, of no route yet. */
void meter_begin(struct exchange *exchange);
/* Its route was found. */
void meter_enter(struct exchange *exchange, size_t route_index);
/* It has become a tunnel. */
void meter_tunnel(struct exchange *exchange);
/* Counts the bytes that have moved since the last time. */
void meter_note(struct exchange *exchange);
/* It is over, at exchange->ended_us. Writes no log. */
void meter_end(struct exchange *exchange);

#endif
