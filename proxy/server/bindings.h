/*
 * The listening sockets of the process: for each address of the setup one for each worker.
 *
 * A reload binds what is new before anything else changes, keeps the sockets of addresses that
 * stay, with all that waits in their queues, and closes the others once no worker has them.
 *
 * Owner: the server. Threads: the server's own; the workers borrow the sockets.
 */
#ifndef SALLYPORT_SERVER_BINDINGS_H
#define SALLYPORT_SERVER_BINDINGS_H

#include <stddef.h>

#include "base/error.h"
#include "base/list.h"
#include "base/text.h"
#include "setup/setup.h"

struct bindings {
	struct list all;
	size_t worker_count;
};

void bindings_init(struct bindings *bindings, size_t worker_count);
/* Closes all. No worker may have them any more. */
void bindings_done(struct bindings *bindings);

/*
 * Binds the addresses of the setup that are not bound yet. The result has the sockets of worker 0,
 * one for each listener, then those of worker 1, and so on. Owner of the array: the caller, with
 * memory_free(). `why` says what is wrong; nothing has changed then.
 * ERROR_SYSTEM, ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error bindings_open(struct bindings *bindings, const struct setup *setup,
                                    int **ret_sockets, struct text *why);
/* Closes the sockets of all addresses that the setup does not have. */
void bindings_keep(struct bindings *bindings, const struct setup *setup);

#endif
