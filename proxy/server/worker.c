#include "server/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/listener.h"
#include "net/loop.h"
#include "server/generation.h"
#include "session/credentials.h"
#include "session/failures.h"
#include "session/request_id.h"
#include "session/session.h"

enum { LIMIT_TOLD_EVERY_MS = 10000 };

/* A listening socket as this worker has it. */
struct door {
	struct list node; /* on the worker's */
	struct worker *worker;
	struct generation *generation; /* the current one; NULL: the socket is not in use yet */
	size_t index;                  /* of the listener in its setup */
	struct listener *listener;
	int socket; /* Borrows: from the server */
};

struct worker {
	struct worker_shared *shared;
	size_t index;
	pthread_t thread;
	bool is_started;
	atomic_bool has_ended;
	struct loop *loop;
	struct pool pool;
	struct log log;
	struct tls_random *random;
	struct request_ids ids;
	struct series_table *series;
	struct credentials credentials;
	struct failures failures;
	struct generation *current;  /* NULL: it has not begun, or has ended */
	struct generation *prepared; /* NULL: none */
	struct list retired;         /* generations that still have sessions */
	struct list doors;
	bool is_draining;
	uint64_t limit_told_ms; /* 0: never */
	struct post drain_post;
	struct post abort_post;
	struct post step_post;
	enum worker_step step;
	const int *sockets; /* Borrows: from the server, while it prepares */
};

static struct worker *worker_of_drain(struct post *post)
{
	return LIST_OBJECT(post, struct worker, drain_post);
}

static struct worker *worker_of_step(struct post *post)
{
	return LIST_OBJECT(post, struct worker, step_post);
}

static struct worker *worker_of_abort(struct post *post)
{
	return LIST_OBJECT(post, struct worker, abort_post);
}

/* Once in a while: at the limit, connections come and go. */
static void tell_limit(struct worker *worker, const char *event)
{
	uint64_t now_ms = loop_now_ms(worker->loop);

	if (worker->limit_told_ms != 0 && now_ms - worker->limit_told_ms < LIMIT_TOLD_EVERY_MS)
		return;
	worker->limit_told_ms = now_ms;
	log_message(&worker->log, LOG_WARNING, event,
	            "no more connections are accepted until some have closed");
}

static void count_pause(struct worker *worker, const char *limit)
{
	const char *const labels[] = {limit};

	++*series_value(worker->series, METRIC_ACCEPT_PAUSES, labels);
}

static bool may_accept(void *owner)
{
	struct worker *worker = ((struct door *)owner)->worker;
	struct worker_shared *shared = worker->shared;
	bool memory_is_low = budget_is_low(&shared->budget);
	bool is_full = atomic_load_explicit(&shared->connections, memory_order_relaxed) >=
	               atomic_load_explicit(&shared->connections_max, memory_order_relaxed);

	if (!((struct door *)owner)->generation)
		return false;
	if (!memory_is_low && !is_full)
		return true;
	count_pause(worker, is_full ? "connections" : "memory");
	tell_limit(worker, is_full ? "connection_limit_reached" : "memory_limit_near");
	return false;
}

static void on_accept(void *owner, int fd, const struct address *peer)
{
	struct door *door = owner;
	struct worker *worker = door->worker;
	struct generation *generation = door->generation;

	(void)atomic_fetch_add_explicit(&worker->shared->connections, 1, memory_order_relaxed);
	if (session_open(&generation->services, &generation->services.setup->listeners[door->index],
	                 generation->tls[door->index], fd, peer))
		(void)atomic_fetch_sub_explicit(&worker->shared->connections, 1, memory_order_relaxed);
}

/* An idle link has a descriptor that a client has more use for. */
static bool drop_idle_link(struct worker *worker)
{
	struct list *retired = &worker->retired;

	for (struct list *node = retired->next; node != retired; node = node->next)
		if (clusters_drop_idle(LIST_OBJECT(node, struct generation, node)->services.clusters))
			return true;
	return clusters_drop_idle(worker->current->services.clusters);
}

static void on_exhausted(void *owner, int system_error)
{
	struct worker *worker = ((struct door *)owner)->worker;
	bool is_for_files = system_error == EMFILE || system_error == ENFILE;

	if (is_for_files && drop_idle_link(worker))
		return;
	count_pause(worker, "files");
	log_message(&worker->log, LOG_WARNING, "accept_paused",
	            "can not accept: %s; tried again until it works", strerror(system_error));
}

static const struct listener_events door_events = {
	.may_accept = may_accept,
	.on_accept = on_accept,
	.on_exhausted = on_exhausted,
};

static void close_door(struct door *door)
{
	listener_close(door->listener);
	list_remove(&door->node);
	memory_free(door);
}

static enum error open_door(struct worker *worker, int socket)
{
	struct door *door = memory_new(1, sizeof(*door));

	if (!door)
		return ERROR_OUT_OF_MEMORY;
	door->worker = worker;
	door->socket = socket;

	enum error error = listener_open(worker->loop, socket, &door_events, door, &door->listener);

	if (error) {
		memory_free(door);
		return error;
	}
	list_add_last(&worker->doors, &door->node);
	return OK;
}

static struct door *find_door(struct worker *worker, int socket)
{
	struct list *doors = &worker->doors;

	for (struct list *node = doors->next; node != doors; node = node->next) {
		struct door *door = LIST_OBJECT(node, struct door, node);

		if (door->socket == socket)
			return door;
	}
	return NULL;
}

/* Closes the doors that lead to no generation, or to another than this one. */
static void close_doors(struct worker *worker, const struct generation *but, bool refuse)
{
	struct list *doors = &worker->doors;

	for (struct list *node = doors->next, *next; node != doors; node = next) {
		struct door *door = LIST_OBJECT(node, struct door, node);

		next = node->next;
		if (but && door->generation == but)
			continue;
		if (refuse)
			listener_refuse(door->socket);
		close_door(door);
	}
}

/* --- From one setup to the next ----------------------------------------------------------- */

/* Its last session may have been the last of all workers. */
static void end_generation(struct worker *worker, struct generation *generation)
{
	uint64_t number = generation->services.setup->number;
	size_t before = setup_count_alive();

	generation_free(generation);

	size_t alive = setup_count_alive();

	if (alive >= before)
		return;
	log_begin(&worker->log, LOG_TO_ERRORS, LOG_NOTICE, "setup_ended");
	log_put_number(&worker->log, "setup", number);
	log_put_number(&worker->log, "setups_alive", alive);
	log_end(&worker->log);
}

static void end_if_empty(struct worker *worker)
{
	if (!worker->is_draining || !list_is_empty(&worker->retired) || !worker->current ||
	    worker->current->services.session_count > 0)
		return;
	generation_free(worker->current);
	worker->current = NULL;
	loop_stop(worker->loop);
}

/* At the end of a turn: in the middle of one, somebody may still look at them. */
static void free_ended(struct worker *worker)
{
	struct list *retired = &worker->retired;

	for (struct list *node = retired->next, *next; node != retired; node = next) {
		struct generation *generation = LIST_OBJECT(node, struct generation, node);

		next = node->next;
		if (generation_has_ended(generation))
			end_generation(worker, generation);
	}
	end_if_empty(worker);
}

static void on_turn(void *owner)
{
	struct worker *worker = owner;

	free_ended(worker);
	log_flush(&worker->log);
}

static void on_session_closed(void *owner)
{
	struct worker *worker = owner;

	(void)atomic_fetch_sub_explicit(&worker->shared->connections, 1, memory_order_relaxed);
}

static void abandon(struct worker *worker)
{
	generation_free(worker->prepared);
	worker->prepared = NULL;
	close_doors(worker, worker->current, false);
}

static enum error make_generation(struct worker *worker)
{
	struct worker_shared *shared = worker->shared;
	struct setup *setup = shared->setup;
	bool tells = !atomic_exchange(&shared->backends_told, true);
	const struct generation_options options = {
		.services =
			{
				.loop = worker->loop,
				.pool = &worker->pool,
				.log = &worker->log,
				.ids = &worker->ids,
				.credentials = &worker->credentials,
				.failures = &worker->failures,
				.half_open = shared->half_open,
				.repeats = setup->config->logging.handshake_repeat_interval_ms > 0 ? shared->repeats
	                                                                               : NULL,
				.on_session_closed = on_session_closed,
				.owner = worker,
			},
		.budget = &shared->budget,
		.random = worker->random,
		.series = worker->series,
		.cluster_log = tells ? &worker->log : NULL,
	};

	return generation_new(&options, setup, &worker->prepared);
}

static enum error prepare(struct worker *worker, const int *sockets)
{
	enum error error = make_generation(worker);

	for (size_t i = 0; !error && i < worker->shared->setup->listener_count; i++)
		if (!find_door(worker, sockets[i]))
			error = open_door(worker, sockets[i]);
	worker->sockets = sockets;
	if (error)
		abandon(worker);
	return error;
}

static void swap(struct worker *worker)
{
	struct generation *before = worker->current;
	const struct setup *setup = worker->prepared->services.setup;

	sinks_give(&worker->shared->sinks, &setup->config->logging, &worker->log);
	series_set_max(worker->series, setup->config->metrics.series_max);
	failures_set_max(&worker->failures, setup->config->admin.handshakes);
	worker->current = worker->prepared;
	worker->prepared = NULL;
	for (size_t i = 0; i < setup->listener_count; i++) {
		struct door *door = find_door(worker, worker->sockets[i]);

		door->generation = worker->current;
		door->index = i;
	}
	close_doors(worker, worker->current, true);
	generation_take_over(worker->current, before);
	if (before)
		list_add_last(&worker->retired, &before->node);
}

static void on_step(struct post *post)
{
	struct worker *worker = worker_of_step(post);
	enum error error = OK;

	if (worker->is_draining)
		return;
	if (worker->step == WORKER_PREPARE)
		error = prepare(worker, worker->sockets);
	else if (worker->step == WORKER_SWAP)
		swap(worker);
	else
		abandon(worker);
	worker->shared->on_worker_stepped(worker->shared->owner, error);
}

/* --- Certificates that were renewed -------------------------------------------------------- */

static void on_tls_swap(struct post *post)
{
	struct tls_swap *swap = LIST_OBJECT(post, struct tls_swap, post);

	if (swap->worker->current)
		generation_swap_tls(swap->worker->current, swap);
	tls_swap_free(swap);
}

enum error worker_prepare_tls(struct worker *worker, struct setup *setup, size_t listener,
                              struct tls_sites *sites, struct tls_swap **ret_swap)
{
	const struct tls_server_options options = {
		.sites = sites,
		.tickets = setup->listeners[listener].tickets,
		.random = worker->random,
		.budget = &worker->shared->budget,
	};

	return tls_swap_new(setup, listener, &options, ret_swap);
}

void worker_swap_tls(struct worker *worker, struct tls_swap *swap)
{
	swap->worker = worker;
	swap->post.on_post = on_tls_swap;
	loop_post(worker->loop, &swap->post);
}

/* What came too late. */
static void drop_swaps(struct worker *worker)
{
	struct post *post;

	while (worker->loop && (post = loop_take_post(worker->loop)) != NULL)
		if (post->on_post == on_tls_swap)
			tls_swap_free(LIST_OBJECT(post, struct tls_swap, post));
}

/* --- The end ------------------------------------------------------------------------------ */

static void on_drain(struct post *post)
{
	struct worker *worker = worker_of_drain(post);
	struct list *retired = &worker->retired;

	abandon(worker);
	close_doors(worker, NULL, true);
	worker->is_draining = true;
	for (struct list *node = retired->next; node != retired; node = node->next)
		generation_drain(LIST_OBJECT(node, struct generation, node));
	generation_drain(worker->current);
}

static void on_abort(struct post *post)
{
	struct worker *worker = worker_of_abort(post);
	struct list *retired = &worker->retired;

	for (struct list *node = retired->next; node != retired; node = node->next)
		generation_abort(LIST_OBJECT(node, struct generation, node));
	if (worker->current)
		generation_abort(worker->current);
}

/* --- Life --------------------------------------------------------------------------------- */

static void worker_init(struct worker *worker, struct worker_shared *shared, size_t index)
{
	worker->shared = shared;
	worker->index = index;
	worker->drain_post.on_post = on_drain;
	worker->abort_post.on_post = on_abort;
	worker->step_post.on_post = on_step;
	list_init(&worker->drain_post.node);
	list_init(&worker->abort_post.node);
	list_init(&worker->step_post.node);
	list_init(&worker->retired);
	list_init(&worker->doors);
	failures_init(&worker->failures, shared->setup->config->admin.handshakes);
	pool_init(&worker->pool, &shared->budget);
	log_init(&worker->log, shared->sinks.of[LOG_TO_ACCESS], shared->sinks.of[LOG_TO_ERRORS],
	         LOG_JSON);
}

enum error worker_new(struct worker_shared *shared, size_t index, const int *sockets,
                      struct worker **ret_worker)
{
	struct worker *worker = memory_new(1, sizeof(*worker));

	if (!worker)
		return ERROR_OUT_OF_MEMORY;
	worker_init(worker, shared, index);

	enum error error = loop_new(&worker->loop);

	if (!error)
		error = series_table_new(shared->setup->config->metrics.series_max, &worker->series);
	if (!error)
		error = tls_random_new(&worker->random);
	if (!error)
		error = credentials_init(&worker->credentials, worker->random);
	if (!error) {
		request_ids_init(&worker->ids, worker->random);
		loop_on_turn(worker->loop, on_turn, worker);
		error = prepare(worker, sockets);
	}
	if (error) {
		worker_free(worker);
		return error;
	}
	swap(worker);
	*ret_worker = worker;
	return OK;
}

struct loop *worker_loop(const struct worker *worker)
{
	return worker->loop;
}

struct services *worker_services(struct worker *worker, size_t index)
{
	if (worker->current && index-- == 0)
		return &worker->current->services;
	for (struct list *node = worker->retired.next; node != &worker->retired; node = node->next)
		if (index-- == 0)
			return &LIST_OBJECT(node, struct generation, node)->services;
	return NULL;
}

struct log *worker_log(struct worker *worker)
{
	return &worker->log;
}

struct failures *worker_failures(struct worker *worker)
{
	return &worker->failures;
}

static void *run(void *argument)
{
	struct worker *worker = argument;

	loop_run(worker->loop);
	log_flush(&worker->log);
	atomic_store_explicit(&worker->has_ended, true, memory_order_release);
	worker->shared->on_worker_ended(worker->shared->owner, worker->index);
	return NULL;
}

enum error worker_start(struct worker *worker)
{
	sigset_t all;
	sigset_t before;

	/* Signals are the main thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	worker->is_started = pthread_create(&worker->thread, NULL, run, worker) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return worker->is_started ? OK : ERROR_SYSTEM;
}

void worker_step(struct worker *worker, enum worker_step step, const int *sockets)
{
	worker->step = step;
	if (sockets)
		worker->sockets = sockets;
	loop_post(worker->loop, &worker->step_post);
}

void worker_drain(struct worker *worker)
{
	loop_post(worker->loop, &worker->drain_post);
}

void worker_abort(struct worker *worker)
{
	loop_post(worker->loop, &worker->abort_post);
}

bool worker_has_ended(struct worker *worker)
{
	return atomic_load_explicit(&worker->has_ended, memory_order_acquire);
}

struct series_table *worker_metrics(struct worker *worker)
{
	struct series_table *answer;

	if (series_table_new(series_max(worker->series), &answer))
		return NULL;
	series_merge(answer, worker->series);
	series_note(answer, METRIC_BUFFERS, NULL, worker->pool.taken);
	series_note(answer, METRIC_WORKERS, NULL, 1);
	if (worker->current)
		backend_metrics_note_health(worker->current->services.clusters, answer);
	return answer;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->is_started)
		(void)pthread_join(worker->thread, NULL);
	close_doors(worker, NULL, false);
	generation_free(worker->prepared);
	generation_free(worker->current);
	drop_swaps(worker);
	loop_free(worker->loop);
	series_table_free(worker->series);
	failures_done(&worker->failures);
	credentials_done(&worker->credentials);
	tls_random_free(worker->random);
	log_done(&worker->log);
	pool_done(&worker->pool);
	memory_free(worker);
}
