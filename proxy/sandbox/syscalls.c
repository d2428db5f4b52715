#include "sandbox/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/sanitizers.h"

/* Names, since a number may not exist on this machine: those are passed over. */
static const char *const allowed[] = {
	/* Bytes: what most calls are. */
	"read",
	"write",
	"readv",
	"writev",
	"pread64",
	"close",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"shutdown",
	/* Waiting. */
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"eventfd2",
	"pipe2",
	/* Sockets; which ones, further down. */
	"accept",
	"accept4",
	"bind",
	"connect",
	"listen",
	"getpeername",
	"getsockname",
	"getsockopt",
	"setsockopt",
	/* Files: which ones, Landlock says. */
	"open",
	"openat",
	"stat",
	"lstat",
	"fstat",
	"newfstatat",
	"statx",
	"fstatfs",
	"statfs",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getcwd",
	"getdents64",
	"lseek",
	"fsync",
	"fdatasync",
	"fadvise64",
	"unlink",
	"unlinkat",
	"dup",
	"dup2",
	"dup3",
	"close_range",
	"umask",
	/* Memory; with execution, further down. */
	"brk",
	"munmap",
	"mremap",
	"madvise",
	"mlock",
	"mlock2",
	"munlock",
	/* Threads. */
	"futex",
	"futex_waitv",
	"set_robust_list",
	"get_robust_list",
	"rseq",
	"set_tid_address",
	"membarrier",
	"sched_yield",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"getcpu",
	"gettid",
	"exit",
	"exit_group",
	/* Signals to itself are further down. */
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigpending",
	"rt_sigtimedwait",
	"rt_sigsuspend",
	"sigaltstack",
	"restart_syscall",
	/* Time. */
	"clock_gettime",
	"clock_getres",
	"clock_nanosleep",
	"nanosleep",
	"gettimeofday",
	"time",
	"times",
	/* Who and where one is. */
	"getpid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getresuid",
	"getresgid",
	"getgroups",
	"capget",
	"getrandom",
	"getrlimit",
	"getrusage",
	"sysinfo",
	"uname",
	"arch_prctl",
};

/* Nothing of ours or of our libraries ever does these: whoever does, has taken us over. */
static const char *const deadly[] = {
	"execve",
	"execveat",
	"process_vm_readv",
	"process_vm_writev",
	"pidfd_getfd",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"reboot",
	"mount",
	"umount2",
	"mount_setattr",
	"move_mount",
	"fsopen",
	"open_tree",
	"pivot_root",
	"chroot",
	"unshare",
	"setns",
	"open_by_handle_at",
	"add_key",
	"request_key",
	"keyctl",
	"iopl",
	"ioperm",
	"swapon",
	"swapoff",
	"acct",
	"settimeofday",
	"clock_settime",
	"setuid",
	"setgid",
	"setreuid",
	"setregid",
	"setresuid",
	"setresgid",
	"setgroups",
	"setfsuid",
	"setfsgid",
	"capset",
#if !SALLYPORT_SANITIZED
	"ptrace",
#endif
};

/* What a sanitizer does at the end: it looks for leaks from a process that traces us. */
static const char *const of_sanitizers[] = {
	"ptrace", "clone", "wait4", "prctl", "kill", "tgkill", "getdents", "sched_setaffinity",
};

/* --- Rules with arguments --------------------------------------------------------------------- */

/* The argument is this. */
static struct scmp_arg_cmp is(unsigned argument, uint64_t value)
{
	return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

/* Of the bits of `mask`, the argument has these. */
static struct scmp_arg_cmp has(unsigned argument, uint64_t mask, uint64_t bits)
{
	return (struct scmp_arg_cmp){
		.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = bits};
}

struct filter {
	scmp_filter_ctx context;
	int code; /* 0, or the first error as a negative errno */
};

static void add(struct filter *filter, uint32_t action, const char *name, unsigned count,
                const struct scmp_arg_cmp *arguments)
{
	int number = seccomp_syscall_resolve_name(name);

	if (filter->code == 0 && number != __NR_SCMP_ERROR)
		filter->code = seccomp_rule_add_array(filter->context, action, number, count, arguments);
}

static void allow_if(struct filter *filter, const char *name, struct scmp_arg_cmp condition)
{
	add(filter, SCMP_ACT_ALLOW, name, 1, &condition);
}

/* A transport of one family. Protocol 0 is the family's own; the low bits of the type are it. */
static void allow_socket(struct filter *filter, uint64_t family, uint64_t type, uint64_t protocol)
{
	static const uint64_t type_mask = 0xffffffff & ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK);
	const struct scmp_arg_cmp arguments[] = {is(0, family), has(1, type_mask, type),
	                                         is(2, protocol)};

	add(filter, SCMP_ACT_ALLOW, "socket", ARRAY_LENGTH(arguments), arguments);
}

static void add_sockets(struct filter *filter, const struct permits *permits)
{
	static const uint64_t families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
		allow_socket(filter, families[i], SOCK_STREAM, 0);
		allow_socket(filter, families[i], SOCK_STREAM, IPPROTO_TCP);
		if (!permits->resolves && !permits->udp)
			continue;
		allow_socket(filter, families[i], SOCK_DGRAM, 0);
		allow_socket(filter, families[i], SOCK_DGRAM, IPPROTO_UDP);
	}
	/* Which addresses the machine has, and nscd or systemd-resolved. */
	if (permits->resolves)
		allow_socket(filter, AF_NETLINK, SOCK_RAW, 0);
	if (permits->resolves || permits->unix_streams)
		allow_socket(filter, AF_UNIX, SOCK_STREAM, 0);
	if (permits->unix_datagrams)
		allow_socket(filter, AF_UNIX, SOCK_DGRAM, 0);
	allow_if(filter, "sendto", has(3, MSG_FASTOPEN, 0));
	allow_if(filter, "sendmsg", has(2, MSG_FASTOPEN, 0));
	allow_if(filter, "sendmmsg", has(3, MSG_FASTOPEN, 0));
}

static void add_memory(struct filter *filter, const struct permits *permits)
{
	const struct scmp_arg_cmp code = has(2, PROT_WRITE | PROT_EXEC, PROT_EXEC);

	/* Look-ups load libraries: code that is not written to. */
	allow_if(filter, "mmap", has(2, PROT_EXEC, 0));
	if (permits->resolves || SALLYPORT_SANITIZED)
		allow_if(filter, "mmap", code);
	allow_if(filter, "mprotect", has(2, PROT_EXEC, 0));
}

static void add_threads(struct filter *filter)
{
	/* Not clone3(): its flags are in memory, out of the filter's sight. libc then takes clone(). */
	allow_if(filter, "clone", has(0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
	allow_if(filter, "tgkill", is(0, (uint64_t)getpid()));
	allow_if(filter, "prlimit64", is(0, 0));
	allow_if(filter, "setrlimit", is(0, RLIMIT_NOFILE));
}

static void add_settings(struct filter *filter)
{
	static const uint64_t options[] = {PR_SET_NAME,    PR_GET_NAME,         PR_GET_DUMPABLE,
	                                   PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS, PR_CAPBSET_READ,
	                                   0x53564d41 /* PR_SET_VMA */};
	static const uint64_t commands[] = {FIONBIO, FIONREAD, SIOCOUTQ, TCGETS};
	static const uint64_t of_descriptors[] = {F_DUPFD_CLOEXEC, F_DUPFD, F_GETFD,
	                                          F_SETFD,         F_GETFL, F_SETFL};

	for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
		allow_if(filter, "prctl", is(0, options[i]));
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		allow_if(filter, "ioctl", has(1, UINT32_MAX, commands[i]));
	for (size_t i = 0; i < ARRAY_LENGTH(of_descriptors); i++)
		allow_if(filter, "fcntl", has(1, UINT32_MAX, of_descriptors[i]));
}

static void set(struct filter *filter, enum scmp_filter_attr attribute, uint32_t value)
{
	(void)seccomp_attr_set(filter->context, attribute, value);
}

static void add_all(struct filter *filter, const struct permits *permits)
{
	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
		add(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(of_sanitizers) && SALLYPORT_SANITIZED; i++)
		add(filter, SCMP_ACT_ALLOW, of_sanitizers[i], 0, NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(deadly); i++)
		add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0, NULL);
	add_sockets(filter, permits);
	add_memory(filter, permits);
	add_threads(filter);
	add_settings(filter);
}

enum error syscalls_filter(const struct permits *permits, struct text *why)
{
	struct filter filter = {.context = seccomp_init(SCMP_ACT_ERRNO(ENOSYS))};

	if (!filter.context)
		return ERROR_OUT_OF_MEMORY;
	/* Calls of another kind of program (32 bits) can not be told apart: they end it. */
	set(&filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	set(&filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* Nobody else's code runs in here: slower processors for its sake are a loss. */
	set(&filter, SCMP_FLTATR_CTL_SSB, 1);
	/* A tree in place of a list of some hundred numbers. */
	set(&filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	add_all(&filter, permits);
	if (filter.code == 0)
		filter.code = seccomp_load(filter.context);
	if (filter.code != 0)
		text_printf(why, "seccomp: %s", strerror(-filter.code));
	seccomp_release(filter.context);
	return filter.code != 0 ? ERROR_SYSTEM : OK;
}

bool syscalls_can_be_filtered(void)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

const char *syscalls_library_version(void)
{
	static _Thread_local char text[sizeof("4294967295.4294967295.4294967295")];
	const struct scmp_version *version = seccomp_version();

	(void)snprintf(text, sizeof(text), "%u.%u.%u", version->major, version->minor, version->micro);
	return text;
}
