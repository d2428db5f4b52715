#include <string.h>

#include "backend/cluster.h"
#include "base/memory.h"
#include "server/pages.h"
#include "session/services.h"

void *page_take_census(void *worker, const void *question)
{
	(void)question;
	return census_take(worker);
}

void page_release_census(void *answer)
{
	census_free(answer);
}

struct census *page_sum(void *const *answers, size_t count)
{
	struct census *sum = NULL;

	/* The one that knows most: another may have ended its clusters already. */
	for (size_t i = 0; i < count; i++) {
		struct census *one = answers[i];

		if (one && (!sum || one->backend_count > sum->backend_count))
			sum = one;
	}
	for (size_t i = 0; sum && i < count; i++)
		if (answers[i] && answers[i] != sum)
			census_add(sum, answers[i]);
	return sum;
}

/* Of several workers: what is the case for any of them. */
static const char *state_of(const struct census_backend *backend, unsigned workers)
{
	if (backend->drained == workers)
		return backend->links > 0 ? "draining" : "drained";
	if (backend->unresolved == workers)
		return "unresolved";
	return backend->avoided > 0 ? "failing" : "usable";
}

static void put_backend(struct tree *tree, const struct config_backend *config,
                        const struct census_backend *backend, unsigned workers)
{
	tree_begin_object(tree, NULL);
	tree_put(tree, "address", config->address_text.text);
	tree_put_string(tree, "state", state_of(backend, workers));
	tree_put_number(tree, "busy", backend->links - backend->idle_links);
	tree_put_number(tree, "idle", backend->idle_links);
	tree_put_number(tree, "failures", backend->failure_count);
	tree_put_string(tree, "last_failure", backend->failure ? error_code(backend->failure) : "");
	tree_begin_list(tree, "resolved");
	for (size_t i = 0; config->address.kind == ADDRESS_NAME && i < backend->address_count; i++)
		tree_put_string(tree, NULL, backend->addresses[i].host);
	tree_end(tree);
	tree_end(tree);
}

void page_put_clusters(struct tree *tree, const struct census *census)
{
	const struct config *config = census->setup->config;
	size_t next = 0;

	tree_begin_list(tree, "clusters");
	for (size_t i = 0; i < config->cluster_count; i++) {
		const struct config_cluster *cluster = &config->clusters[i];

		tree_begin_object(tree, NULL);
		tree_put(tree, "name", cluster->name.text);
		tree_begin_list(tree, "backends");
		for (size_t j = 0; j < cluster->backend_count && next < census->backend_count; j++)
			put_backend(tree, &cluster->backends[j], &census->backends[next++], census->workers);
		tree_end(tree);
		tree_end(tree);
	}
	tree_end(tree);
}

static void on_clusters(void *owner, void *const *answers, size_t count)
{
	struct admin_ask *ask = owner;
	struct census *census = page_sum(answers, count);
	struct tree tree;

	if (!census) {
		admin_answer_error(ask, 0, ERROR_OVERLOADED, "no worker has answered in time");
		return;
	}
	admin_begin(&tree);
	page_put_workers(&tree, census->workers, count);
	page_put_clusters(&tree, census);
	admin_answer_tree(ask, 200, &tree);
}

void page_put_workers(struct tree *tree, size_t answering, size_t count)
{
	tree_put_number(tree, "workers", count);
	tree_put_number(tree, "workers_that_answered", answering);
}

void page_clusters(struct admin_ask *ask)
{
	static const struct inquiry_events events = {
		.answer = page_take_census,
		.on_done = on_clusters,
		.release_answer = page_release_census,
	};

	administration_ask_workers(ask, &events, NULL);
}

/* --- Draining a backend ----------------------------------------------------------------------- */

struct order {
	bool drained;
	struct span cluster; /* both in the memory behind this */
	struct span backend;
	char bytes[];
};

/* On one cluster; how many backends it was about. */
static size_t carry_out_on(struct cluster *cluster, const struct order *order)
{
	size_t found = 0;

	if (!span_equal(cluster->config->name.text, order->cluster))
		return 0;
	for (size_t i = 0; i < cluster->backend_count; i++) {
		struct backend *backend = &cluster->backends[i];

		if (!span_equal(span_of_string(backend->text), order->backend))
			continue;
		backend_set_drained(backend, order->drained);
		found++;
	}
	return found;
}

/* Also in setups that were replaced: their connections go on making requests for a while. */
static void *carry_out(void *worker, const void *question)
{
	size_t *found = memory_new(1, sizeof(*found));
	struct services *services;

	for (size_t i = 0; found && (services = worker_services(worker, i)); i++)
		for (size_t j = 0; services->clusters && j < services->clusters->cluster_count; j++)
			*found += carry_out_on(&services->clusters->clusters[j], question);
	return found;
}

static void tell_order(struct admin_ask *ask)
{
	struct log *log = administration_of(ask)->view.log;
	bool is_undrain = span_ends_with_nocase(ask->request->path, SPAN("/undrain"));

	log_begin(log, LOG_TO_ERRORS, LOG_NOTICE, is_undrain ? "backend_undrained" : "backend_drained");
	log_put(log, "cluster", ask->arguments[0]);
	log_put(log, "backend", ask->arguments[1]);
	log_end(log);
}

static void on_carried_out(void *owner, void *const *answers, size_t count)
{
	struct admin_ask *ask = owner;
	size_t answered = 0;
	size_t found = 0;
	struct tree tree;

	for (size_t i = 0; i < count; i++) {
		answered += answers[i] != NULL;
		found += answers[i] ? *(const size_t *)answers[i] : 0;
	}
	if (answered > 0 && found == 0) {
		admin_answer_error(ask, 0, ERROR_NOT_FOUND,
		                   "there is no such backend; GET /clusters lists them");
		return;
	}
	tell_order(ask);
	admin_begin(&tree);
	tree_put(&tree, "cluster", ask->arguments[0]);
	tree_put(&tree, "backend", ask->arguments[1]);
	page_put_workers(&tree, answered, count);
	admin_answer_tree(ask, answered > 0 ? 200 : 503, &tree);
}

static void give_order(struct admin_ask *ask, bool drained)
{
	static const struct inquiry_events events = {
		.answer = carry_out,
		.on_done = on_carried_out,
		.release_answer = memory_free,
		.release_question = memory_free,
	};
	struct span cluster = ask->arguments[0];
	struct span backend = ask->arguments[1];
	struct order *order = memory_new(1, sizeof(*order) + cluster.size + backend.size);

	if (!order) {
		admin_answer_error(ask, 0, ERROR_OUT_OF_MEMORY, "%s", error_words(ERROR_OUT_OF_MEMORY));
		return;
	}
	memcpy(order->bytes, cluster.data, cluster.size);
	memcpy(order->bytes + cluster.size, backend.data, backend.size);
	order->cluster = span_of(order->bytes, cluster.size);
	order->backend = span_of(order->bytes + cluster.size, backend.size);
	order->drained = drained;
	administration_ask_workers(ask, &events, order);
}

void page_drain_backend(struct admin_ask *ask)
{
	give_order(ask, true);
}

void page_undrain_backend(struct admin_ask *ask)
{
	give_order(ask, false);
}
