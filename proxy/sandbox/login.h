/*
 * The user that the process becomes when it has opened what only root can: with its groups, and
 * for good.
 *
 * Owner: a value; copy it freely.
 */
#ifndef SALLYPORT_SANDBOX_LOGIN_H
#define SALLYPORT_SANDBOX_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

enum { LOGIN_GROUPS_MAX = 64 };

struct login {
	uid_t id;
	gid_t group;
	gid_t groups[LOGIN_GROUPS_MAX]; /* all of them, `group` too */
	size_t group_count;
};

/*
 * Looks a user up: names, or numbers. `group` may be NULL: the user's own, and those that he is
 * in; with one, only that. ERROR_NOT_FOUND: `why` says what there is not. ERROR_TOO_LARGE: he is in
 * more than LOGIN_GROUPS_MAX groups.
 */
MUST_CHECK enum error login_find(const char *name, const char *group, struct login *ret_login,
                                 struct text *why);
/*
 * Becomes the user, and makes sure that there is no way back. Only one thread may be there. Without
 * the right to, it is enough to be the user already. ERROR_SYSTEM: `why` says what went wrong; the
 * process must not go on.
 */
MUST_CHECK enum error login_become(const struct login *user, struct text *why);

#endif
