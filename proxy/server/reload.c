#include "server/reload.h"

#include "base/memory.h"
#include "net/job.h"
#include "session/half_open.h"
#include "session/repeats.h"

enum { WHY_MAX = 1024, PRINTED_MAX = 1 << 20 };

/* Owner: its job while that runs, else the reload. */
struct loading {
	struct reload *reload;
	struct setup *before; /* a reference: the running one, in which the path is */
	struct setup *setup;
	struct diagnostics diagnostics;
	enum error error;
};

static void begin(struct reload *reload);

static void free_loading(struct loading *loading)
{
	if (!loading)
		return;
	diagnostics_done(&loading->diagnostics);
	setup_unref(loading->setup);
	setup_unref(loading->before);
	memory_free(loading);
}

/* --- Telling ------------------------------------------------------------------------------ */

/* Each line of what `sallyport check` prints: with place and caret. */
static void tell_diagnostics(struct reload *reload, struct diagnostics *diagnostics)
{
	struct log *log = reload->with.log;
	bool is_refused = diagnostics->errors > 0;
	struct text printed;
	struct span rest;

	text_init(&printed, PRINTED_MAX);
	diagnostics_print(diagnostics, &printed);
	rest = text_span(&printed);
	while (rest.size > 0) {
		size_t end = span_find(rest, '\n');

		log_begin(log, LOG_TO_ERRORS, is_refused ? LOG_ERROR : LOG_WARNING,
		          is_refused ? "config_error" : "config_warning");
		log_put(log, "message", span_cut(rest, 0, end));
		log_end(log);
		rest = span_from(rest, end + 1);
	}
	text_done(&printed);
}

static void tell_refused(struct reload *reload)
{
	if (reload->why.size == 0)
		text_put_string(&reload->why, error_words(reload->error));
	log_message(reload->with.log, LOG_ERROR, "reload_refused", "everything stays as it is: %s",
	            text_string(&reload->why));
}

static void tell_reloaded(struct reload *reload, const struct setup *setup)
{
	struct log *log = reload->with.log;

	text_clear(&reload->why);
	text_printf(&reload->why, "reloaded: listeners %zu, routes %zu, clusters %zu",
	            setup->listener_count, setup->config->route_count, setup->config->cluster_count);
	log_begin(log, LOG_TO_ERRORS, LOG_NOTICE, "reloaded");
	log_put_number(log, "setup", setup->number);
	log_put_number(log, "setups_alive", setup_count_alive());
	log_put_number(log, "listeners", setup->listener_count);
	log_put_number(log, "routes", setup->config->route_count);
	log_put_number(log, "clusters", setup->config->cluster_count);
	log_end(log);
}

static void answer_all(struct reload *reload)
{
	const struct reload_answer answer = {
		.error = reload->error,
		.words = text_span(&reload->why),
		.diagnostics = reload->loading ? &reload->loading->diagnostics : NULL,
	};

	while (!list_is_empty(&reload->asking)) {
		struct reload_request *request =
			LIST_OBJECT(reload->asking.next, struct reload_request, node);

		list_remove(&request->node);
		request->on_answer(request, &answer);
	}
}

/* --- The end of one ----------------------------------------------------------------------- */

static void finish(struct reload *reload)
{
	reload->state = RELOAD_IDLE;
	answer_all(reload);
	free_loading(reload->loading);
	reload->loading = NULL;
	memory_free(reload->sockets);
	reload->sockets = NULL;
	reload->with.on_end(reload->with.owner);
	if (reload->is_wanted && !reload->is_stopped)
		begin(reload);
}

static void refuse(struct reload *reload, enum error error)
{
	reload->error = error;
	tell_refused(reload);
	finish(reload);
}

static void refuse_file(struct reload *reload)
{
	struct diagnostics *diagnostics = &reload->loading->diagnostics;

	reload->error = reload->loading->error;
	if (diagnostics->errors > 0)
		text_printf(&reload->why, "%.*s has %zu error%s", (int)diagnostics->name.size,
		            diagnostics->name.data, diagnostics->errors,
		            diagnostics->errors == 1 ? "" : "s");
	tell_refused(reload);
	finish(reload);
}

/* --- Steps of the workers ----------------------------------------------------------------- */

static void step(struct reload *reload, enum reload_state state, enum worker_step step)
{
	size_t listener_count = reload->with.shared->setup->listener_count;

	reload->state = state;
	atomic_store(&reload->missing, reload->with.worker_count);
	atomic_store(&reload->step_error, OK);
	for (size_t i = 0; i < reload->with.worker_count; i++)
		worker_step(reload->with.workers[i], step,
		            step == WORKER_PREPARE ? &reload->sockets[i * listener_count] : NULL);
}

void reload_note_step(struct reload *reload, enum error error)
{
	if (error)
		atomic_store(&reload->step_error, error);
	if (atomic_fetch_sub(&reload->missing, 1) == 1)
		loop_post(reload->with.loop, &reload->step_post);
}

static void restore(struct reload *reload)
{
	struct worker_shared *shared = reload->with.shared;

	bindings_keep(reload->with.bindings, reload->setup);
	sinks_close(&shared->sinks, &reload->sinks);
	shared->sinks = reload->sinks;
	shared->setup = reload->setup;
	refuse(reload, reload->error);
}

static void on_all_prepared(struct reload *reload)
{
	struct worker_shared *shared = reload->with.shared;
	const struct config_limits *limits = &shared->setup->config->limits;

	reload->error = atomic_load(&reload->step_error);
	if (reload->error) {
		step(reload, RELOAD_ABANDONING, WORKER_ABANDON);
		return;
	}
	half_open_limit(shared->half_open, limits->handshakes, limits->handshakes_per_address);
	atomic_store(&shared->budget.max, limits->memory);
	step(reload, RELOAD_SWAPPING, WORKER_SWAP);
}

static void on_all_swapped(struct reload *reload)
{
	struct worker_shared *shared = reload->with.shared;

	bindings_keep(reload->with.bindings, shared->setup);
	sinks_give(&shared->sinks, &shared->setup->config->logging, reload->with.log);
	sinks_close(&reload->sinks, &shared->sinks);
	reload->loading->setup = NULL; /* the server's from now on */
	reload->with.on_swapped(reload->with.owner, shared->setup, reload->setup);
	setup_unref(reload->loading->before);
	reload->loading->before = NULL;
	reload->error = OK;
	tell_diagnostics(reload, &reload->loading->diagnostics);
	tell_reloaded(reload, shared->setup);
	finish(reload);
}

static void on_steps(struct post *post)
{
	struct reload *reload = LIST_OBJECT(post, struct reload, step_post);

	if (reload->is_stopped)
		return;
	if (reload->state == RELOAD_PREPARING)
		on_all_prepared(reload);
	else if (reload->state == RELOAD_SWAPPING)
		on_all_swapped(reload);
	else
		restore(reload);
}

/* --- Beginning ---------------------------------------------------------------------------- */

/* All that the new setup needs and that can fail, before any worker knows of it. */
static enum error open_all(struct reload *reload, struct setup *setup, struct sinks *ret_sinks)
{
	struct worker_shared *shared = reload->with.shared;
	enum error error = half_open_reserve(shared->half_open, setup->config->limits.handshakes);

	if (!error && !shared->repeats && setup->config->logging.handshake_repeat_interval_ms > 0)
		error = repeats_new(&shared->repeats);
	if (!error)
		error = bindings_open(reload->with.bindings, setup, &reload->sockets, &reload->why);
	if (error)
		return error;
	error = sinks_open(&setup->config->logging, &shared->setup->config->logging, &shared->sinks,
	                   ret_sinks, &reload->why);
	if (error)
		bindings_keep(reload->with.bindings, shared->setup);
	return error;
}

static void prepare(struct reload *reload, struct setup *setup)
{
	struct worker_shared *shared = reload->with.shared;
	struct sinks sinks;

	setup_inherit(setup, shared->setup);

	enum error error = open_all(reload, setup, &sinks);

	if (error) {
		refuse(reload, error);
		return;
	}
	reload->setup = shared->setup;
	reload->sinks = shared->sinks;
	shared->setup = setup;
	shared->sinks = sinks;
	atomic_store(&shared->backends_told, false);
	step(reload, RELOAD_PREPARING, WORKER_PREPARE);
}

static void load(void *subject)
{
	struct loading *loading = subject;

	loading->error = setup_load(loading->before->path, &loading->diagnostics, &loading->setup);
}

static void on_loaded(void *owner)
{
	struct reload *reload = owner;

	if (reload->is_stopped)
		return;

	struct loading *loading = reload->loading;

	if (!loading->error)
		loading->error =
			reload->with.may_take(reload->with.owner, loading->setup, &loading->diagnostics);
	if (!loading->error && loading->diagnostics.errors > 0)
		loading->error = ERROR_CONFIG;
	if (loading->error) {
		tell_diagnostics(reload, &reload->loading->diagnostics);
		refuse_file(reload);
	} else {
		prepare(reload, reload->loading->setup);
	}
}

/* The job is over; what it has loaded is needed on. */
static void release(void *subject)
{
	(void)subject;
}

static enum error start_loading(struct reload *reload)
{
	static const struct job_events events = {
		.work = load, .on_done = on_loaded, .release = release};
	struct loading *loading = memory_new(1, sizeof(*loading));
	struct job *job;

	if (!loading)
		return ERROR_OUT_OF_MEMORY;
	loading->before = setup_ref(reload->with.shared->setup);
	diagnostics_init(&loading->diagnostics);
	loading->diagnostics.without_notices = true;
	reload->loading = loading;
	return job_start(reload->with.loop, &events, loading, reload, &job);
}

static void begin(struct reload *reload)
{
	reload->state = RELOAD_LOADING;
	reload->is_wanted = false;
	while (!list_is_empty(&reload->later)) {
		struct list *node = reload->later.next;

		list_remove(node);
		list_add_last(&reload->asking, node);
	}
	text_clear(&reload->why);
	reload->with.on_begin(reload->with.owner);

	enum error error = start_loading(reload);

	if (error)
		refuse(reload, error);
}

void reload_init(struct reload *reload, const struct reload_options *options)
{
	*reload = (struct reload){.with = *options};
	list_init(&reload->asking);
	list_init(&reload->later);
	list_init(&reload->step_post.node);
	reload->step_post.on_post = on_steps;
	text_init(&reload->why, WHY_MAX);
}

void reload_done(struct reload *reload)
{
	/* Stopped in the middle: the sinks of before are nobody else's. */
	if (reload->state > RELOAD_LOADING)
		sinks_close(&reload->sinks, &reload->with.shared->sinks);
	free_loading(reload->loading);
	memory_free(reload->sockets);
	text_done(&reload->why);
}

static void answer_stopping(struct list *requests)
{
	const struct reload_answer answer = {
		.error = ERROR_STOPPING,
		.words = span_of_string(error_words(ERROR_STOPPING)),
	};

	while (!list_is_empty(requests)) {
		struct reload_request *request = LIST_OBJECT(requests->next, struct reload_request, node);

		list_remove(&request->node);
		request->on_answer(request, &answer);
	}
}

void reload_ask(struct reload *reload, struct reload_request *request)
{
	reload->is_wanted = true;
	if (request)
		list_add_last(&reload->later, &request->node);
	if (reload->is_stopped) {
		answer_stopping(&reload->later);
	} else if (reload->state == RELOAD_IDLE) {
		begin(reload);
	} else {
		log_message(reload->with.log, LOG_NOTICE, "reload_waits",
		            "a reload goes on; one more follows it");
	}
}

void reload_forget(struct reload_request *request)
{
	list_remove(&request->node);
}

void reload_stop(struct reload *reload)
{
	reload->is_stopped = true;
	answer_stopping(&reload->asking);
	answer_stopping(&reload->later);
}
