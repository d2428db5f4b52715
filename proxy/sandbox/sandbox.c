#include "sandbox/sandbox.h"

#include <dirent.h>
#include <unistd.h>

#include "base/check.h"
#include "sandbox/landlock.h"
#include "sandbox/privileges.h"
#include "sandbox/sanitizers.h"
#include "sandbox/syscalls.h"

/* Set once, before there are threads: a process has one confinement. */
static struct sandbox_report entered;

/* Without /proc nobody knows. */
static bool has_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	unsigned count = 0;

	while (tasks) {
		const struct dirent *task = readdir(tasks);

		if (!task)
			break;
		count += task->d_name[0] != '.';
	}
	if (tasks)
		(void)closedir(tasks);
	return count > 1;
}

enum error sandbox_permit_own(struct permits *permits)
{
	static const char *const read[] = {"/proc", "/lib", "/usr/lib", "/etc/ld.so.cache"};
	/* libuv wants a descriptor of it in reserve, and would try again with each connection. */
	enum error error = permits_add_path(permits, "/dev/null", PERMIT_READ);

	if (!SALLYPORT_SANITIZED)
		return error;
	for (size_t i = 0; i < ARRAY_LENGTH(read) && !error; i++)
		error = permits_add_path(permits, read[i], PERMIT_READ);
	return error ? error : permits_add_path(permits, "/proc/self/exe", PERMIT_READ);
}

static enum error lack(const struct sandbox_options *options, const char *what, struct text *why)
{
	text_printf(why, "%s%s", why->size > 0 ? "; " : "", what);
	return options->mode == SANDBOX_REQUIRED ? ERROR_SYSTEM : OK;
}

static enum error enter_landlock(const struct sandbox_options *options,
                                 const struct permits *permits, struct text *why)
{
	int abi = landlock_abi();

	if (abi == 0)
		return lack(options, "the kernel has no Landlock, or does not let us use it", why);
	if (abi < LANDLOCK_ABI_PORTS &&
	    lack(options, "the kernel's Landlock does not know ports yet (Linux 6.7 does)", why))
		return ERROR_SYSTEM;

	enum error error = landlock_enter(permits, why);

	if (!error)
		entered.landlock_abi = abi;
	return options->mode == SANDBOX_REQUIRED ? error : OK;
}

static enum error enter_filter(const struct sandbox_options *options, const struct permits *permits,
                               struct text *why)
{
	if (!syscalls_can_be_filtered())
		return lack(options, "the kernel does not filter system calls, or not for us", why);

	enum error error = syscalls_filter(permits, why);

	entered.filters_syscalls = !error;
	return options->mode == SANDBOX_REQUIRED ? error : OK;
}

static void look(struct sandbox_report *report)
{
	report->user = geteuid();
	report->group = getegid();
	report->has_capabilities = privileges_has_capabilities();
	report->can_gain_privileges = privileges_can_be_gained();
	report->is_dumpable = privileges_is_dumpable();
}

enum error sandbox_enter(const struct sandbox_options *options, const struct permits *permits,
                         struct text *why)
{
	bool is_off = options->mode == SANDBOX_OFF;
	enum error error = OK;

	check(!entered.is_entered);
	if (!SALLYPORT_SANITIZED && has_threads()) {
		text_put_string(why, "there are threads already, which would not be confined");
		return ERROR_SYSTEM;
	}
	if (!is_off)
		privileges_bound();
	if (options->user)
		error = login_become(options->user, why);
	if (!error && !is_off)
		error = privileges_drop(options->core_dumps, why);
	look(&entered);
	if (!error && !is_off && options->landlock)
		error = enter_landlock(options, permits, why);
	if (!error && !is_off && options->seccomp)
		error = enter_filter(options, permits, why);
	entered.is_entered = true;
	return error;
}

struct sandbox_report sandbox_in_force(void)
{
	struct sandbox_report report = entered;

	if (!report.is_entered)
		look(&report);
	return report;
}

bool sandbox_confines_ports(const struct sandbox_report *report)
{
	return report->landlock_abi >= LANDLOCK_ABI_PORTS;
}

void sandbox_describe(const struct sandbox_report *report, struct text *text)
{
	text_printf(text, "user %u, group %u, ", (unsigned)report->user, (unsigned)report->group);
	text_put_string(text, report->has_capabilities ? "capabilities" : "no capabilities");
	text_put_string(text, report->can_gain_privileges ? "" : ", no_new_privs");
	text_put_string(text, report->is_dumpable ? "" : ", not dumpable");
	if (report->landlock_abi > 0)
		text_printf(text, ", Landlock ABI %d", report->landlock_abi);
	else
		text_put_string(text, ", no Landlock");
	text_put_string(text, report->filters_syscalls ? ", seccomp" : ", no seccomp");
}

void sandbox_describe_machine(struct text *text)
{
	int abi = landlock_abi();

	if (abi > 0)
		text_printf(text, "Landlock ABI %d (%s)", abi,
		            abi >= LANDLOCK_ABI_SCOPES  ? "files, ports, signals"
		            : abi >= LANDLOCK_ABI_PORTS ? "files, ports"
		                                        : "files");
	else
		text_put_string(text, "no Landlock");
	if (syscalls_can_be_filtered())
		text_printf(text, ", seccomp with libseccomp %s", syscalls_library_version());
	else
		text_put_string(text, ", no seccomp");
}
