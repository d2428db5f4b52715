/*
 * The admin interface of the running proxy: its socket, its pages, and what they need to know.
 *
 * The pages are a table in administration.c; what they say is in the page_*.c. What workers know is
 * asked by server/inquiry.h. Nothing here waits: a page whose answer takes time answers later.
 *
 * Owner: the server. Threads: the main thread.
 */
#ifndef SALLYPORT_SERVER_ADMINISTRATION_H
#define SALLYPORT_SERVER_ADMINISTRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/page.h"
#include "admin/service.h"
#include "admin/socket.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "server/inquiry.h"
#include "server/reload.h"
#include "server/worker.h"

struct renewal;

/* What the pages see of the server, and what they may ask of it. Borrows: all. */
struct server_view {
	struct loop *loop;
	struct log *log;
	struct inquiries *inquiries;
	const struct worker_shared *shared;
	struct worker *const *workers;
	struct reload *reload;
	size_t worker_count;
	void *server;
	struct setup *(*setup)(void *server);           /* the one that new connections get */
	const struct renewal *(*renewal)(void *server); /* may give NULL */
	bool (*is_draining)(void *server);
	/* As SIGTERM (`has_limit`), or as SIGQUIT. */
	void (*drain)(void *server, bool has_limit);
};

struct process_metrics;
struct readiness;
struct renewal;

struct administration {
	struct server_view view;
	uint64_t started_us; /* clock_now_us() */
	uint64_t started_wall_us;
	struct budget budget;
	struct pool pool;
	struct admin_socket socket; /* fd -1: there is none */
	struct service *service;    /* NULL: there is none */
	struct readiness *readiness;
	struct process_metrics *process;
};

/*
 * Binds its socket as the setup says. Without one that anybody asked for, it is told as a warning
 * that there is none, and why; then it goes without. `why` says what is wrong.
 * ERROR_SYSTEM: the address that the file names can not be had. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error administration_bind(struct administration *administration,
                                          const struct setup *setup, struct log *log,
                                          struct text *why);
/* Where it listens; NULL: nowhere. */
const struct address *administration_address(const struct administration *administration);
/* Begins to serve on it. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error administration_open(struct administration *administration,
                                          const struct server_view *view);
/* After a reload: the limits are those of the new setup. Its socket stays where it is. */
void administration_update(struct administration *administration, const struct config *before);
/* Closes socket and connections; the inquiries of the view must be gone. */
void administration_close(struct administration *administration);
/* After the loop has run down, or if it was never opened. Zeroed, too. */
void administration_done(struct administration *administration);

/* For the pages. */

static inline struct administration *administration_of(const struct admin_ask *ask)
{
	return ask->owner;
}

/* The setup of now, and its configuration. */
struct setup *administration_setup(const struct administration *administration);
const struct config *administration_config(const struct administration *administration);
/*
 * Puts a question to all workers whose answers `events->on_done` turns into the answer to the ask,
 * its owner. If it can not be put, the ask is answered with that.
 */
void administration_ask_workers(struct admin_ask *ask, const struct inquiry_events *events,
                                void *question);

#endif
