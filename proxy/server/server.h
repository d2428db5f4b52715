/*
 * The running proxy: its sockets, its workers, its signals.
 *
 *   SIGTERM, SIGINT   stop: accept no more, let what runs end, at most `timeouts.drain`
 *   SIGQUIT           drain: the same without a time limit
 *   SIGUSR1           open the files of the log anew
 *   SIGINT during either stop: stop now. SIGHUP and SIGUSR2 are ignored.
 */
#ifndef SALLYPORT_SERVER_SERVER_H
#define SALLYPORT_SERVER_SERVER_H

#include "base/error.h"
#include "base/text.h"
#include "setup/setup.h"

/*
 * Runs until it is told to stop. `why` says in a sentence what went wrong.
 * OK: stopped cleanly. ERROR_SYSTEM, ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL: could not run.
 */
MUST_CHECK enum error server_run(struct setup *setup, struct text *why);

#endif
