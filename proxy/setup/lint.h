/*
 * What a policy of the user's own has that is weaker than Mozilla's guideline 6.0, or otherwise
 * unlike it: told in words, with a grade.
 *
 *   weak    a warning: something that the guideline's "intermediate" forbids or demands
 *   notice  a deviation with a price, but no weakness
 */
#ifndef SALLYPORT_SETUP_LINT_H
#define SALLYPORT_SETUP_LINT_H

#include "config/config.h"
#include "config/diagnostics.h"
#include "tls/policy.h"

/* Tells what the policy has and its base has not: the base answers for itself. */
void setup_lint(const struct tls_policy *policy, const struct tls_policy *base,
                const struct config_policy *config, struct diagnostics *diagnostics);

#endif
