/*
 * The filter of system calls (seccomp(2), by libseccomp): what is not on the list is refused.
 *
 *   - What only an attacker would call ends the process: programs, other processes' memory,
 *     mounts, modules, namespaces.
 *   - What is not known gets ENOSYS, so that a newer libc goes another way.
 *   - Threads, but no processes. Memory is never both written and executed.
 *   - Sockets are TCP; with look-ups UDP and netlink too; unix ones only if the configuration has
 *     any. No TCP Fast Open and no other transport, for Landlock sees neither.
 *
 * A build with sanitizers may also do what they need at the end: start a process, trace.
 *
 * Threads: holds for all threads of the process.
 */
#ifndef SALLYPORT_SANDBOX_SYSCALLS_H
#define SALLYPORT_SANDBOX_SYSCALLS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/permits.h"

/* True if the kernel takes filters, from us. */
bool syscalls_can_be_filtered(void);
/* Needs no_new_privs. For good. ERROR_SYSTEM: `why` says what the kernel refused. */
MUST_CHECK enum error syscalls_filter(const struct permits *permits, struct text *why);

/* Version of libseccomp at run time. */
const char *syscalls_library_version(void);

#endif
