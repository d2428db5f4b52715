/*
 * `sallyport policies [NAME [--diff OTHER]] [-c FILE]`: the TLS policies that there are, as text.
 */
#ifndef SALLYPORT_CLI_POLICIES_H
#define SALLYPORT_CLI_POLICIES_H

#include <stdbool.h>

#include "base/text.h"
#include "setup/policies.h"

/* What is asked for. Borrows: all. */
struct policies_question {
	const struct setup_policies *own; /* of a file; NULL: the built-in ones only */
	const char *name;                 /* NULL: all of them, a line for each */
	const char *other;                /* with a name: what is different in this one; or NULL */
};

/* Adds the answer. False if there is no policy of one of the names: `text` then says so, with the
 * nearest name. */
bool policies_print(const struct policies_question *question, struct text *text);

#endif
