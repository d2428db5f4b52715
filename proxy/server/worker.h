/*
 * One thread with its loop, its listeners and its sessions. Workers share nothing but the setup,
 * the memory budget, a counter of connections and the sinks of the log.
 *
 * What belongs to one setup is a generation (server/generation.h): the current one gets the new
 * sessions, older ones live until their last session has closed. To go over to another setup takes
 * two steps, so that it happens on all workers or on none: each prepares, and only if all could do
 * that, each swaps.
 *
 * Owner: the server. Threads: worker_new() and worker_free() from the server's thread; the rest of
 * it belongs to its own, which is reached by posts only.
 */
#ifndef SALLYPORT_SERVER_WORKER_H
#define SALLYPORT_SERVER_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "base/pool.h"
#include "metrics/series.h"
#include "server/sinks.h"
#include "setup/setup.h"

struct failures;
struct loop;
struct tls_swap;
struct services;
struct worker;

/* What all workers share. Owner: the server. */
struct worker_shared {
	/* The newest, and the sinks that go with it: what a worker prepares for. They change only while
	 * no worker prepares or swaps. */
	struct setup *setup;
	struct sinks sinks;
	struct budget budget;
	atomic_size_t connections;
	atomic_size_t connections_max;
	struct half_open *half_open; /* Owner: the server */
	struct repeats *repeats;     /* Owner: the server; NULL: nothing is summed up */
	atomic_bool backends_told;   /* a worker tells of names that do not resolve; one is enough */
	/* Both on the worker's thread: a step is done, or could not be; its loop has run for the last
	 * time. */
	void (*on_worker_stepped)(void *owner, enum error error);
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

/*
 * The steps to shared->setup, from the server's thread; the next one only when on_worker_stepped()
 * has been called for the one before, which only preparing can call with an error. A worker that
 * drains meanwhile gives up what was prepared, and may not call any more.
 */
enum worker_step {
	/* A generation is made, and a door for each socket that the worker does not have yet, through
	 * which nobody is let in so far. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM, ERROR_TLS_INTERNAL. */
	WORKER_PREPARE,
	/* New connections get the setup; doors that it does not have refuse and are closed. */
	WORKER_SWAP,
	/* What was prepared, if anything was, is given up. */
	WORKER_ABANDON,
};

/* `sockets`: to prepare, one for each listener of the setup (borrowed); else NULL. */
void worker_step(struct worker *worker, enum worker_step step, const int *sockets);

/*
 * Prepares other certificates for a listener of the setup, from the server's thread. The caller
 * owns the swap until it is given to worker_swap_tls(). ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error worker_prepare_tls(struct worker *worker, struct setup *setup,
                                         size_t listener, struct tls_sites *sites,
                                         struct tls_swap **ret_swap);
/* New connections get them from now on, unless another setup has come meanwhile. */
void worker_swap_tls(struct worker *worker, struct tls_swap *swap);

/* From any thread: accept no more, end when the last session has. */
void worker_drain(struct worker *worker);
/* From any thread, after worker_drain(): close all sessions now. */
void worker_abort(struct worker *worker);
/* From any thread: its loop has run for the last time, and its thread touches it no more. */
bool worker_has_ended(struct worker *worker);
/* On the worker's thread, or once it has ended: what it has counted so far, and how things are with
 * it now. Owner: the caller. NULL: memory is used up. */
struct series_table *worker_metrics(struct worker *worker);
/* Waits for the thread, if it was started, and frees. NULL is allowed. */
void worker_free(struct worker *worker);

#endif
