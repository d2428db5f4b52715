/*
 * What the kernel lets a process do beyond its user's rights (capabilities(7)), given up for good.
 *
 * Threads: only one may be there.
 */
#ifndef SALLYPORT_SANDBOX_PRIVILEGES_H
#define SALLYPORT_SANDBOX_PRIVILEGES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* Before the user changes: what no program that is started could have any more. As far as we may;
 * for whoever may not, no_new_privs comes to the same. */
void privileges_bound(void);
/*
 * After it: no capability is left in any set, no program that is started gets more than we have
 * (no_new_privs), and, unless `core_dumps`, no other process of the same user can look into this
 * one, nor does it leave a core dump. ERROR_SYSTEM: `why` says what is left; the process must not
 * go on.
 */
MUST_CHECK enum error privileges_drop(bool core_dumps, struct text *why);

/* What is so now. */
bool privileges_has_capabilities(void);
bool privileges_can_be_gained(void);
bool privileges_is_dumpable(void);

#endif
