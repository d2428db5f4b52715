/*
 * The TLS policies of a configuration: the user's own, made of what the file says and of the
 * policies that they are based on, and the built-in ones beside them.
 *
 * Owner: the setup. Borrows: names, from the config. Threads: immutable once the setup is loaded.
 */
#ifndef SALLYPORT_SETUP_POLICIES_H
#define SALLYPORT_SETUP_POLICIES_H

#include <stddef.h>

#include "base/error.h"
#include "config/config.h"
#include "config/diagnostics.h"
#include "tls/policy.h"

struct setup_policies;

/*
 * Makes the policies of the file. Whatever is wrong with one goes to `diagnostics`, and it is then
 * not to be found. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error setup_policies_new(const struct config *config,
                                         struct diagnostics *diagnostics,
                                         struct setup_policies **ret_policies);
/* NULL is allowed. */
void setup_policies_free(struct setup_policies *policies);

/*
 * The one that a key names; NULL if there is none, which is told, unless it is one of the file's
 * that is wrong itself. `path`: of the key.
 */
const struct tls_policy *setup_policies_find(struct setup_policies *policies,
                                             const struct config_text *name, const char *path,
                                             struct diagnostics *diagnostics);

/* Warns of policies that nothing has looked for, and of weak choices in all (setup/lint.h). */
void setup_policies_review(const struct setup_policies *policies, struct diagnostics *diagnostics);

/* The user's own, in the order of the file; NULL at the end. */
const struct tls_policy *setup_policies_at(const struct setup_policies *policies, size_t index);

#endif
