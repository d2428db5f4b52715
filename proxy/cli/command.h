/*
 * The table of commands: what runs them, and what is told of them by --help, by the manual page
 * and to shells.
 */
#ifndef SALLYPORT_CLI_COMMAND_H
#define SALLYPORT_CLI_COMMAND_H

#include <stddef.h>

#include "cli/cli.h"
#include "cli/options.h"

struct command {
	const char *name;
	const char *alias; /* NULL: none */
	unsigned options;  /* a combination of enum option_bit */
	enum exit_status (*run)(const struct options *options);
	const char *summary;
	const char *details; /* whole lines, or "" */
};

struct command_table {
	const struct command *rows;
	size_t count;
};

struct command_table command_table(void);

#endif
