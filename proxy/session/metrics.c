#include "session/metrics.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* As wide as the key of a kind has room for. */
enum { METHOD_BITS = 4, STATUS_BITS = 12 };

_Static_assert(METHOD_COUNT <= 1 << METHOD_BITS, "a method fits into the key");
_Static_assert(ERROR_COUNT <= 1 << (32 - METHOD_BITS - STATUS_BITS), "a reason fits into the key");

static void open_listener(struct metrics *metrics, struct listener_metrics *listener,
                          const struct config_listener *config)
{
	struct series_table *series = metrics->series;
	const char *const labels[] = {config->address_text.text.data};

	listener->label = labels[0];
	listener->accepted = series_value(series, METRIC_CONNECTIONS_ACCEPTED, labels);
	listener->open = series_value(series, METRIC_CONNECTIONS_OPEN, labels);
	if (!config->tls)
		return;
	for (unsigned i = 0; i < ARRAY_LENGTH(listener->handshakes); i++) {
		const char *const both[] = {labels[0], i == 1 ? "true" : "false"};

		listener->handshakes[i] = series_histogram(series, METRIC_HANDSHAKE_SECONDS, both);
	}
}

enum error metrics_new(struct series_table *series, const struct config *config,
                       struct metrics **ret_metrics)
{
	struct metrics *metrics = memory_new(1, sizeof(*metrics));

	if (!metrics)
		return ERROR_OUT_OF_MEMORY;
	metrics->series = series;
	metrics->config = config;
	metrics->listeners = memory_new(config->listener_count, sizeof(*metrics->listeners));
	metrics->routes = memory_new(config->route_count + 1, sizeof(*metrics->routes));
	if (!metrics->listeners || !metrics->routes) {
		metrics_free(metrics);
		return ERROR_OUT_OF_MEMORY;
	}
	for (size_t i = 0; i < config->listener_count; i++)
		open_listener(metrics, &metrics->listeners[i], &config->listeners[i]);
	*ret_metrics = metrics;
	return OK;
}

static void close_route(struct route_metrics *route)
{
	while (route->kinds) {
		struct request_kind *next = route->kinds->next;

		memory_free(route->kinds);
		route->kinds = next;
	}
	memory_free(route->label);
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	for (size_t i = 0; metrics->routes && i <= metrics->config->route_count; i++)
		close_route(&metrics->routes[i]);
	memory_free(metrics->routes);
	memory_free(metrics->listeners);
	memory_free(metrics);
}

struct listener_metrics *metrics_of_listener(struct metrics *metrics,
                                             const struct config_listener *listener)
{
	return &metrics->listeners[listener - metrics->config->listeners];
}

/* Host and path as the file has them. Owner: the caller. */
static char *make_label(const struct metrics *metrics, size_t index)
{
	const struct config_route *route = &metrics->config->routes[index];
	bool is_none = index == metrics->config->route_count;
	struct span host = is_none ? SPAN("none") : route->host.text;
	struct span path = is_none ? SPAN("") : route->path.text;
	char *label = memory_new(host.size + path.size + 1, 1);

	if (!label)
		return NULL;
	if (host.size > 0)
		memcpy(label, host.data, host.size);
	if (path.size > 0)
		memcpy(label + host.size, path.data, path.size);
	return label;
}

struct route_metrics *metrics_of_route(struct metrics *metrics, size_t index)
{
	struct route_metrics *route = &metrics->routes[index];
	struct series_table *series = metrics->series;

	if (route->label)
		return route;
	route->label = make_label(metrics, index);
	if (!route->label)
		return NULL;

	const char *const labels[] = {route->label};

	route->requests_open = series_value(series, METRIC_REQUESTS_OPEN, labels);
	route->tunnels_open = series_value(series, METRIC_TUNNELS_OPEN, labels);
	route->request_bytes = series_value(series, METRIC_REQUEST_BYTES, labels);
	route->response_bytes = series_value(series, METRIC_RESPONSE_BYTES, labels);
	route->durations = series_histogram(series, METRIC_REQUEST_SECONDS, labels);
	route->heads = series_histogram(series, METRIC_HEAD_SECONDS, labels);
	return route;
}

static void count(struct metrics *metrics, enum metric_id id,
                  const struct config_listener *listener, enum error reason)
{
	const char *const labels[] = {listener->address_text.text.data, error_code(reason)};

	++*series_value(metrics->series, id, labels);
}

void metrics_count_refused(struct metrics *metrics, const struct config_listener *listener,
                           enum error reason)
{
	count(metrics, METRIC_CONNECTIONS_REFUSED, listener, reason);
}

void metrics_count_handshake_failure(struct metrics *metrics,
                                     const struct config_listener *listener, enum error reason)
{
	count(metrics, METRIC_HANDSHAKE_FAILURES, listener, reason);
}

static const char *or_none(const char *word)
{
	return word ? word : "none";
}

void metrics_count_handshake(struct metrics *metrics, const struct config_listener *listener,
                             const struct tls_facts *facts)
{
	struct listener_metrics *own = metrics_of_listener(metrics, listener);
	const char *const labels[] = {
		own->label,
		or_none(facts->version),
		or_none(facts->suite),
		or_none(facts->group),
		facts->resumed ? "true" : "false",
	};

	++*series_value(metrics->series, METRIC_HANDSHAKES, labels);
	if (own->handshakes[facts->resumed] && facts->finished_us >= facts->started_us)
		histogram_observe(own->handshakes[facts->resumed], facts->finished_us - facts->started_us);
}

static const char *method_label(enum method method)
{
	static const char *const labels[METHOD_COUNT] = {
#define METHOD_LABEL(name, safe, idempotent) [METHOD_##name] = #name,
		METHOD_TABLE(METHOD_LABEL)
#undef METHOD_LABEL
	};

	return method == METHOD_OTHER ? "other" : labels[method];
}

static uint64_t *look_up_kind(struct metrics *metrics, const struct route_metrics *route,
                              enum method method, int status, enum error reason)
{
	char digits[sizeof("-2147483648")];
	const char *const labels[] = {
		route->label,
		method_label(method),
		status == 0 ? "none" : digits,
		error_code(reason),
	};

	(void)snprintf(digits, sizeof(digits), "%d", status);
	return series_value(metrics->series, METRIC_REQUESTS, labels);
}

static void keep_kind(struct route_metrics *route, uint32_t key, uint64_t *value)
{
	struct request_kind *kind =
		route->kind_count < METRICS_KINDS_MAX ? memory_new(1, sizeof(*kind)) : NULL;

	if (!kind)
		return;
	*kind = (struct request_kind){.next = route->kinds, .key = key, .count = value};
	route->kinds = kind;
	route->kind_count++;
}

/* The kind with this key, moved to the front; NULL: it was not met yet. */
static struct request_kind *find_kind(struct route_metrics *route, uint32_t key)
{
	struct request_kind *first = route->kinds;

	if (!first || first->key == key)
		return first;
	for (struct request_kind *before = first; before->next; before = before->next) {
		struct request_kind *kind = before->next;

		if (kind->key != key)
			continue;
		before->next = kind->next;
		kind->next = first;
		route->kinds = kind;
		return kind;
	}
	return NULL;
}

void metrics_count_request(struct metrics *metrics, struct route_metrics *route, enum method method,
                           int status, enum error reason)
{
	uint32_t key = (uint32_t)method | (uint32_t)status << METHOD_BITS |
	               (uint32_t)reason << (METHOD_BITS + STATUS_BITS);
	struct request_kind *kind = find_kind(route, key);

	if (kind) {
		++*kind->count;
		return;
	}

	uint64_t *value = look_up_kind(metrics, route, method, status, reason);

	++*value;
	keep_kind(route, key, value);
}
