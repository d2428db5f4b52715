#include "session/meter.h"

#include "session/exchange.h"
#include "session/metrics.h"
#include "session/outcome.h"

static struct metrics *metrics_of(const struct exchange *exchange)
{
	return exchange->session->services->metrics;
}

/* Among the open ones of its route, by `step` more. */
static void count_open(const struct meter *meter, uint64_t step)
{
	if (!meter->route)
		return;
	if (meter->is_tunnel)
		*meter->route->tunnels_open += step;
	else
		*meter->route->requests_open += step;
}

static void change_route(struct exchange *exchange, size_t index)
{
	struct meter *meter = &exchange->meter;

	count_open(meter, UINT64_MAX);
	meter->route = metrics_of_route(metrics_of(exchange), index);
	count_open(meter, 1);
}

void meter_begin(struct exchange *exchange)
{
	change_route(exchange, metrics_of(exchange)->config->route_count);
}

void meter_enter(struct exchange *exchange, size_t route_index)
{
	change_route(exchange, route_index);
}

void meter_tunnel(struct exchange *exchange)
{
	struct meter *meter = &exchange->meter;

	count_open(meter, UINT64_MAX);
	meter->is_tunnel = true;
	count_open(meter, 1);
}

/* A counter never goes back, even where an answer of ours took the place of another. */
static void note_one(uint64_t *counter, uint64_t *counted, uint64_t bytes)
{
	if (bytes <= *counted)
		return;
	*counter += bytes - *counted;
	*counted = bytes;
}

static void note(struct meter *meter, uint64_t request_bytes, uint64_t response_bytes)
{
	note_one(meter->route->request_bytes, &meter->request_bytes, request_bytes);
	note_one(meter->route->response_bytes, &meter->response_bytes, response_bytes);
}

void meter_note(struct exchange *exchange)
{
	struct meter *meter = &exchange->meter;

	if (!meter->route)
		return;
	if (meter->is_tunnel)
		note(meter, exchange->tunnel.client_bytes, exchange->tunnel.backend_bytes);
	else if (!exchange->is_own_reply)
		note(meter, exchange->request_body.size, exchange->response_body.size);
}

static void observe(struct histogram *histogram, uint64_t from_us, uint64_t to_us)
{
	if (histogram && from_us != 0 && to_us >= from_us)
		histogram_observe(histogram, to_us - from_us);
}

static void observe_backend(const struct exchange *exchange)
{
	const struct cluster *cluster = exchange->cluster;

	if (!cluster)
		return;
	if (!exchange->reused)
		observe(cluster->metrics.connects, exchange->link_us, exchange->connected_us);
	observe(cluster->metrics.first_bytes, exchange->link_us, exchange->first_byte_us);
}

void meter_end(struct exchange *exchange)
{
	struct meter *meter = &exchange->meter;

	observe_backend(exchange);
	if (!meter->route)
		return;
	note(meter, outcome_request_bytes(exchange), outcome_response_bytes(exchange));
	count_open(meter, UINT64_MAX);
	metrics_count_request(metrics_of(exchange), meter->route, exchange->request.method,
	                      exchange->status, outcome_reason(exchange));
	if (!meter->is_tunnel)
		observe(meter->route->durations, exchange->began_us, exchange->ended_us);
	observe(meter->route->heads, exchange->began_us, exchange->head_us);
}
