#include "sandbox/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/sanitizers.h"

enum { CAPABILITIES_MAX = 64, WORDS = _LINUX_CAPABILITY_U32S_3 };

void privileges_bound(void)
{
	/* A root that is nothing but a user, and no way to make it more again. */
	static const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
	                                  SECBIT_NO_CAP_AMBIENT_RAISE |
	                                  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED | SECBIT_KEEP_CAPS_LOCKED;

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (unsigned long i = 0; i < CAPABILITIES_MAX; i++)
		(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	(void)prctl(PR_SET_SECUREBITS, bits, 0, 0, 0);
}

bool privileges_has_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[WORDS] = {0};

	if (syscall(SYS_capget, &header, sets) < 0)
		return true;
	for (size_t i = 0; i < WORDS; i++)
		if ((sets[i].effective | sets[i].permitted | sets[i].inheritable) != 0)
			return true;
	return false;
}

bool privileges_can_be_gained(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

bool privileges_is_dumpable(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
}

static void close_view(void)
{
	static const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

enum error privileges_drop(bool core_dumps, struct text *why)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[WORDS] = {0};

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, none) < 0 || privileges_has_capabilities()) {
		text_printf(why, "can not give up the capabilities: %s", strerror(errno));
		return ERROR_SYSTEM;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || privileges_can_be_gained()) {
		text_printf(why, "can not set no_new_privs: %s", strerror(errno));
		return ERROR_SYSTEM;
	}
	/* The change of the user has taken it away. A sanitizer looks at us from another process. */
	if (core_dumps || SALLYPORT_SANITIZED)
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	else
		close_view();
	return OK;
}
