#include "server/generation.h"

#include "base/memory.h"
#include "net/loop.h"
#include "session/metrics.h"
#include "session/session.h"

static struct h1_limits limits_of(const struct config_limits *limits, uint64_t body_size)
{
	return (struct h1_limits){
		.head_size_max = limits->head_size,
		.field_count_max = limits->header_count,
		.target_size_max = limits->target_size,
		.body_size_max = body_size,
		.chunk_extension_max = limits->chunk_extension,
		.trailer_size_max = limits->trailer_size,
	};
}

static struct session *first_session(struct generation *generation)
{
	return LIST_OBJECT(generation->services.sessions.next, struct session, node);
}

static void cut_off(void *owner)
{
	struct generation *generation = owner;

	log_message(generation->services.log, LOG_WARNING, "reload_drain_over",
	            "timeouts.reload_drain has passed; connections from before the reload that are "
	            "cut off: %zu",
	            generation->services.session_count);
	generation_abort(generation);
}

static enum error open_services(struct generation *generation,
                                const struct generation_options *options, struct setup *setup)
{
	const struct config_limits *limits = &setup->config->limits;
	struct services *services = &generation->services;

	*services = options->services;
	services->setup = setup_ref(setup);
	services->request_limits = limits_of(limits, limits->body_size);
	services->response_limits = limits_of(limits, 0);
	list_init(&services->sessions);

	enum error error = metrics_new(options->series, setup->config, &services->metrics);

	return error ? error
	             : clusters_new(services->loop, services->pool, options->series,
	                            options->cluster_log, setup->config, &services->clusters);
}

void generation_swap_tls(struct generation *generation, struct tls_swap *swap)
{
	if (generation->services.setup == swap->setup)
		tls_swap_into(swap, &generation->tls[swap->listener]);
}

static enum error open_tls_of(struct generation *generation, size_t listener)
{
	const struct setup_listener *setup = &generation->services.setup->listeners[listener];
	const struct tls_server_options options = {
		.sites = setup->sites,
		.tickets = setup->tickets,
		.random = generation->random,
		.budget = generation->budget,
		.memory = series_value(generation->services.metrics->series, METRIC_TLS_MEMORY, NULL),
	};

	return setup->sites ? tls_server_new(&options, &generation->tls[listener]) : OK;
}

static enum error open_tls(struct generation *generation)
{
	const struct setup *setup = generation->services.setup;
	enum error error = OK;

	generation->tls = memory_new(setup->listener_count, sizeof(struct tls_server *));
	if (!generation->tls)
		return ERROR_OUT_OF_MEMORY;
	generation->services.tls = generation->tls;
	for (size_t i = 0; i < setup->listener_count && !error; i++)
		error = open_tls_of(generation, i);
	return error;
}

enum error generation_new(const struct generation_options *options, struct setup *setup,
                          struct generation **ret_generation)
{
	struct generation *generation = memory_new(1, sizeof(*generation));

	if (!generation)
		return ERROR_OUT_OF_MEMORY;
	generation->state = GENERATION_PREPARED;
	generation->budget = options->budget;
	generation->random = options->random;
	list_init(&generation->node);
	deadline_init(&generation->cut_off, cut_off, generation);

	enum error error = open_services(generation, options, setup);

	if (!error)
		error = open_tls(generation);
	if (error) {
		generation_free(generation);
		return error;
	}
	*ret_generation = generation;
	return OK;
}

void generation_free(struct generation *generation)
{
	if (!generation)
		return;

	struct setup *setup = generation->services.setup;

	check(generation->services.session_count == 0);
	deadline_clear(&generation->cut_off);
	list_remove(&generation->node);
	for (size_t i = 0; generation->tls && i < setup->listener_count; i++)
		tls_server_unref(generation->tls[i]);
	memory_free(generation->tls);
	clusters_close(generation->services.clusters);
	metrics_free(generation->services.metrics);
	setup_unref(setup);
	memory_free(generation);
}

static void retire(struct generation *generation, const struct config_timeouts *timeouts)
{
	struct services *services = &generation->services;
	struct list *sessions = &services->sessions;

	generation->state = GENERATION_RETIRED;
	services->retired_ms = loop_now_ms(services->loop);
	services->last_request_ms = timeouts->reload_keep_alive_ms;
	for (struct list *node = sessions->next, *next; node != sessions; node = next) {
		next = node->next;
		session_retire(LIST_OBJECT(node, struct session, node));
	}
	loop_set_deadline(services->loop, &generation->cut_off, timeouts->reload_drain_ms);
}

void generation_take_over(struct generation *generation, struct generation *before)
{
	check(generation->state == GENERATION_PREPARED);
	generation->state = GENERATION_CURRENT;
	if (!before)
		return;
	clusters_inherit(generation->services.clusters, before->services.clusters);
	retire(before, &generation->services.setup->config->timeouts);
}

void generation_drain(struct generation *generation)
{
	struct list *sessions = &generation->services.sessions;

	generation->services.draining = true;
	for (struct list *node = sessions->next, *next; node != sessions; node = next) {
		next = node->next;
		session_drain(LIST_OBJECT(node, struct session, node));
	}
}

void generation_abort(struct generation *generation)
{
	while (!list_is_empty(&generation->services.sessions))
		session_abort(first_session(generation));
}

bool generation_has_ended(const struct generation *generation)
{
	return generation->services.session_count == 0 &&
	       (generation->state == GENERATION_RETIRED || generation->services.draining);
}
