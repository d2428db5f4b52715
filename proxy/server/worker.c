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
#include "session/credentials.h"
#include "session/failures.h"
#include "session/request_id.h"
#include "session/services.h"
#include "session/session.h"
#include "tls/server.h"

enum { LIMIT_TOLD_EVERY_MS = 10000 };

/* A listener as this worker has it. */
struct door {
	struct worker *worker;
	const struct setup_listener *setup;
	struct tls_server *tls; /* NULL: plain */
	struct listener *listener;
	int socket; /* Borrows: from the server */
};

struct worker {
	struct worker_shared *shared;
	size_t index;
	pthread_t thread;
	bool is_started;
	struct loop *loop;
	struct pool pool;
	struct log log;
	struct tls_random *random;
	struct request_ids ids;
	struct credentials credentials;
	struct failures failures;
	struct services services;
	struct door *doors;
	size_t door_count;
	uint64_t limit_told_ms; /* 0: never */
	struct post drain_post;
	struct post abort_post;
};

static struct worker *worker_of_drain(struct post *post)
{
	return LIST_OBJECT(post, struct worker, drain_post);
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

static bool may_accept(void *owner)
{
	struct worker *worker = ((struct door *)owner)->worker;
	struct worker_shared *shared = worker->shared;
	bool memory_is_low = budget_is_low(&shared->budget);
	bool is_full =
		atomic_load_explicit(&shared->connections, memory_order_relaxed) >= shared->connections_max;

	if (!memory_is_low && !is_full)
		return true;
	tell_limit(worker, is_full ? "connection_limit_reached" : "memory_limit_near");
	return false;
}

static void on_accept(void *owner, int fd, const struct address *peer)
{
	struct door *door = owner;
	struct worker *worker = door->worker;

	(void)atomic_fetch_add_explicit(&worker->shared->connections, 1, memory_order_relaxed);
	if (session_open(&worker->services, door->setup, door->tls, fd, peer))
		(void)atomic_fetch_sub_explicit(&worker->shared->connections, 1, memory_order_relaxed);
}

static void on_exhausted(void *owner, int system_error)
{
	struct worker *worker = ((struct door *)owner)->worker;
	bool is_for_files = system_error == EMFILE || system_error == ENFILE;

	/* An idle link has a descriptor that a client has more use for. */
	if (is_for_files && worker->services.clusters && clusters_drop_idle(worker->services.clusters))
		return;
	log_message(&worker->log, LOG_WARNING, "accept_paused",
	            "can not accept: %s; tried again until it works", strerror(system_error));
}

static const struct listener_events door_events = {
	.may_accept = may_accept,
	.on_accept = on_accept,
	.on_exhausted = on_exhausted,
};

static void close_doors(struct worker *worker)
{
	for (size_t i = 0; i < worker->door_count; i++) {
		listener_close(worker->doors[i].listener);
		worker->doors[i].listener = NULL;
	}
}

static void end_if_empty(struct worker *worker)
{
	if (!worker->services.draining || worker->services.session_count > 0)
		return;
	clusters_close(worker->services.clusters);
	worker->services.clusters = NULL;
	loop_stop(worker->loop);
}

static void on_session_closed(void *owner)
{
	struct worker *worker = owner;

	(void)atomic_fetch_sub_explicit(&worker->shared->connections, 1, memory_order_relaxed);
	if (worker->services.clusters)
		end_if_empty(worker);
}

static void on_drain(struct post *post)
{
	struct worker *worker = worker_of_drain(post);
	struct list *sessions = &worker->services.sessions;

	close_doors(worker);
	for (size_t i = 0; i < worker->door_count; i++)
		listener_refuse(worker->doors[i].socket);
	worker->services.draining = true;
	for (struct list *node = sessions->next, *next; node != sessions; node = next) {
		next = node->next;
		session_drain(LIST_OBJECT(node, struct session, node));
	}
	if (worker->services.clusters)
		end_if_empty(worker);
}

static void on_abort(struct post *post)
{
	struct worker *worker = worker_of_abort(post);
	struct list *sessions = &worker->services.sessions;

	while (!list_is_empty(sessions))
		session_abort(LIST_OBJECT(sessions->next, struct session, node));
}

static void on_turn(void *owner)
{
	log_flush(&((struct worker *)owner)->log);
}

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

static enum error open_services(struct worker *worker)
{
	struct setup *setup = worker->shared->setup;
	struct services *services = &worker->services;

	*services = (struct services){
		.loop = worker->loop,
		.pool = &worker->pool,
		.log = &worker->log,
		.ids = &worker->ids,
		.half_open = worker->shared->half_open,
		.repeats = worker->shared->repeats,
		.credentials = &worker->credentials,
		.failures = &worker->failures,
		.setup = setup_ref(setup),
		.request_limits = limits_of(&setup->config->limits, setup->config->limits.body_size),
		.response_limits = limits_of(&setup->config->limits, 0),
		.on_session_closed = on_session_closed,
		.owner = worker,
	};
	list_init(&services->sessions);

	bool tells = !atomic_exchange(&worker->shared->backends_told, true);

	return clusters_new(worker->loop, &worker->pool, tells ? &worker->log : NULL, setup->config,
	                    &services->clusters);
}

static enum error open_tls(struct worker *worker, struct door *door)
{
	struct tls_server_options options = {
		.sites = door->setup->sites,
		.tickets = door->setup->tickets,
		.random = worker->random,
		.budget = &worker->shared->budget,
	};

	return door->setup->sites ? tls_server_new(&options, &door->tls) : OK;
}

static enum error open_doors(struct worker *worker, const int *sockets)
{
	struct setup *setup = worker->shared->setup;

	worker->doors = memory_new(setup->listener_count, sizeof(*worker->doors));
	if (!worker->doors)
		return ERROR_OUT_OF_MEMORY;
	worker->door_count = setup->listener_count;
	for (size_t i = 0; i < worker->door_count; i++) {
		struct door *door = &worker->doors[i];

		door->worker = worker;
		door->setup = &setup->listeners[i];
		door->socket = sockets[i];

		enum error error = open_tls(worker, door);

		if (!error)
			error = listener_open(worker->loop, door->socket, &door_events, door, &door->listener);
		if (error)
			return error;
	}
	return OK;
}

enum error worker_new(struct worker_shared *shared, size_t index, const int *sockets,
                      struct worker **ret_worker)
{
	struct worker *worker = memory_new(1, sizeof(*worker));
	enum log_format format =
		shared->setup->config->logging.format == CONFIG_LOG_TEXT ? LOG_TEXT : LOG_JSON;

	if (!worker)
		return ERROR_OUT_OF_MEMORY;
	worker->shared = shared;
	worker->index = index;
	worker->drain_post.on_post = on_drain;
	worker->abort_post.on_post = on_abort;
	list_init(&worker->drain_post.node);
	list_init(&worker->abort_post.node);
	failures_init(&worker->failures, shared->setup->config->admin.handshakes);
	pool_init(&worker->pool, &shared->budget);
	log_init(&worker->log, shared->sinks[LOG_TO_ACCESS], shared->sinks[LOG_TO_ERRORS], format);
	worker->log.level = (enum log_level)shared->setup->config->logging.level;
	log_rate_init(&worker->log.rate, shared->setup->config->logging.access_rate,
	              shared->setup->config->logging.error_rate);

	enum error error = loop_new(&worker->loop);

	if (!error)
		error = tls_random_new(&worker->random);
	if (!error)
		error = credentials_init(&worker->credentials, worker->random);
	if (!error) {
		request_ids_init(&worker->ids, worker->random);
		loop_on_turn(worker->loop, on_turn, worker);
		error = open_services(worker);
	}
	if (!error)
		error = open_doors(worker, sockets);
	if (error) {
		worker_free(worker);
		return error;
	}
	*ret_worker = worker;
	return OK;
}

struct loop *worker_loop(const struct worker *worker)
{
	return worker->loop;
}

struct services *worker_services(struct worker *worker, size_t index)
{
	return index == 0 ? &worker->services : NULL;
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

void worker_drain(struct worker *worker)
{
	loop_post(worker->loop, &worker->drain_post);
}

void worker_abort(struct worker *worker)
{
	loop_post(worker->loop, &worker->abort_post);
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->is_started)
		(void)pthread_join(worker->thread, NULL);
	close_doors(worker);
	for (size_t i = 0; i < worker->door_count; i++)
		tls_server_unref(worker->doors[i].tls);
	clusters_close(worker->services.clusters);
	loop_free(worker->loop);
	setup_unref(worker->services.setup);
	memory_free(worker->doors);
	failures_done(&worker->failures);
	credentials_done(&worker->credentials);
	tls_random_free(worker->random);
	log_done(&worker->log);
	pool_done(&worker->pool);
	memory_free(worker);
}
