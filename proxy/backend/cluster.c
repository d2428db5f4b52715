#include "backend/cluster.h"

#include <string.h>

#include "backend/link.h"
#include "base/memory.h"
#include "net/loop.h"

enum {
	LOOK_AGAIN_FAILED_MS = 2000, /* soon: in a container's first seconds names come one by one */
};

static void look_up(void *owner);

static void look_again_after(struct backend *backend, uint64_t after_ms)
{
	loop_set_deadline(backend->cluster->clusters->loop, &backend->look_again, after_ms);
}

static void tell_unresolved(struct backend *backend)
{
	struct log *log = backend->cluster->clusters->log;

	if (backend->is_unresolved)
		return;
	backend->is_unresolved = true;
	if (!log)
		return;
	log_begin(log, LOG_TO_ERRORS, LOG_WARNING, "backend_unresolved");
	log_put(log, "cluster", backend->cluster->config->name.text);
	log_put_string(log, "backend", backend->text);
	log_put_string(log, "reason", error_code(ERROR_NAME_UNRESOLVED));
	log_put_string(log, "message",
	               backend->address_count > 0
	                   ? "the name does not resolve any more; its last addresses stay in use"
	                   : "the name does not resolve; it is answered 502 until it does");
	log_end(log);
}

static void tell_resolved(struct backend *backend)
{
	struct log *log = backend->cluster->clusters->log;

	if (!backend->is_unresolved)
		return;
	backend->is_unresolved = false;
	if (!log)
		return;
	log_begin(log, LOG_TO_ERRORS, LOG_NOTICE, "backend_resolved");
	log_put(log, "cluster", backend->cluster->config->name.text);
	log_put_string(log, "backend", backend->text);
	log_end(log);
}

static void on_looked_up(void *owner, enum error error, const struct address *addresses,
                         size_t address_count)
{
	struct backend *backend = owner;

	backend->lookup = NULL;
	if (error) {
		tell_unresolved(backend);
		look_again_after(backend, LOOK_AGAIN_FAILED_MS);
		return;
	}
	for (size_t i = 0; i < address_count; i++)
		backend->addresses[i] = addresses[i];
	backend->address_count = address_count;
	tell_resolved(backend);
	look_again_after(backend, backend->cluster->config->timeouts.resolve_ms);
}

static void look_up(void *owner)
{
	struct backend *backend = owner;

	if (lookup_start(backend->cluster->clusters->loop, &backend->config->address, on_looked_up,
	                 backend, &backend->lookup)) {
		backend->lookup = NULL;
		tell_unresolved(backend);
		look_again_after(backend, LOOK_AGAIN_FAILED_MS);
	}
}

static void backend_init(struct backend *backend, struct cluster *cluster,
                         const struct config_backend *config)
{
	backend->cluster = cluster;
	backend->config = config;
	list_init(&backend->idle);
	deadline_init(&backend->look_again, look_up, backend);
	address_format(&config->address, backend->text, sizeof(backend->text));
	if (config->address.kind != ADDRESS_NAME) {
		backend->addresses[0] = config->address;
		backend->address_count = 1;
	}
	backend_metrics_init(backend, cluster->clusters->series);
}

static enum error cluster_init(struct cluster *cluster, struct clusters *clusters,
                               const struct config_cluster *config)
{
	cluster->clusters = clusters;
	cluster->config = config;
	cluster_metrics_init(cluster, clusters->series);
	cluster->backends = memory_new(config->backend_count, sizeof(*cluster->backends));
	if (!cluster->backends)
		return ERROR_OUT_OF_MEMORY;
	cluster->backend_count = config->backend_count;
	retry_budget_init(&cluster->retries, config->retries.share, config->retries.per_second,
	                  loop_now_ms(clusters->loop));
	for (size_t i = 0; i < config->backend_count; i++)
		backend_init(&cluster->backends[i], cluster, &config->backends[i]);
	return OK;
}

static void free_clusters(struct clusters *clusters)
{
	for (size_t i = 0; i < clusters->cluster_count; i++)
		memory_free(clusters->clusters[i].backends);
	memory_free(clusters->clusters);
	memory_free(clusters);
}

enum error clusters_new(struct loop *loop, struct pool *pool, struct series_table *series,
                        struct log *log, const struct config *config,
                        struct clusters **ret_clusters)
{
	struct clusters *clusters = memory_new(1, sizeof(*clusters));

	if (!clusters)
		return ERROR_OUT_OF_MEMORY;
	*clusters = (struct clusters){
		.loop = loop,
		.pool = pool,
		.series = series,
		.log = log,
		.references = 1,
	};
	clusters->clusters = memory_new(config->cluster_count, sizeof(*clusters->clusters));
	if (config->cluster_count > 0 && !clusters->clusters)
		goto fail;
	for (; clusters->cluster_count < config->cluster_count; clusters->cluster_count++) {
		size_t i = clusters->cluster_count;

		if (cluster_init(&clusters->clusters[i], clusters, &config->clusters[i]))
			goto fail;
	}
	for (size_t i = 0; i < clusters->cluster_count; i++)
		for (size_t j = 0; j < clusters->clusters[i].backend_count; j++)
			if (clusters->clusters[i].backends[j].address_count == 0)
				look_up(&clusters->clusters[i].backends[j]);
	*ret_clusters = clusters;
	return OK;
fail:
	free_clusters(clusters);
	return ERROR_OUT_OF_MEMORY;
}

static void close_idle(struct backend *backend)
{
	while (!list_is_empty(&backend->idle))
		link_drop(LIST_OBJECT(backend->idle.next, struct link, node));
}

static void inherit_backend(struct backend *backend, const struct cluster *before)
{
	for (size_t i = 0; i < before->backend_count; i++) {
		const struct backend *old = &before->backends[i];

		if (!address_equal(&backend->config->address, &old->config->address))
			continue;
		if (backend->address_count == 0) {
			memcpy(backend->addresses, old->addresses, sizeof(backend->addresses));
			backend->address_count = old->address_count;
		}
		backend->avoid_until_ms = old->avoid_until_ms;
		backend->keep_alive = old->keep_alive;
		backend->is_drained = old->is_drained;
		backend->failure_count = old->failure_count;
		backend->failure = old->failure;
		return;
	}
}

void clusters_inherit(struct clusters *clusters, const struct clusters *before)
{
	for (size_t i = 0; i < clusters->cluster_count; i++) {
		struct cluster *cluster = &clusters->clusters[i];

		for (size_t j = 0; j < before->cluster_count; j++) {
			const struct cluster *old = &before->clusters[j];

			if (!span_equal(cluster->config->name.text, old->config->name.text))
				continue;
			for (size_t k = 0; k < cluster->backend_count; k++)
				inherit_backend(&cluster->backends[k], old);
		}
	}
}

static void close_backend(struct backend *backend)
{
	lookup_cancel(backend->lookup);
	backend->lookup = NULL;
	deadline_clear(&backend->look_again);
	close_idle(backend);
}

void clusters_close(struct clusters *clusters)
{
	if (!clusters)
		return;
	clusters->is_closed = true;
	for (size_t i = 0; i < clusters->cluster_count; i++)
		for (size_t j = 0; j < clusters->clusters[i].backend_count; j++)
			close_backend(&clusters->clusters[i].backends[j]);
	clusters_unref(clusters);
}

void clusters_ref(struct clusters *clusters)
{
	clusters->references++;
}

void clusters_unref(struct clusters *clusters)
{
	check(clusters->references > 0);
	if (--clusters->references == 0)
		free_clusters(clusters);
}

void cluster_begin(struct cluster *cluster, struct attempts *attempts)
{
	*attempts = (struct attempts){.first = cluster->next_backend, .last = ERROR_NO_BACKEND};
	cluster->next_backend = (cluster->next_backend + 1) % cluster->backend_count;
	retry_budget_add(&cluster->retries, loop_now_ms(cluster->clusters->loop));
}

/* Marks the backend as taken by this exchange; false: it was already. */
static bool take_once(struct attempts *attempts, size_t backend)
{
	unsigned char bit = (unsigned char)(1u << backend % 8);
	bool is_first = !(attempts->taken[backend / 8] & bit);

	attempts->taken[backend / 8] |= bit;
	return is_first;
}

/* Its name is being looked up for the first time. */
static bool is_pending(const struct backend *backend)
{
	return backend->address_count == 0 && backend->lookup && !backend->is_unresolved &&
	       !backend->is_drained;
}

/*
 * The next backend of this exchange that is worth an attempt, or NULL. *ret_pending: one that was
 * left out may be worth one soon.
 */
static struct backend *next_backend(struct cluster *cluster, struct attempts *attempts,
                                    bool *ret_pending)
{
	uint64_t now_ms = loop_now_ms(cluster->clusters->loop);

	/* The first round leaves out those that failed a moment ago, the second takes them too. */
	while (attempts->steps < 2 * cluster->backend_count) {
		size_t i = (attempts->first + attempts->steps) % cluster->backend_count;
		struct backend *backend = &cluster->backends[i];
		bool is_second_round = attempts->steps++ >= cluster->backend_count;

		*ret_pending |= is_pending(backend);
		if (backend->address_count == 0 && attempts->last == ERROR_NO_BACKEND)
			attempts->last = ERROR_NAME_UNRESOLVED;
		if (backend->address_count > 0 && !backend->is_drained &&
		    (is_second_round || backend->avoid_until_ms <= now_ms) && take_once(attempts, i))
			return backend;
	}
	return NULL;
}

enum error cluster_take(struct cluster *cluster, struct attempts *attempts, bool fresh,
                        wire_event *on_event, void *owner, struct link **ret_link)
{
	bool is_one_pending = false;
	struct backend *backend = next_backend(cluster, attempts, &is_one_pending);

	if (!backend && is_one_pending) {
		attempts->steps = 0; /* They are gone through anew, but none is taken twice. */
		*ret_link = NULL;
		return OK;
	}
	if (!backend)
		return ERROR_NO_BACKEND;
	while (!fresh && !list_is_empty(&backend->idle)) {
		struct link *link = LIST_OBJECT(backend->idle.next, struct link, node);

		/* What has come since the loop last looked would pass for the answer. */
		if (wire_is_quiet(link->transport.wire)) {
			link_wake(link, on_event, owner);
			++*backend->metrics.pool_hits;
			*ret_link = link;
			return OK;
		}
		link_note_closed(link);
		++*backend->metrics.stale;
		link_drop(link);
	}
	if (!fresh)
		++*backend->metrics.pool_misses;
	return link_new(backend, on_event, owner, ret_link);
}

enum error backend_connect(struct backend *backend, wire_event *on_event, void *owner,
                           struct link **ret_link)
{
	return link_new(backend, on_event, owner, ret_link);
}

enum error cluster_take_again(struct backend *backend, wire_event *on_event, void *owner,
                              struct link **ret_link)
{
	struct cluster *cluster = backend->cluster;

	if (!retry_budget_spend(&cluster->retries, loop_now_ms(cluster->clusters->loop)))
		return ERROR_RETRY_BUDGET_SPENT;
	++*backend->metrics.retries;
	return link_new(backend, on_event, owner, ret_link);
}

bool clusters_drop_idle(struct clusters *clusters)
{
	struct link *oldest = NULL;

	for (size_t i = 0; i < clusters->cluster_count; i++) {
		struct link *link = link_oldest(&clusters->clusters[i]);

		if (link && (!oldest || link->idle_timeout.at_ms < oldest->idle_timeout.at_ms))
			oldest = link;
	}
	link_drop(oldest);
	return oldest != NULL;
}

void backend_set_drained(struct backend *backend, bool drained)
{
	backend->is_drained = drained;
	if (drained)
		close_idle(backend);
}

void backend_failed(struct backend *backend, struct attempts *attempts, enum error error)
{
	attempts->last = error;
	backend_metrics_count_failure(backend, error);
	backend->failure = error;
	backend->failure_count++;
	backend->avoid_until_ms =
		loop_now_ms(backend->cluster->clusters->loop) + backend->cluster->config->timeouts.avoid_ms;
}
