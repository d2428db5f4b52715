/*
 * `sallyport sandbox`: enters the very sandbox of `run`, and tries what it must refuse.
 *
 * Each attempt has a process of its own, which enters the sandbox and does one thing; what would
 * come of it without a sandbox is harmless.
 */
#ifndef SALLYPORT_CLI_SANDBOX_TRIAL_H
#define SALLYPORT_CLI_SANDBOX_TRIAL_H

#include "cli/cli.h"
#include "cli/options.h"
#include "setup/setup.h"

/* EXIT_CLEAN: all were refused. EXIT_CANNOT_RUN: one was not, or the sandbox can not be entered. */
enum exit_status sandbox_trial_print(struct setup *setup, const struct options *options);

#endif
