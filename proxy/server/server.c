#include "server/server.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/loop.h"
#include "server/administration.h"
#include "server/bindings.h"
#include "server/inquiry.h"
#include "server/lockdown.h"
#include "server/reload.h"
#include "server/renewal.h"
#include "server/sinks.h"
#include "server/tls_swap.h"
#include "server/worker.h"
#include "session/half_open.h"
#include "session/handshake_log.h"
#include "session/repeats.h"

enum {
	WORKERS_MAX = 256,
	FDS_RESERVED = 64, /* for the log, the loops, lookups, and whatever libraries open */
};

struct server {
	struct worker_shared shared;
	struct setup *setup; /* a reference: the one that new connections get */
	struct log log;
	struct loop *loop;
	struct worker *workers[WORKERS_MAX];
	size_t worker_count;
	struct inquiries *inquiries; /* to the workers */
	struct administration administration;
	atomic_size_t running;
	struct post ended_post;
	struct bindings bindings;
	struct reload reload;
	struct deadline drain_deadline;
	struct deadline repeats_deadline;
	struct renewal *renewal; /* of the certificates of `setup` */
	bool is_draining;
	bool is_aborting;
	struct lockdown *lockdown; /* NULL: not yet */
	struct text *why;
};

static size_t count_workers(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = config->workers > 0 ? config->workers : cores > 0 ? (size_t)cores : 1;

	return count < WORKERS_MAX ? count : WORKERS_MAX;
}

/*
 * As many files as the system lets us have. Each session may need one for its client and one for a
 * backend: a limit on connections that the files do not suffice for is lowered, so that those who
 * are let in are also served.
 */
static void set_connection_limit(struct server *server)
{
	size_t wanted = server->setup->config->limits.connections;
	struct rlimit files;

	atomic_store(&server->shared.connections_max, wanted);
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur == RLIM_INFINITY || files.rlim_cur / 2 >= wanted + FDS_RESERVED)
		return;

	size_t possible = files.rlim_cur > 4 * FDS_RESERVED ? (size_t)files.rlim_cur / 2 - FDS_RESERVED
	                                                    : (size_t)files.rlim_cur / 4 + 1;

	atomic_store(&server->shared.connections_max, possible);
	log_message(&server->log, LOG_WARNING, "connection_limit_lowered",
	            "%llu open files are allowed, so at most %zu connections are accepted, not %zu",
	            (unsigned long long)files.rlim_cur, possible, wanted);
}

static void drain(struct server *server)
{
	if (server->is_draining)
		return;
	server->is_draining = true;
	log_message(&server->log, LOG_NOTICE, "draining", "no more connections are accepted");
	reload_stop(&server->reload);
	renewal_stop(server->renewal);
	for (size_t i = 0; i < server->worker_count; i++)
		worker_drain(server->workers[i]);
}

static void abort_sessions(void *owner)
{
	struct server *server = owner;

	if (server->is_aborting)
		return;
	server->is_aborting = true;
	log_message(&server->log, LOG_WARNING, "stopping_now", "what still runs is cut off");
	for (size_t i = 0; i < server->worker_count; i++)
		worker_abort(server->workers[i]);
}

/* Stops; `has_limit`: within timeouts.drain. */
static void end(void *owner, bool has_limit)
{
	struct server *server = owner;

	drain(server);
	if (has_limit && server->drain_deadline.at_ms == DEADLINE_NEVER)
		loop_set_deadline(server->loop, &server->drain_deadline,
		                  server->setup->config->timeouts.drain_ms);
}

static struct setup *setup_of(void *owner)
{
	return ((struct server *)owner)->setup;
}

static const struct renewal *renewal_of(void *owner)
{
	return ((struct server *)owner)->renewal;
}

static bool is_draining(void *owner)
{
	return ((struct server *)owner)->is_draining;
}

static void on_signal(void *owner, int number)
{
	struct server *server = owner;
	bool is_second = server->is_draining;

	end(server, number != SIGQUIT);
	if (number == SIGINT && is_second)
		abort_sessions(server);
}

static void on_hang_up(void *owner, int number)
{
	struct server *server = owner;

	(void)number;
	reload_ask(&server->reload, NULL);
}

static void on_all_ended(struct post *post)
{
	struct server *server = LIST_OBJECT(post, struct server, ended_post);

	deadline_clear(&server->drain_deadline);
	deadline_clear(&server->repeats_deadline);
	renewal_stop(server->renewal);
	/* Nobody is left to answer. */
	inquiries_free(server->inquiries);
	server->inquiries = NULL;
	administration_close(&server->administration);
	loop_stop(server->loop);
}

/* On a worker's thread. */
static void on_worker_ended(void *owner, size_t index)
{
	struct server *server = owner;

	inquiries_leave(server->inquiries, index);
	if (atomic_fetch_sub(&server->running, 1) == 1)
		loop_post(server->loop, &server->ended_post);
}

static enum error open_log(struct server *server)
{
	const struct config_logging *logging = &server->setup->config->logging;
	enum error error = sinks_open(logging, NULL, NULL, &server->shared.sinks, server->why);

	if (!error)
		sinks_give(&server->shared.sinks, logging, &server->log);
	return error;
}

static void on_reopen_signal(void *owner, int number)
{
	struct server *server = owner;

	(void)number;
	sinks_reopen(&server->shared.sinks, &server->setup->config->logging, &server->log);
}

static uint64_t repeat_interval_ms(const struct server *server)
{
	return server->setup->config->logging.handshake_repeat_interval_ms;
}

static void tell_repeats(void *owner)
{
	struct server *server = owner;

	repeats_tell(server->shared.repeats, handshake_log_sum, &server->log);
	loop_set_deadline(server->loop, &server->repeats_deadline, repeat_interval_ms(server));
}

/* Beginning with the setup that is in use now. */
static void watch_repeats(struct server *server)
{
	if (repeat_interval_ms(server) > 0)
		loop_set_deadline(server->loop, &server->repeats_deadline, repeat_interval_ms(server));
	else
		deadline_clear(&server->repeats_deadline);
}

/* --- Certificates that were renewed -------------------------------------------------------- */

/* All workers, or none. */
static enum error swap_tls(void *owner, size_t listener, struct tls_sites *sites)
{
	struct server *server = owner;
	struct tls_swap *swaps[WORKERS_MAX] = {0};
	enum error error = OK;

	for (size_t i = 0; i < server->worker_count && !error; i++)
		error = worker_prepare_tls(server->workers[i], server->setup, listener, sites, &swaps[i]);
	for (size_t i = 0; i < server->worker_count; i++) {
		if (error)
			tls_swap_free(swaps[i]);
		else
			worker_swap_tls(server->workers[i], swaps[i]);
	}
	return error;
}

static enum error open_renewal(struct server *server, struct renewal **ret_renewal)
{
	const struct renewal_options options = {
		.setup = server->setup,
		.loop = server->loop,
		.log = &server->log,
		.swap = swap_tls,
		.owner = server,
	};

	return renewal_new(&options, ret_renewal);
}

/* A setup that was reloaded has read all files itself. */
static void renew_other_setup(struct server *server)
{
	struct renewal *before = server->renewal;

	if (server->is_draining)
		return;
	server->renewal = NULL;
	if (open_renewal(server, &server->renewal))
		log_message(&server->log, LOG_ERROR, "certificates_unwatched",
		            "there is no memory to watch the certificates: they are renewed after the next "
		            "reload only");
	renewal_free(before);
}

/* --- Reload ------------------------------------------------------------------------------- */

/* The one place that knows whether a reload goes on: for whoever watches the process. */
static void on_reload_begin(void *owner)
{
	struct server *server = owner;

	log_message(&server->log, LOG_NOTICE, "reloading", "%s is read", server->setup->path);
}

static void on_reload_end(void *owner)
{
	(void)owner;
}

/* What the new setup needs, and the sandbox of this process does not have. */
static enum error may_reload(void *owner, const struct setup *setup,
                             struct diagnostics *diagnostics)
{
	const struct server *server = owner;

	return lockdown_check(server->lockdown, setup->config, diagnostics);
}

static void tell_what_stays(struct server *server, const struct config *before)
{
	if (before->workers != server->setup->config->workers)
		log_message(&server->log, LOG_WARNING, "restart_needed",
		            "`workers` is another number now; it changes only when the proxy is started "
		            "anew, and until then there are %zu",
		            server->worker_count);
	lockdown_tell_what_stays(before, server->setup->config, &server->log);
}

/* What the main thread has made of the setup before. */
static void on_swapped(void *owner, struct setup *setup, struct setup *before)
{
	struct server *server = owner;

	server->setup = setup;
	if (setup->config->limits.connections != before->config->limits.connections)
		set_connection_limit(server);
	tell_what_stays(server, before->config);
	administration_update(&server->administration, before->config);
	watch_repeats(server);
	renew_other_setup(server);
	setup_unref(before);
}

static void open_reload(struct server *server)
{
	const struct reload_options options = {
		.loop = server->loop,
		.log = &server->log,
		.shared = &server->shared,
		.workers = server->workers,
		.worker_count = server->worker_count,
		.bindings = &server->bindings,
		.may_take = may_reload,
		.on_begin = on_reload_begin,
		.on_end = on_reload_end,
		.on_swapped = on_swapped,
		.owner = server,
	};

	reload_init(&server->reload, &options);
}

/* On a worker's thread. */
static void on_worker_stepped(void *owner, enum error error)
{
	struct server *server = owner;

	reload_note_step(&server->reload, error);
}

/* --- Start and end ------------------------------------------------------------------------ */

static void on_turn(void *owner)
{
	log_flush(&((struct server *)owner)->log);
}

static enum error open_loop(struct server *server)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGQUIT};
	enum error error = loop_new(&server->loop);

	for (size_t i = 0; !error && i < ARRAY_LENGTH(numbers); i++)
		error = loop_on_signal(server->loop, numbers[i], on_signal, server);
	if (!error)
		error = loop_on_signal(server->loop, SIGHUP, on_hang_up, server);
	if (!error)
		error = loop_on_signal(server->loop, SIGUSR1, on_reopen_signal, server);
	if (!error)
		loop_on_turn(server->loop, on_turn, server);
	return error;
}

/* What is known of all handshakes together. */
static enum error open_handshakes(struct server *server)
{
	const struct config_limits *limits = &server->setup->config->limits;
	enum error error = half_open_new(limits->handshakes, limits->handshakes_per_address,
	                                 &server->shared.half_open);

	if (!error && repeat_interval_ms(server) > 0)
		error = repeats_new(&server->shared.repeats);
	if (!error)
		watch_repeats(server);
	return error;
}

/* `sockets`: one for each worker and listener. */
static enum error open_workers(struct server *server, const int *sockets)
{
	enum error error = OK;

	server->shared.setup = server->setup;
	atomic_store(&server->shared.budget.max, server->setup->config->limits.memory);
	server->shared.on_worker_stepped = on_worker_stepped;
	server->shared.on_worker_ended = on_worker_ended;
	server->shared.owner = server;
	for (size_t i = 0; i < server->worker_count && !error; i++)
		error = worker_new(&server->shared, i, &sockets[i * server->setup->listener_count],
		                   &server->workers[i]);
	return error;
}

/*
 * All that needs rights is opened; then they are given up: before there is a second thread, and
 * before there is a loop, for which libuv 1.50 sets up an io_uring if it may. It would use that
 * ever after, and the filter of system calls lets nobody.
 */
static enum error open_doors(struct server *server, int **ret_sockets)
{
	enum error error = bindings_open(&server->bindings, server->setup, ret_sockets, server->why);

	if (!error)
		error =
			administration_bind(&server->administration, server->setup, &server->log, server->why);
	if (!error)
		error = lockdown_new(server->setup->config, administration_address(&server->administration),
		                     server->shared.sinks.of, &server->log, &server->lockdown, server->why);
	return error;
}

static enum error open_inquiries(struct server *server)
{
	struct inquiry_target targets[WORKERS_MAX];

	for (size_t i = 0; i < server->worker_count; i++)
		targets[i] = (struct inquiry_target){.loop = worker_loop(server->workers[i]),
		                                     .subject = server->workers[i]};
	return inquiries_new(server->loop, targets, server->worker_count, &server->inquiries);
}

/* Workers that were started before one that could not be are drained again. */
static enum error start_workers(struct server *server)
{
	atomic_init(&server->running, server->worker_count);
	for (size_t i = 0; i < server->worker_count; i++) {
		if (worker_start(server->workers[i]) == OK)
			continue;
		for (size_t j = 0; j < i; j++)
			worker_drain(server->workers[j]);
		text_put_string(server->why, "can not start a thread");
		return ERROR_SYSTEM;
	}
	return OK;
}

static enum error open_administration(struct server *server)
{
	const struct server_view view = {
		.loop = server->loop,
		.log = &server->log,
		.inquiries = server->inquiries,
		.shared = &server->shared,
		.workers = server->workers,
		.worker_count = server->worker_count,
		.reload = &server->reload,
		.server = server,
		.setup = setup_of,
		.renewal = renewal_of,
		.is_draining = is_draining,
		.drain = end,
	};

	return administration_open(&server->administration, &view);
}

static void tell_ready(struct server *server)
{
	struct text sandbox;

	text_init(&sandbox, 256);
	lockdown_describe(&sandbox);
	log_begin(&server->log, LOG_TO_ERRORS, LOG_NOTICE, "ready");
	log_put_number(&server->log, "workers", server->worker_count);
	log_put_number(&server->log, "listeners", server->setup->listener_count);
	log_put_number(&server->log, "connections_max", atomic_load(&server->shared.connections_max));
	log_put(&server->log, "sandbox", text_span(&sandbox));
	log_end(&server->log);
	text_done(&sandbox);
}

static enum error start(struct server *server)
{
	int *sockets = NULL;
	enum error error = open_log(server);

	if (!error) {
		set_connection_limit(server);
		error = open_doors(server, &sockets);
	}
	if (!error)
		error = open_loop(server);
	if (!error) {
		open_reload(server);
		error = open_handshakes(server);
	}
	if (!error)
		error = open_workers(server, sockets);
	memory_free(sockets);
	if (!error)
		error = open_renewal(server, &server->renewal);
	if (!error)
		error = open_inquiries(server);
	if (!error)
		error = open_administration(server);
	if (!error)
		error = start_workers(server);
	return error;
}

static void close_server(struct server *server)
{
	for (size_t i = 0; i < server->worker_count; i++)
		worker_free(server->workers[i]);
	inquiries_free(server->inquiries);
	administration_close(&server->administration);
	/* What was counted since, the last words of the workers included. */
	if (server->shared.repeats)
		repeats_tell(server->shared.repeats, handshake_log_sum, &server->log);
	deadline_clear(&server->repeats_deadline);
	repeats_free(server->shared.repeats);
	half_open_free(server->shared.half_open);
	renewal_free(server->renewal);
	bindings_done(&server->bindings);
	loop_free(server->loop);
	lockdown_free(server->lockdown);
	administration_done(&server->administration);
	log_done(&server->log);
	reload_done(&server->reload);
	sinks_close(&server->shared.sinks, NULL);
	setup_unref(server->setup);
	memory_free(server);
}

enum error server_run(struct setup *setup, struct text *why)
{
	struct server *server = memory_new(1, sizeof(*server));

	if (!server) {
		setup_unref(setup);
		return ERROR_OUT_OF_MEMORY;
	}
	server->setup = setup;
	server->why = why;
	server->worker_count = count_workers(setup->config);
	bindings_init(&server->bindings, server->worker_count);
	log_init(&server->log, NULL, NULL, LOG_JSON);
	server->ended_post.on_post = on_all_ended;
	list_init(&server->ended_post.node);
	deadline_init(&server->drain_deadline, abort_sessions, server);
	deadline_init(&server->repeats_deadline, tell_repeats, server);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Habits of other proxies: until they do something here, they must not end it. */
	(void)signal(SIGUSR2, SIG_IGN);

	enum error error = start(server);

	if (!error) {
		tell_ready(server);
		loop_run(server->loop);
		log_message(&server->log, LOG_NOTICE, "stopped", "all connections have ended");
	} else if (why->size == 0) {
		text_put_string(why, error_words(error));
	}
	close_server(server);
	return error;
}
