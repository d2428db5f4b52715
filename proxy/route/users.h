/*
 * Who may use a route with a password: names and hashes, from the configuration and from a file.
 *
 * The file has a line NAME:HASH for each, as htpasswd(1) writes it; empty lines and lines that
 * begin with `#` are passed over, and so is what stands after another colon.
 *
 * Owner: users_free(). Threads: immutable, shared.
 */
#ifndef SALLYPORT_ROUTE_USERS_H
#define SALLYPORT_ROUTE_USERS_H

#include <stddef.h>

#include "base/error.h"
#include "base/span.h"
#include "config/config_route.h"

enum { USERS_MAX = 10000 };

struct users;

struct user {
	struct span name;
	struct span hash; /* without a problem, see password/password.h */
};

/*
 * Both sources; a name in the configuration comes before the same one in the file. `file`: its
 * content; empty: none. What is wrong is reported: for the file at its key, with the number of the
 * line. `path`: of the keys, such as `routes[0].basic_auth`. Then there may be users, too.
 * ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error users_new(const struct config_basic_auth *config, struct span file,
                                const char *path, struct diagnostics *diagnostics,
                                struct users **ret_users);
/* NULL is allowed. */
void users_free(struct users *users);

/* The user of this name, or NULL. */
const struct user *users_find(const struct users *users, struct span name);
/* Any user, for work that is to take as long for a name that there is not. */
const struct user *users_any(const struct users *users);

#endif
