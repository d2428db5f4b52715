#include "backend/backend_metrics.h"

#include "backend/cluster.h"
#include "net/loop.h"

static const char *cluster_label(const struct cluster *cluster)
{
	return cluster->config->name.text.data;
}

void cluster_metrics_init(struct cluster *cluster, struct series_table *series)
{
	const char *const labels[] = {cluster_label(cluster)};

	cluster->metrics.connects = series_histogram(series, METRIC_CONNECT_SECONDS, labels);
	cluster->metrics.first_bytes = series_histogram(series, METRIC_FIRST_BYTE_SECONDS, labels);
}

void backend_metrics_init(struct backend *backend, struct series_table *series)
{
	static const char *const classes[BACKEND_CLASSES] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
	const char *labels[] = {cluster_label(backend->cluster), backend->text, NULL};
	struct backend_metrics *metrics = &backend->metrics;

	metrics->connects = series_value(series, METRIC_BACKEND_CONNECTS, labels);
	metrics->open = series_value(series, METRIC_BACKEND_CONNECTIONS_OPEN, labels);
	metrics->idle = series_value(series, METRIC_BACKEND_CONNECTIONS_IDLE, labels);
	metrics->pool_hits = series_value(series, METRIC_BACKEND_POOL_HITS, labels);
	metrics->pool_misses = series_value(series, METRIC_BACKEND_POOL_MISSES, labels);
	metrics->stale = series_value(series, METRIC_BACKEND_STALE, labels);
	metrics->retries = series_value(series, METRIC_BACKEND_RETRIES, labels);
	for (unsigned i = 0; i < BACKEND_CLASSES; i++) {
		labels[2] = classes[i];
		metrics->responses[i] = series_value(series, METRIC_BACKEND_RESPONSES, labels);
	}
}

void backend_metrics_count_response(struct backend *backend, int status)
{
	check(status >= 100 && status < 600);
	++*backend->metrics.responses[status / 100 - 1];
}

void backend_metrics_count_failure(struct backend *backend, enum error error)
{
	const char *const labels[] = {cluster_label(backend->cluster), backend->text,
	                              error_code(error)};

	/* Not on the way of a request that goes well, so it may look its place up. */
	++*series_value(backend->cluster->clusters->series, METRIC_BACKEND_FAILURES, labels);
}

static bool is_up(const struct backend *backend, uint64_t now_ms)
{
	return backend->address_count > 0 && backend->avoid_until_ms <= now_ms;
}

void backend_metrics_note_health(const struct clusters *clusters, struct series_table *answer)
{
	uint64_t now_ms = loop_now_ms(clusters->loop);

	for (size_t i = 0; i < clusters->cluster_count; i++) {
		const struct cluster *cluster = &clusters->clusters[i];

		for (size_t j = 0; j < cluster->backend_count; j++) {
			const struct backend *backend = &cluster->backends[j];
			const char *const labels[] = {cluster_label(cluster), backend->text};

			series_note(answer, METRIC_BACKEND_UP, labels, is_up(backend, now_ms));
		}
	}
}
