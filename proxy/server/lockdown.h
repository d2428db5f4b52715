/*
 * The running proxy enters its sandbox (setup/confinement.h) and tells what is missing.
 *
 * Owner: the server. Threads: the main one.
 */
#ifndef SALLYPORT_SERVER_LOCKDOWN_H
#define SALLYPORT_SERVER_LOCKDOWN_H

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "config/diagnostics.h"

struct lockdown;

/*
 * `admin`: where the admin interface listens; NULL: it is off.
 * When all that needs rights is open, and before there is a second thread. Files of the log go to
 * the user that the process becomes. What the kernel lacks, and which files that user can not open
 * again, is told to the log. `admin_socket`: the path of one that was bound besides those of the
 * configuration; NULL: none. `why` says what went wrong.
 * ERROR_OUT_OF_MEMORY, ERROR_NOT_FOUND, ERROR_SYSTEM: the process must not go on.
 */
MUST_CHECK enum error lockdown_new(const struct config *config, const struct address *admin,
                                   struct log_sink *const sinks[LOG_STREAM_COUNT], struct log *log,
                                   struct lockdown **ret_lockdown, struct text *why);
/* There is no way out of the sandbox. NULL is allowed. */
void lockdown_free(struct lockdown *lockdown);

/* What is in force, in words: for the log and /readyz. */
void lockdown_describe(struct text *text);

/*
 * Before another configuration takes the place of the first: what it needs and the sandbox does
 * not have goes to `diagnostics` as errors, each with its place. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error lockdown_check(const struct lockdown *lockdown, const struct config *config,
                                     struct diagnostics *diagnostics);

#endif
