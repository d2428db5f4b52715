/*
 * The rules of all routes, with the contents of the files that they name: pages and bodies.
 *
 * Limits: a file has at most FILE_SIZE_MAX bytes, all pages together limits.page_files.
 *
 * Owner: the setup. Threads: see route/rules.h.
 */
#ifndef SALLYPORT_SETUP_RULES_H
#define SALLYPORT_SETUP_RULES_H

#include <stddef.h>

#include "base/arena.h"
#include "config/config.h"
#include "route/rules.h"
#include "route/tally.h"

struct setup_rules {
	struct rules **of; /* of each route, by its index; NULL: it has none */
	size_t count;
	struct page *pages; /* of all routes that have none of their own */
	size_t page_count;
	struct arena arena;            /* contents of files */
	size_t content_left;           /* of limits.page_files */
	struct tally *password_checks; /* a reference: under way, of all workers */
};

/*
 * Reports what can not be read, and what can not be done, with its place in the file. Call
 * setup_rules_done() after any result. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error setup_rules_load(const struct config *config, struct diagnostics *diagnostics,
                                       struct setup_rules *rules);
/* See setup_inherit(). */
void setup_rules_inherit(struct setup_rules *rules, const struct setup_rules *before);
void setup_rules_done(struct setup_rules *rules);

#endif
