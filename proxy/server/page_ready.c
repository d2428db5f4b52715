#include <string.h>

#include "base/memory.h"
#include "net/loop.h"
#include "server/pages.h"
#include "server/probe.h"

/*
 * What is known of the clusters is asked at most once a second, however many ask for it: the
 * workers, which backends are drained, then the backends themselves.
 */
enum {
	FRESH_MS = 1000,
	WAITING_MAX = 64, /* as many connections as there can be */
	REASONS_MAX = 16384,
};

struct readiness {
	struct administration *administration;
	struct admin_ask *waiting[WAITING_MAX];
	size_t waiting_count;
	struct inquiry *inquiry; /* at most one of the two is under way */
	struct probe *probe;
	struct census *drained; /* while the probe runs: from which it takes what to leave out */
	/* What came of it last. */
	struct setup *setup; /* a reference; NULL: nothing is known */
	struct probe_cluster *clusters;
	uint64_t known_ms;
};

static void forget(struct readiness *readiness)
{
	setup_unref(readiness->setup);
	readiness->setup = NULL;
	memory_free(readiness->clusters);
	readiness->clusters = NULL;
}

enum error readiness_new(struct administration *administration, struct readiness **ret_readiness)
{
	struct readiness *readiness = memory_new(1, sizeof(*readiness));

	if (!readiness)
		return ERROR_OUT_OF_MEMORY;
	readiness->administration = administration;
	*ret_readiness = readiness;
	return OK;
}

void readiness_free(struct readiness *readiness)
{
	if (!readiness)
		return;
	probe_cancel(readiness->probe);
	census_free(readiness->drained);
	forget(readiness);
	memory_free(readiness);
}

/* --- The answer ------------------------------------------------------------------------------- */

/* Why a cluster is not usable. */
static const char *words_of(const struct probe_cluster *cluster)
{
	if (cluster->error)
		return error_words(cluster->error);
	return cluster->left_out > 0 ? "its backends are drained" : "there was no time to try one";
}

/* How many count, and how many of those are usable. */
static void count_clusters(const struct readiness *readiness, size_t *ret_counted,
                           size_t *ret_usable)
{
	*ret_counted = 0;
	*ret_usable = 0;
	for (size_t i = 0; readiness->setup && i < readiness->setup->config->cluster_count; i++) {
		*ret_counted += readiness->clusters[i].is_counted;
		*ret_usable += readiness->clusters[i].is_usable;
	}
}

static bool clusters_suffice(const struct readiness *readiness, enum config_ready when)
{
	size_t counted;
	size_t usable;

	count_clusters(readiness, &counted, &usable);
	if (when == CONFIG_READY_ALWAYS)
		return true;
	if (!readiness->setup)
		return false; /* it could not be found out */
	return when == CONFIG_READY_ANY_CLUSTER ? usable > 0 || counted == 0 : usable == counted;
}

static void put_clusters(struct tree *tree, const struct readiness *readiness)
{
	tree_begin_list(tree, "clusters");
	for (size_t i = 0; readiness->setup && i < readiness->setup->config->cluster_count; i++) {
		const struct probe_cluster *cluster = &readiness->clusters[i];

		if (!cluster->is_counted)
			continue;
		tree_begin_object(tree, NULL);
		tree_put(tree, "name", readiness->setup->config->clusters[i].name.text);
		tree_put_bool(tree, "usable", cluster->is_usable);
		tree_put_string(tree, "reason", cluster->is_usable ? "" : words_of(cluster));
		tree_end(tree);
	}
	tree_end(tree);
}

static void add_reason(struct text *reasons, const char *format, ...) PRINTF_LIKE(2, 3);

/* One line for each. */
static void add_reason(struct text *reasons, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(reasons, format, arguments);
	text_put_char(reasons, '\n');
	va_end(arguments);
}

static void find_reasons(const struct readiness *readiness, bool is_draining, struct text *reasons)
{
	enum config_ready when = administration_config(readiness->administration)->admin.ready.when;
	bool suffices = clusters_suffice(readiness, when);

	if (is_draining)
		add_reason(reasons, "the proxy is stopping");
	else if (!suffices && !readiness->setup)
		add_reason(reasons, "the backends could not be tried");
	if (is_draining || suffices || !readiness->setup)
		return;
	for (size_t i = 0; i < readiness->setup->config->cluster_count; i++) {
		const struct probe_cluster *cluster = &readiness->clusters[i];
		struct span name = readiness->setup->config->clusters[i].name.text;

		if (cluster->is_counted && !cluster->is_usable)
			add_reason(reasons, "no backend of the cluster %.*s can be used: %s", (int)name.size,
			           name.data, words_of(cluster));
	}
}

/* For `sallyport healthcheck`. */
static void answer_line(struct admin_ask *ask, const struct text *reasons)
{
	struct span rest = text_span(reasons);
	struct span reason;
	struct text line;

	text_init(&line, REASONS_MAX + 64);
	text_put_string(&line, rest.size > 0 ? "not ready: " : "ready");
	for (bool is_first = true; span_next(&rest, '\n', &reason) && reason.size > 0;
	     is_first = false) {
		text_put_string(&line, is_first ? "" : "; ");
		text_put(&line, reason);
	}
	text_put_char(&line, '\n');
	admin_answer_text(ask, reasons->size > 0 ? 503 : 200, "text/plain; charset=utf-8", &line);
}

static void answer_whole(const struct readiness *readiness, struct admin_ask *ask,
                         const struct text *reasons)
{
	struct span rest = text_span(reasons);
	struct span reason;
	struct tree tree;

	admin_begin(&tree);
	tree_put_bool(&tree, "ready", reasons->size == 0);
	tree_begin_list(&tree, "reasons");
	while (span_next(&rest, '\n', &reason) && reason.size > 0)
		tree_put(&tree, NULL, reason);
	tree_end(&tree);
	page_put_sandbox(&tree);
	put_clusters(&tree, readiness);
	admin_answer_tree(ask, reasons->size > 0 ? 503 : 200, &tree);
}

static void answer(struct readiness *readiness, struct admin_ask *ask)
{
	const struct server_view *view = &readiness->administration->view;
	struct text reasons;

	text_init(&reasons, REASONS_MAX);
	find_reasons(readiness, view->is_draining(view->server), &reasons);
	if (span_equal(admin_parameter(ask, "format"), SPAN("line")))
		answer_line(ask, &reasons);
	else
		answer_whole(readiness, ask, &reasons);
	text_done(&reasons);
}

static void answer_all(struct readiness *readiness)
{
	while (readiness->waiting_count > 0)
		answer(readiness, readiness->waiting[--readiness->waiting_count]);
}

/* --- Finding out ------------------------------------------------------------------------------ */

/* Sum of what the workers told, as far as the probe needs it. */
static bool is_left_out(void *owner, size_t cluster, size_t backend)
{
	const struct census *census = ((struct readiness *)owner)->drained;
	const struct config *config = census->setup->config;
	size_t index = backend;

	for (size_t i = 0; i < cluster; i++)
		index += config->clusters[i].backend_count;
	return index < census->backend_count && census->backends[index].drained > 0;
}

static void on_probed(void *owner, const struct probe_cluster *clusters, size_t count)
{
	struct readiness *readiness = owner;
	struct census *census = readiness->drained;

	readiness->probe = NULL;
	readiness->drained = NULL;
	forget(readiness);
	readiness->clusters = memory_new(count + 1, sizeof(*clusters));
	if (readiness->clusters) {
		memcpy(readiness->clusters, clusters, count * sizeof(*clusters));
		readiness->setup = setup_ref(census->setup);
		readiness->known_ms = loop_now_ms(readiness->administration->view.loop);
	}
	census_free(census);
	answer_all(readiness);
}

/* A census that outlives the answers that it is made of. */
static struct census *copy_census(const struct census *census)
{
	size_t size = sizeof(*census) + census->backend_count * sizeof(census->backends[0]);
	struct census *copy = memory_new(1, size);

	if (!copy)
		return NULL;
	memcpy(copy, census, size);
	(void)setup_ref(copy->setup);
	return copy;
}

static void on_census(void *owner, void *const *answers, size_t count)
{
	struct readiness *readiness = owner;
	const struct administration *administration = readiness->administration;
	const struct census *census = page_sum(answers, count);
	struct probe_options options = {
		.loop = administration->view.loop,
		.pool = &readiness->administration->pool,
		.is_left_out = is_left_out,
		.on_done = on_probed,
		.owner = readiness,
	};

	readiness->inquiry = NULL;
	forget(readiness);
	readiness->drained = census ? copy_census(census) : NULL;
	if (readiness->drained) {
		options.config = readiness->drained->setup->config;
		options.within_ms = options.config->admin.ready.connect_ms;
		if (probe_start(&options, &readiness->probe) == OK)
			return;
		census_free(readiness->drained);
		readiness->drained = NULL;
	}
	answer_all(readiness);
}

static bool is_fresh(const struct readiness *readiness)
{
	const struct administration *administration = readiness->administration;

	return readiness->setup == administration_setup(administration) &&
	       loop_now_ms(administration->view.loop) - readiness->known_ms < FRESH_MS;
}

void page_ready(struct admin_ask *ask)
{
	static const struct inquiry_events events = {
		.answer = page_take_census,
		.on_done = on_census,
		.release_answer = page_release_census,
	};
	struct administration *administration = administration_of(ask);
	struct readiness *readiness = administration->readiness;
	const struct config_admin *config = &administration_config(administration)->admin;

	if (config->ready.when == CONFIG_READY_ALWAYS || is_fresh(readiness) ||
	    administration->view.is_draining(administration->view.server)) {
		answer(readiness, ask);
		return;
	}
	if (readiness->waiting_count >= WAITING_MAX) {
		admin_answer_error(ask, 0, ERROR_OVERLOADED, "%s", error_words(ERROR_OVERLOADED));
		return;
	}
	readiness->waiting[readiness->waiting_count++] = ask;
	if (readiness->inquiry || readiness->probe)
		return;
	if (inquiry_start(administration->view.inquiries, &events, NULL, readiness, config->worker_ms,
	                  &readiness->inquiry)) {
		forget(readiness);
		answer_all(readiness);
	}
}
