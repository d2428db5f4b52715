/*
 * One thread with its loop, its listeners and its sessions. Workers share nothing but the setup,
 * the memory budget, a counter of connections and the sinks of the log.
 *
 * Owner: the server. Threads: worker_new() and worker_free() from the server's thread; the rest of
 * it belongs to its own, which is reached by posts only.
 */
#ifndef SALLYPORT_SERVER_WORKER_H
#define SALLYPORT_SERVER_WORKER_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "base/pool.h"
#include "setup/setup.h"

struct failures;
struct loop;
struct services;
struct worker;

/* What all workers share. Owner: the server. */
struct worker_shared {
	struct setup *setup;
	struct budget budget;
	atomic_size_t connections;
	size_t connections_max;
	struct half_open *half_open; /* Owner: the server */
	struct repeats *repeats;     /* Owner: the server; NULL: nothing is summed up */
	struct log_sink *sinks[LOG_STREAM_COUNT];
	atomic_bool backends_told; /* a worker tells of names that do not resolve; one is enough */
	/* Called on the worker's thread when its loop has run for the last time. */
	void (*on_worker_ended)(void *owner, size_t index);
	void *owner;
};

/*
 * Prepares a worker that accepts on `sockets`, one for each listener of the setup (borrowed).
 * `index`: its number, from 0. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error worker_new(struct worker_shared *shared, size_t index, const int *sockets,
                                 struct worker **ret_worker);
/* For what is put to its thread by posts. */
struct loop *worker_loop(const struct worker *worker);
/*
 * On its own thread only, for what it tells of itself: the services of each setup that it has, the
 * one that gets new sessions first; NULL: there are no more.
 */
struct services *worker_services(struct worker *worker, size_t index);
struct log *worker_log(struct worker *worker);
struct failures *worker_failures(struct worker *worker);
/* Starts the thread. ERROR_SYSTEM. */
MUST_CHECK enum error worker_start(struct worker *worker);
/* From any thread: accept no more, end when the last session has. */
void worker_drain(struct worker *worker);
/* From any thread, after worker_drain(): close all sessions now. */
void worker_abort(struct worker *worker);
/* Waits for the thread, if it was started, and frees. NULL is allowed. */
void worker_free(struct worker *worker);

#endif
