/*
 * Commands that ask a running proxy: `status`, `reload`, `healthcheck`. They find its admin
 * interface as `run` does: by --admin, else by the configuration, else at the places that are tried
 * without one.
 *
 * None needs the configuration to be without mistakes, nor the files that it names.
 */
#ifndef SALLYPORT_CLI_ASK_H
#define SALLYPORT_CLI_ASK_H

#include "cli/cli.h"
#include "cli/options.h"

/* Prints the essentials. EXIT_CANNOT_RUN: no proxy answers. */
enum exit_status ask_status(const struct options *options);
/* Lets it read its configuration again. EXIT_CLEAN: it has. EXIT_CONFIG: the file is wrong, as
 * told, and everything stays as it is. EXIT_CANNOT_RUN: it could not, or no proxy answers. */
enum exit_status ask_reload(const struct options *options);
/* One line. EXIT_CLEAN: it is ready, or with --live, it lives. EXIT_CONFIG (1): not, or it does not
 * answer. */
enum exit_status ask_health(const struct options *options);

#endif
