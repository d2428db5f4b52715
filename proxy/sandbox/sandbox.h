/*
 * The process's own confinement, entered once: user, privileges, Landlock and the filter of system
 * calls, in the order in which each still has the rights that it needs. There is no way out.
 *
 * Entered when all that needs rights is open, and before there is a second thread: what each
 * thread gets, it gets from the one that starts it.
 *
 * Threads: the first one, alone. What is in force does not change then, and any may ask for it.
 */
#ifndef SALLYPORT_SANDBOX_SANDBOX_H
#define SALLYPORT_SANDBOX_SANDBOX_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/login.h"
#include "sandbox/permits.h"

enum sandbox_mode {
	SANDBOX_AUTO,     /* what the kernel has */
	SANDBOX_REQUIRED, /* or do not run */
	SANDBOX_OFF,      /* nothing but the user */
};

struct sandbox_options {
	enum sandbox_mode mode;
	bool landlock; /* with Landlock */
	bool seccomp;  /* with the filter of system calls */
	bool core_dumps;
	const struct login *user; /* NULL: as it is */
};

struct sandbox_report {
	bool is_entered;
	uid_t user;
	gid_t group;
	bool has_capabilities;
	bool can_gain_privileges;
	bool is_dumpable;
	int landlock_abi; /* 0: not in force */
	bool filters_syscalls;
};

/* What the program itself needs, whatever it is for; with a sanitizer that is more.
 * ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error sandbox_permit_own(struct permits *permits);

/*
 * ERROR_SYSTEM: `why` says what could not be, and the process must not go on: the user or the
 * privileges, or with SANDBOX_REQUIRED any part of it. With SANDBOX_AUTO `why` says what the
 * kernel lacks though it was asked for; it is empty if there is nothing of the kind.
 */
MUST_CHECK enum error sandbox_enter(const struct sandbox_options *options,
                                    const struct permits *permits, struct text *why);

/* What is in force. Before it is entered: what the process came with. */
struct sandbox_report sandbox_in_force(void);
bool sandbox_confines_ports(const struct sandbox_report *report);
/* The same in words: `user 33, no capabilities, …`. */
void sandbox_describe(const struct sandbox_report *report, struct text *text);
/* What this machine has, for `sallyport version`: the parts and the library. */
void sandbox_describe_machine(struct text *text);

#endif
