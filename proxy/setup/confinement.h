/*
 * What a configuration lets the process do, for the sandbox: the files that it names, its ports,
 * its user.
 *
 * Owner: confinement_free(). Threads: immutable.
 */
#ifndef SALLYPORT_SETUP_CONFINEMENT_H
#define SALLYPORT_SETUP_CONFINEMENT_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "config/diagnostics.h"
#include "sandbox/login.h"

struct confinement;

/* What is wrong with `user` and `group` goes to `diagnostics`. */
void confinement_review(const struct config *config, struct diagnostics *diagnostics);

/* ERROR_OUT_OF_MEMORY, ERROR_NOT_FOUND (the user; `why` says it). */
MUST_CHECK enum error confinement_new(const struct config *config,
                                      struct confinement **ret_confinement, struct text *why);
/* NULL is allowed. */
void confinement_free(struct confinement *confinement);

/* A unix socket that the process has bound, and will remove. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error confinement_add_socket(struct confinement *confinement, const char *path);

/* Whom the process is to become; NULL: nobody else. */
const struct login *confinement_user(const struct confinement *confinement);

/* Enters the sandbox: see sandbox_enter(), also for `why`. */
MUST_CHECK enum error confinement_enter(const struct confinement *confinement, struct text *why);

/*
 * For a configuration that is to take the place of the one that `confinement` was made of: what it
 * needs beyond that, which only a restart can give, goes to `diagnostics` as errors, each with its
 * place. Nothing, if no sandbox is in force. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error confinement_check(const struct confinement *confinement,
                                        const struct config *config,
                                        struct diagnostics *diagnostics);

/* Calls back for each file that was named, and that the process can not open any more for lack of
 * rights, now that it has another user: it will not see a new one. */
void confinement_find_unreadable(const struct config *config,
                                 void (*on_file)(void *owner, const char *path), void *owner);

#endif
