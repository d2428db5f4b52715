#include <unistd.h>

#include "base/clock.h"
#include "server/lockdown.h"
#include "server/pages.h"
#include "server/renewal.h"
#include "session/session.h"
#include "tls/certificate.h"

enum { REASONS_MAX = 5 };

static const char *state_of(const struct administration *administration)
{
	return administration->view.is_draining(administration->view.server) ? "draining" : "running";
}

static uint64_t uptime_s(const struct administration *administration)
{
	return (clock_now_us() - administration->started_us) / 1000000;
}

void page_health(struct admin_ask *ask)
{
	const struct administration *administration = administration_of(ask);
	struct text line;
	struct tree tree;

	if (span_equal(admin_parameter(ask, "format"), SPAN("line"))) {
		text_init(&line, 16);
		text_put_string(&line, "alive\n");
		admin_answer_text(ask, 200, "text/plain; charset=utf-8", &line);
		return;
	}
	admin_begin(&tree);
	tree_put_string(&tree, "status", "alive");
	tree_put_string(&tree, "state", state_of(administration));
	tree_put_seconds(&tree, "uptime_seconds", uptime_s(administration));
	admin_answer_tree(ask, 200, &tree);
}

void page_put_sandbox(struct tree *tree)
{
	struct text words;

	text_init(&words, 256);
	lockdown_describe(&words);
	tree_put(tree, "sandbox", text_span(&words));
	text_done(&words);
}

/* --- Status ----------------------------------------------------------------------------------- */

static void put_sessions(struct tree *tree, const struct census *census, size_t max)
{
	tree_begin_object(tree, "connections");
	tree_put_number(tree, "open", census->sessions);
	tree_put_number(tree, "limit", max);
	tree_put_number(tree, "accepted", census->connections_accepted);
	for (size_t i = 0; i < SESSION_PHASE_COUNT; i++)
		if (census->phases[i] > 0)
			tree_put_number(tree, session_phase_name((enum session_phase)i), census->phases[i]);
	tree_end(tree);
}

/* On the average since the start. */
static void put_requests(struct tree *tree, const struct census *census, uint64_t since_us)
{
	uint64_t elapsed_ms = (clock_now_us() - since_us) / 1000;

	tree_put_number(tree, "requests", census->requests);
	tree_put_thousandths(tree, "requests_per_second",
	                     elapsed_ms > 0 ? census->requests * 1000000 / elapsed_ms : 0);
	tree_put_number(tree, "handshakes", census->handshakes);
}

static void put_memory(struct tree *tree, const struct worker_shared *shared)
{
	tree_begin_object(tree, "memory");
	tree_put_bytes(tree, "used_bytes", atomic_load(&shared->budget.used));
	tree_put_bytes(tree, "limit_bytes", atomic_load(&shared->budget.max));
	tree_end(tree);
}

static void put_setups(struct tree *tree, const struct census *census)
{
	tree_begin_object(tree, "setups");
	tree_put_number(tree, "alive", setup_count_alive());
	tree_put_number(tree, "connections_of_older_ones", census->old_sessions);
	tree_end(tree);
}

/* The most frequent reasons of failed handshakes, the first one first. */
static void put_reasons(struct tree *tree, const struct census *census)
{
	uint64_t left[ERROR_COUNT];
	uint64_t sum = 0;

	for (size_t i = 0; i < ERROR_COUNT; i++) {
		left[i] = census->handshake_failures[i];
		sum += left[i];
	}
	tree_put_number(tree, "failed_handshakes", sum);
	tree_begin_list(tree, "failed_handshake_reasons");
	for (size_t count = 0; count < REASONS_MAX; count++) {
		size_t most = 0;

		for (size_t i = 0; i < ERROR_COUNT; i++)
			most = left[i] > left[most] ? i : most;
		if (left[most] == 0)
			break;
		tree_begin_object(tree, NULL);
		tree_put_string(tree, "reason", error_code((enum error)most));
		tree_put_number(tree, "count", left[most]);
		tree_put_string(tree, "what", error_words((enum error)most));
		tree_end(tree);
		left[most] = 0;
	}
	tree_end(tree);
}

/* A line for each: how many of its backends are usable. */
static void put_cluster_health(struct tree *tree, const struct census *census)
{
	const struct config *config = census->setup->config;
	size_t next = 0;

	tree_begin_list(tree, "clusters");
	for (size_t i = 0; i < config->cluster_count; i++) {
		size_t usable = 0;
		size_t busy = 0;
		size_t idle = 0;

		for (size_t j = 0; j < config->clusters[i].backend_count && next < census->backend_count;
		     j++, next++) {
			const struct census_backend *backend = &census->backends[next];

			usable += backend->avoided + backend->unresolved + backend->drained == 0;
			busy += backend->links - backend->idle_links;
			idle += backend->idle_links;
		}
		tree_begin_object(tree, NULL);
		tree_put(tree, "name", config->clusters[i].name.text);
		tree_put_number(tree, "backends", config->clusters[i].backend_count);
		tree_put_number(tree, "usable", usable);
		tree_put_number(tree, "busy", busy);
		tree_put_number(tree, "idle", idle);
		tree_end(tree);
	}
	tree_end(tree);
}

/* The names of the listeners that it is for. */
static void put_listeners(struct tree *tree, const struct setup *setup, uint64_t listeners)
{
	tree_begin_list(tree, "listeners");
	for (size_t i = 0; i < setup->listener_count; i++)
		if ((listeners >> i & 1) != 0)
			tree_put(tree, NULL, setup->config->listeners[i].address_text.text);
	tree_end(tree);
}

/* A line for each certificate. */
static void put_expiry(struct tree *tree, const struct renewal *renewal)
{
	tree_begin_list(tree, "certificates");
	for (size_t i = 0; renewal && i < renewal_count(renewal); i++) {
		const struct tls_certificate_facts *facts;
		struct renewal_entry entry;

		renewal_entry(renewal, i, &entry);
		if (entry.material->kind != MATERIAL_CERTIFICATE)
			continue;
		facts = tls_certificate_facts(entry.material->certificate);
		tree_begin_object(tree, NULL);
		tree_put_string(tree, "file", entry.material->paths[0]);
		tree_put(tree, "name", facts->name_count > 0 ? facts->names[0] : (struct span){0});
		tree_put_integer(tree, "days_left", entry.expiry.days_left);
		tree_put_bool(tree, "newest", !entry.failure);
		tree_end(tree);
	}
	tree_end(tree);
}

static void on_status(void *owner, void *const *answers, size_t count)
{
	struct admin_ask *ask = owner;
	const struct administration *administration = administration_of(ask);
	const struct worker_shared *shared = administration->view.shared;
	const struct census *census = page_sum(answers, count);
	struct tree tree;

	admin_begin(&tree);
	tree_put_string(&tree, "version", SALLYPORT_VERSION);
	tree_put_string(&tree, "state", state_of(administration));
	tree_put_string(&tree, "configuration", administration_setup(administration)->path);
	tree_put_seconds(&tree, "uptime_seconds", uptime_s(administration));
	tree_put_time(&tree, "started", administration->started_wall_us);
	tree_put_number(&tree, "process", (uint64_t)getpid());
	page_put_sandbox(&tree);
	page_put_workers(&tree, census ? census->workers : 0, count);
	put_memory(&tree, shared);
	if (census) {
		put_sessions(&tree, census, atomic_load(&shared->connections_max));
		put_requests(&tree, census, administration->started_us);
		put_setups(&tree, census);
		put_reasons(&tree, census);
		put_cluster_health(&tree, census);
	}
	put_expiry(&tree, administration->view.renewal(administration->view.server));
	admin_answer_tree(ask, 200, &tree);
}

void page_status(struct admin_ask *ask)
{
	static const struct inquiry_events events = {
		.answer = page_take_census,
		.on_done = on_status,
		.release_answer = page_release_census,
	};

	administration_ask_workers(ask, &events, NULL);
}

/* --- Certificates ----------------------------------------------------------------------------- */

static void put_certificate(struct tree *tree, const struct tls_certificate_facts *facts)
{
	tree_begin_list(tree, "names");
	for (size_t i = 0; i < facts->name_count; i++)
		tree_put(tree, NULL, facts->names[i]);
	tree_end(tree);
	tree_put_string(tree, "key", tls_key_kind_name(facts->kind));
	tree_put_time(tree, "not_before", (uint64_t)facts->not_before_s * 1000000);
	tree_put_time(tree, "not_after", (uint64_t)facts->not_after_s * 1000000);
	tree_put_string(tree, "fingerprint", facts->fingerprint);
}

/* Certificates, or with them the CAs of clients. */
static void put_entry(struct tree *tree, const struct setup *setup,
                      const struct renewal_entry *entry)
{
	static const char *const states[] = {
		[EXPIRY_FAR] = "good", [EXPIRY_NEAR] = "ends_soon", [EXPIRY_PAST] = "expired"};
	const struct material *material = entry->material;

	tree_begin_object(tree, NULL);
	tree_put_string(tree, "file", material->paths[0]);
	tree_put_string(tree, "other_file", material->paths[1]);
	put_listeners(tree, setup, material->listeners);
	if (material->kind == MATERIAL_CERTIFICATE) {
		put_certificate(tree, tls_certificate_facts(material->certificate));
		tree_put_string(tree, "state", states[entry->expiry.state]);
		tree_put_integer(tree, "days_left", entry->expiry.days_left);
	}
	tree_put_time(tree, "in_use_since", (uint64_t)entry->taken_s * 1000000);
	if (entry->failure) {
		tree_put_string(tree, "not_replaced_because", entry->failure);
		tree_put_time(tree, "not_replaced_since", (uint64_t)entry->failed_s * 1000000);
	}
	tree_end(tree);
}

static void put_entries(struct tree *tree, const char *name, enum material_kind kind,
                        const struct administration *administration)
{
	const struct renewal *renewal = administration->view.renewal(administration->view.server);

	tree_begin_list(tree, name);
	for (size_t i = 0; renewal && i < renewal_count(renewal); i++) {
		struct renewal_entry entry;

		renewal_entry(renewal, i, &entry);
		if (entry.material->kind == kind)
			put_entry(tree, administration_setup(administration), &entry);
	}
	tree_end(tree);
}

void page_certificates(struct admin_ask *ask)
{
	struct tree tree;

	admin_begin(&tree);
	put_entries(&tree, "certificates", MATERIAL_CERTIFICATE, administration_of(ask));
	put_entries(&tree, "client_cas", MATERIAL_CLIENT_CA, administration_of(ask));
	admin_answer_tree(ask, 200, &tree);
}

/* --- The end ---------------------------------------------------------------------------------- */

static void stop(struct admin_ask *ask, bool has_limit)
{
	const struct server_view *view = &administration_of(ask)->view;
	struct tree tree;

	view->drain(view->server, has_limit);
	admin_begin(&tree);
	tree_put_string(&tree, "state", state_of(administration_of(ask)));
	admin_answer_tree(ask, 202, &tree);
}

void page_drain(struct admin_ask *ask)
{
	stop(ask, false);
}

void page_stop(struct admin_ask *ask)
{
	stop(ask, true);
}
