/*
 * What is different between two configurations, key by key: what a reload from one to the other
 * would change.
 *
 * It follows the tables of the schema, so that no key is forgotten. Items of maps are told apart by
 * their names, those of lists by what identifies them: the address of a listener or backend, host
 * and path of a route, the chain of a certificate. The order does not matter, where the
 * configuration does not say that it does. A default that is written down is no difference.
 *
 * Pure: the files that the configurations name are not looked at.
 */
#ifndef SALLYPORT_CONFIG_DIFF_H
#define SALLYPORT_CONFIG_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "config/config.h"
#include "config/diagnostics.h"

enum config_change_kind { CONFIG_ADDED, CONFIG_REMOVED, CONFIG_CHANGED, CONFIG_CHANGE_KIND_COUNT };

struct config_change {
	enum config_change_kind kind;
	struct span path;   /* such as `clusters.app.backends[127.0.0.1:8080]` */
	struct place place; /* of what was removed, in the file before, else in the one after */
	struct span before; /* the values, if they can be told in a line; else empty */
	struct span after;
	bool needs_restart; /* a reload does not bring it about */
};

/* One side. `source`: the text of its file, for places; empty: there are none. Borrows: all. */
struct config_version {
	struct span name; /* of the file */
	const struct config *config;
	struct span source;
};

struct config_diff {
	struct config_version before;
	struct config_version after;
	struct config_change *changes; /* in the order of the schema */
	size_t count;
	size_t capacity;
	struct arena arena;
};

/* Call config_diff_done() after any result. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error config_diff_make(const struct config_version *before,
                                       const struct config_version *after,
                                       struct config_diff *ret_diff);
void config_diff_done(struct config_diff *diff);

/*
 * For people, a line for each change and one for all:
 *
 *     new.yaml:12:5: changed: clusters.app.timeouts.connect: 3s, before 1s
 */
void config_diff_print(const struct config_diff *diff, struct text *out);
/*
 * For programs: one JSON object and a line end.
 *
 *     {"before":FILE,"after":FILE,"changes":[{"change":"changed","path":…,"file":…,"line":…,
 *      "column":…,"before":…,"after":…,"needs_restart":false}]}
 *
 * `before` and `after` of a change are null where there is nothing to tell in a line.
 */
void config_diff_print_json(const struct config_diff *diff, struct text *out);

#endif
