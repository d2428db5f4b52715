#include "server/census.h"

#include <string.h>

#include "backend/cluster.h"
#include "base/memory.h"
#include "metrics/series.h"
#include "net/loop.h"
#include "server/worker.h"
#include "session/failures.h"
#include "session/services.h"

static size_t count_backends(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->cluster_count; i++)
		count += config->clusters[i].backend_count;
	return count;
}

static void take_backend(const struct backend *backend, uint64_t now_ms,
                         struct census_backend *census)
{
	const struct list *idle = &backend->idle;

	*census = (struct census_backend){
		.links = backend->link_count,
		.failure_count = backend->failure_count,
		.failure = backend->failure,
		.avoided = backend->avoid_until_ms > now_ms,
		.unresolved = backend->address_count == 0,
		.drained = backend->is_drained,
		.address_count = backend->address_count,
	};
	memcpy(census->addresses, backend->addresses, sizeof(census->addresses));
	for (const struct list *node = idle->next; node != idle; node = node->next)
		census->idle_links++;
}

static void take_sessions(struct services *services, bool is_old, struct census *census)
{
	struct list *sessions = &services->sessions;

	census->sessions += services->session_count;
	census->old_sessions += is_old ? services->session_count : 0;
	for (struct list *node = sessions->next; node != sessions; node = node->next)
		census->phases[LIST_OBJECT(node, struct session, node)->phase]++;
}

/* All series of a counter together. */
static uint64_t total(const struct series_table *table, enum metric_id id)
{
	uint64_t sum = 0;

	for (const struct series *one = series_first(table, id); one; one = one->next)
		sum += one->value;
	return sum;
}

static void take_counters(struct worker *worker, struct census *census)
{
	struct series_table *table = worker_metrics(worker);

	memcpy(census->handshake_failures, worker_failures(worker)->totals,
	       sizeof(census->handshake_failures));
	if (!table)
		return;
	census->connections_accepted = total(table, METRIC_CONNECTIONS_ACCEPTED);
	census->requests = total(table, METRIC_REQUESTS);
	census->handshakes = total(table, METRIC_HANDSHAKES);
	series_table_free(table);
}

struct census *census_take(struct worker *worker)
{
	struct services *newest = worker_services(worker, 0);
	size_t count = newest && newest->clusters ? count_backends(newest->setup->config) : 0;
	struct census *census;
	size_t next = 0;

	if (!newest)
		return NULL;
	census = memory_new(1, sizeof(*census) + count * sizeof(census->backends[0]));
	if (!census)
		return NULL;
	census->setup = setup_ref(newest->setup);
	census->workers = 1;
	census->backend_count = count;
	take_counters(worker, census);
	for (size_t i = 0; count > 0 && i < newest->clusters->cluster_count; i++) {
		const struct cluster *cluster = &newest->clusters->clusters[i];

		for (size_t j = 0; j < cluster->backend_count; j++)
			take_backend(&cluster->backends[j], loop_now_ms(newest->loop),
			             &census->backends[next++]);
	}
	for (size_t i = 0; (newest = worker_services(worker, i)); i++)
		take_sessions(newest, i > 0, census);
	return census;
}

static void add_backend(struct census_backend *sum, const struct census_backend *one)
{
	sum->links += one->links;
	sum->idle_links += one->idle_links;
	sum->failure_count += one->failure_count;
	sum->failure = one->failure ? one->failure : sum->failure;
	sum->avoided += one->avoided;
	sum->unresolved += one->unresolved;
	sum->drained += one->drained;
	if (sum->address_count > 0)
		return;
	sum->address_count = one->address_count;
	memcpy(sum->addresses, one->addresses, sizeof(sum->addresses));
}

void census_add(struct census *census, const struct census *other)
{
	if (other->setup != census->setup)
		return;
	census->workers++;
	census->sessions += other->sessions;
	census->connections_accepted += other->connections_accepted;
	census->requests += other->requests;
	census->handshakes += other->handshakes;
	census->old_sessions += other->old_sessions;
	for (size_t i = 0; i < SESSION_PHASE_COUNT; i++)
		census->phases[i] += other->phases[i];
	for (size_t i = 0; i < ERROR_COUNT; i++)
		census->handshake_failures[i] += other->handshake_failures[i];
	/* One that has ended its clusters already tells of none. */
	for (size_t i = 0; i < census->backend_count && i < other->backend_count; i++)
		add_backend(&census->backends[i], &other->backends[i]);
}

void census_free(struct census *census)
{
	if (!census)
		return;
	setup_unref(census->setup);
	memory_free(census);
}
