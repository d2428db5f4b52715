/*
 * From the running setup to another one, while the workers go on.
 *
 *      IDLE ─▶ LOADING ─▶ PREPARING ─▶ SWAPPING ─▶ IDLE
 *                 │           └─▶ ABANDONING ──▶ IDLE
 *                 └─▶ IDLE
 *
 * The file is loaded and checked wholly on another thread; then new addresses are bound, new logs
 * opened, and each worker prepares; only when all that has worked do the workers swap. Whatever
 * goes wrong before leaves everything as it is; the error log and those who asked are told.
 *
 * Who asks while a reload goes on is answered by one more that begins afterwards, however many ask:
 * the file may have changed since.
 *
 * Owner: the server. Threads: the server's own, but for reload_note_step().
 */
#ifndef SALLYPORT_SERVER_RELOAD_H
#define SALLYPORT_SERVER_RELOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "base/text.h"
#include "config/diagnostics.h"
#include "net/loop.h"
#include "server/bindings.h"
#include "server/sinks.h"
#include "server/worker.h"
#include "setup/setup.h"

enum reload_state {
	RELOAD_IDLE,
	RELOAD_LOADING,
	RELOAD_PREPARING,
	RELOAD_SWAPPING,
	RELOAD_ABANDONING,
	RELOAD_STATE_COUNT
};

/* How it went. Borrows: all, during the call. */
struct reload_answer {
	enum error error; /* OK: new connections have the new setup. ERROR_CONFIG: the file is wrong. */
	struct span words; /* one sentence: what is in use now, or why not */
	/* What is wrong with the file, or could be better; NULL: it was not read. */
	struct diagnostics *diagnostics;
};

/* Owner: who asks, until it is answered or taken back. */
struct reload_request {
	struct list node;
	/* The request is its owner's again. */
	void (*on_answer)(struct reload_request *request, const struct reload_answer *answer);
};

struct reload_options {
	struct loop *loop;
	struct log *log;
	struct worker_shared *shared;
	struct worker **workers;
	size_t worker_count;
	struct bindings *bindings;
	/* Whether this process can do what a setup asks for: if not, that goes to `diagnostics`. */
	enum error (*may_take)(void *owner, const struct setup *setup, struct diagnostics *diagnostics);
	/* A reload begins; it is over, well or not. For whoever watches from outside. */
	void (*on_begin)(void *owner);
	void (*on_end)(void *owner);
	/* All workers have the new setup; the caller owns the reference that the server had for
	 * `before`. */
	void (*on_swapped)(void *owner, struct setup *setup, struct setup *before);
	void *owner;
};

struct loading;

struct reload {
	struct reload_options with; /* Borrows: all */
	enum reload_state state;
	bool is_wanted; /* one more, when this one is over */
	bool is_stopped;
	struct list asking;      /* requests that this one answers */
	struct list later;       /* requests that one more answers */
	struct loading *loading; /* Owner: this, or its job while it runs; NULL: none */
	struct setup *setup;     /* the running one, while another is in shared->setup */
	struct sinks sinks;      /* likewise */
	int *sockets;            /* of the workers, one for each listener of the new setup */
	struct text why;
	enum error error;
	atomic_size_t missing; /* workers that have not done their step */
	atomic_uint step_error;
	struct post step_post;
};

void reload_init(struct reload *reload, const struct reload_options *options);
/* After the workers are gone. Zeroed is allowed. */
void reload_done(struct reload *reload);

/* Asks for one; NULL: nobody waits for the answer, which is in the log anyway. */
void reload_ask(struct reload *reload, struct reload_request *request);
/* Takes a request back. */
void reload_forget(struct reload_request *request);
/* The proxy is stopping: what has begun is given up, and there will be no more. */
void reload_stop(struct reload *reload);

/* For shared->on_worker_stepped(): on any thread. */
void reload_note_step(struct reload *reload, enum error error);

#endif
