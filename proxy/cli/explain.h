/*
 * `sallyport explain`: what a listener would negotiate with a client, or why it would not.
 */
#ifndef SALLYPORT_CLI_EXPLAIN_H
#define SALLYPORT_CLI_EXPLAIN_H

#include <stdbool.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "setup/setup.h"
#include "tls/ja4.h"
#include "tls/outlook.h"
#include "tls/profile.h"

/* Prints the table of clients, or tells on standard error what is wrong with the options; false
 * then, with the exit status. True: a setup is needed. */
bool explain_needs_setup(const struct options *options, enum exit_status *ret_status);

/* EXIT_CLEAN: the handshake would succeed, with --all each of them. EXIT_CONFIG: it would not. */
enum exit_status explain_print(struct setup *setup, const struct options *options);

/* --- Between explain*.c ---------------------------------------------------------------------- */

/* One client's. Borrows: the setup, the options' strings and the message. */
struct explanation {
	const struct setup_listener *listener;
	const struct tls_profile *profile; /* NULL: the hello is from a file */
	const char *file;                  /* NULL: from the table */
	unsigned record_version;           /* 0: the file has the message alone */
	char *message;                     /* owned: the ClientHello without record headers */
	bool has_fault;                    /* the hello breaks a rule: it is not read further */
	struct tls_fault fault;
	struct tls_hello hello;
	char ja4[TLS_JA4_SIZE]; /* empty with a fault */
	struct tls_outlook outlook;
};

enum { EXPLAIN_FILE_SIZE_MAX = 128 * 1024 };

/*
 * Reads a ClientHello: records as on the wire, the message alone, or either as hexadecimal digits
 * with white space and colons between. `path`: "-" is standard input. Sets message,
 * record_version and hello, or the fault in its place; otherwise `why` says what is wrong.
 */
bool explain_read_file(const char *path, struct explanation *explanation, struct text *why);
/* The same with bytes. */
bool explain_read_bytes(struct span bytes, struct explanation *explanation, struct text *why);

void explain_text_one(const struct explanation *explanation, struct text *text);
/* A line for one of many; the head before the first, the counts after the last. */
void explain_text_head(const struct setup_listener *listener, struct text *text);
void explain_text_row(const struct explanation *explanation, struct text *text);
void explain_text_counts(size_t count, size_t failing, struct text *text);
void explain_text_clients(struct text *text);

void explain_json_one(const struct explanation *explanation, struct text *text);
/* An element of the list of --all. */
void explain_json_row(const struct explanation *explanation, struct text *text);
void explain_json_clients(struct text *text);

#endif
