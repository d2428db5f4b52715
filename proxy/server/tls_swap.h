/*
 * The TLS side of a listener on its way to a worker, in place of the one of before.
 *
 * It is made on the server's thread, so that nothing can go wrong on the worker's, and so that all
 * workers get theirs or none.
 *
 * Owner: the server, until it is posted with worker_swap_tls(); then the worker.
 */
#ifndef SALLYPORT_SERVER_TLS_SWAP_H
#define SALLYPORT_SERVER_TLS_SWAP_H

#include <stddef.h>

#include "base/error.h"
#include "net/loop.h"
#include "setup/setup.h"
#include "tls/server.h"

struct worker;

struct tls_swap {
	struct post post;
	struct worker *worker;
	struct setup *setup; /* a reference: whose listener it is */
	size_t listener;
	struct tls_server *server; /* a reference; NULL: it is the worker's now */
};

/* ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL. */
MUST_CHECK enum error tls_swap_new(struct setup *setup, size_t listener,
                                   const struct tls_server_options *options,
                                   struct tls_swap **ret_swap);
/* NULL is allowed. */
void tls_swap_free(struct tls_swap *swap);
/* Puts it into the place of the one of before, on the worker's thread. */
void tls_swap_into(struct tls_swap *swap, struct tls_server **place);

#endif
