/*
 * The options that follow a command. Each command takes some of them.
 */
#ifndef SALLYPORT_CLI_OPTIONS_H
#define SALLYPORT_CLI_OPTIONS_H

#include <stdbool.h>

enum option_bit {
	OPTION_CONFIG = 1, /* -c, --config FILE */
	OPTION_JSON = 2,   /* --json */
	OPTION_STRICT = 4, /* --strict */
	OPTION_NAME = 8,   /* NAME: an argument that may be missing */
};

struct options {
	const char *config;
	const char *name; /* NULL: not given */
	bool json;
	bool strict;
	bool help; /* -h, --help: with every command */
};

/*
 * Reads argv[1] to the end; argv[0] is the command's name. `taken`: a combination of enum
 * option_bit. Tells on standard error what is wrong; returns false then.
 */
bool options_read(int argc, char **argv, unsigned taken, struct options *ret_options);

/* The lines of a usage text for these options. */
void options_print(unsigned taken);

#endif
