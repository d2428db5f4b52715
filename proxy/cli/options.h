/*
 * The options that follow a command. Each command takes some of them.
 */
#ifndef SALLYPORT_CLI_OPTIONS_H
#define SALLYPORT_CLI_OPTIONS_H

#include <stdbool.h>

enum option_bit {
	OPTION_CONFIG = 1,   /* -c, --config FILE */
	OPTION_JSON = 2,     /* --json */
	OPTION_STRICT = 4,   /* --strict */
	OPTION_NAME = 8,     /* NAME: an argument that may be missing */
	OPTION_DIFF = 16,    /* --diff OTHER */
	OPTION_OWN = 32,     /* -c, --config FILE; without it no file is read */
	OPTION_ADMIN = 128,  /* --admin ADDRESS */
	OPTION_HEALTH = 256, /* --live, --ready */
	OPTION_CLIENT = 64,  /* --name, --listener, and which client: for explain */
};

struct options {
	const char *config;
	bool has_config;
	const char *name;         /* NULL: not given */
	const char *other;        /* --diff; NULL: not given */
	const char *server_name;  /* --name; NULL: not given */
	const char *listener;     /* --listener */
	const char *client;       /* --client */
	const char *client_hello; /* --client-hello */
	bool all;                 /* --all */
	bool clients;             /* --clients */
	const char *admin;        /* --admin; NULL: not given */
	bool live;                /* --live */
	bool json;
	bool strict;
	bool help; /* -h, --help: with every command */
};

/*
 * Reads argv[1] to the end; argv[0] is what errors begin with. `taken`: a combination of enum
 * option_bit. Tells on standard error what is wrong; returns false then.
 */
bool options_read(int argc, char **argv, unsigned taken, struct options *ret_options);

/* Calls `each` with the usage of these options, such as `    --json    for programs: …`: what is
 * typed, two spaces or more, words. */
void options_each(unsigned taken, void (*each)(const char *usage, void *owner), void *owner);
/* The lines of a usage text for these options. */
void options_print(unsigned taken);

#endif
