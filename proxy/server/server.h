/*
 * The running proxy: its sockets, its workers, its signals.
 *
 *   SIGTERM, SIGINT   stop: accept no more, let what runs end, at most `timeouts.drain`
 *   SIGQUIT           drain: the same without a time limit
 *   SIGINT during either stop: stop now
 *   SIGHUP            reload: see server/reload.h
 *   SIGUSR1           open the files of the log anew. SIGUSR2 is ignored.
 */
#ifndef SALLYPORT_SERVER_SERVER_H
#define SALLYPORT_SERVER_SERVER_H

#include "base/error.h"
#include "base/text.h"
#include "setup/setup.h"

/*
 * Takes over the caller's reference to the setup, which goes when a reload puts another one in its
 * place. Runs until it is told to stop. `why` says in a sentence what went wrong.
 * OK: stopped cleanly. ERROR_SYSTEM, ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL: could not run.
 */
MUST_CHECK enum error server_run(struct setup *setup, struct text *why);

#endif
