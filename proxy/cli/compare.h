/*
 * `sallyport check --diff OTHER`: what a reload from one configuration to another would change.
 */
#ifndef SALLYPORT_CLI_COMPARE_H
#define SALLYPORT_CLI_COMPARE_H

#include "cli/cli.h"
#include "cli/options.h"

/*
 * Checks options->config and options->other wholly, and prints the differences to standard output.
 * What is wrong with either goes where `check` puts it. Needs tls_library_open(). EXIT_CLEAN, also
 * if nothing is different; EXIT_CONFIG, EXIT_CANNOT_RUN.
 */
enum exit_status compare_print(const struct options *options);

#endif
