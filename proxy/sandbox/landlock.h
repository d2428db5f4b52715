/*
 * Landlock (landlock(7)): the kernel refuses all files and TCP ports but those of the permits, and
 * signals and abstract sockets to whoever is outside.
 *
 * What there is depends on the kernel's ABI; what an older one lacks is left out:
 *
 *   1  files and folders       2  moving them between folders     3  truncating
 *   4  TCP ports               5  commands to devices             6  signals, abstract sockets
 *
 * It does not know of UDP, nor of unix sockets with a path: of those, the rights of files decide
 * who may connect.
 *
 * Threads: holds for the calling thread and all that it starts from then on.
 */
#ifndef SALLYPORT_SANDBOX_LANDLOCK_H
#define SALLYPORT_SANDBOX_LANDLOCK_H

#include "base/error.h"
#include "base/text.h"
#include "sandbox/permits.h"

enum {
	LANDLOCK_ABI_PORTS = 4,
	LANDLOCK_ABI_SCOPES = 6,
};

/* What the kernel has; 0: nothing, it is switched off, or whoever confines us refuses it. */
int landlock_abi(void);
/*
 * Needs no_new_privs. For good. ERROR_SYSTEM: `why` says what the kernel refused, and nothing is
 * in force.
 */
MUST_CHECK enum error landlock_enter(const struct permits *permits, struct text *why);

#endif
