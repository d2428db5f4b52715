#include "cli/sandbox_trial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "sandbox/sandbox.h"
#include "setup/confinement.h"

enum { NOT_ENTERED = 255, THROUGH = 0, WHY_MAX = 1024 };

/* What an attempt can do something to. */
struct target {
	char file[64]; /* of a folder that no configuration names */
	uint16_t port; /* where we listen ourselves */
	char name[64]; /* of an abstract socket */
	int listener;
	int abstract;
	pid_t parent;
};

/* The result of a system call as an exit status. */
static int status_of(long result)
{
	return result < 0 ? errno : THROUGH;
}

static int opened(int fd)
{
	int status = status_of(fd);

	if (fd >= 0)
		(void)close(fd);
	return status;
}

/* --- Attempts: the errno with which it is refused, or THROUGH --------------------------------- */

static int read_file(const struct target *target)
{
	return opened(open(target->file, O_RDONLY | O_CLOEXEC));
}

static int write_file(const struct target *target)
{
	return opened(open(target->file, O_WRONLY | O_CLOEXEC));
}

static int list_folder(const struct target *target)
{
	(void)target;
	return opened(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int read_own_memory(const struct target *target)
{
	(void)target;
	return opened(open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
}

static int dump_core(const struct target *target)
{
	struct rlimit limit = {1 << 20, 1 << 20};

	(void)target;
	return status_of(setrlimit(RLIMIT_CORE, &limit));
}

static int start_program(const struct target *target)
{
	static char path[] = "/bin/true";
	static char *const arguments[] = {path, NULL};

	(void)target;
	return status_of(execv(path, arguments));
}

static int start_process(const struct target *target)
{
	pid_t child = fork();

	(void)target;
	if (child == 0)
		_exit(0);
	return status_of(child);
}

/* It does not stop there, and ends with us. */
static int trace(const struct target *target)
{
	return status_of(ptrace(PTRACE_SEIZE, target->parent, NULL, NULL));
}

static int signal_others(const struct target *target)
{
	return status_of(kill(target->parent, 0));
}

static int connect_elsewhere(const struct target *target)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons(target->port),
	                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno
	              : status_of(connect(fd, (const struct sockaddr *)&address, sizeof(address)));
}

static int connect_fast_open(const struct target *target)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons(target->port),
	                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno
	              : status_of(sendto(fd, "x", 1, MSG_FASTOPEN, (const struct sockaddr *)&address,
	                                 sizeof(address)));
}

static int connect_abstract(const struct target *target)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(target->name));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, target->name, strlen(target->name));
	return fd < 0 ? errno : status_of(connect(fd, (const struct sockaddr *)&address, size));
}

static int bind_elsewhere(const struct target *target)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)target;
	return fd < 0 ? errno : status_of(bind(fd, (const struct sockaddr *)&address, sizeof(address)));
}

static int other_transport(const struct target *target)
{
	(void)target;
	return opened(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP));
}

static int raw_packets(const struct target *target)
{
	(void)target;
	return opened(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
}

static int run_own_code(const struct target *target)
{
	void *code =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)target;
	return code == MAP_FAILED ? errno : THROUGH;
}

static int new_namespace(const struct target *target)
{
	(void)target;
	return status_of(unshare(CLONE_NEWUSER));
}

static int become_root(const struct target *target)
{
	(void)target;
	return status_of(setuid(0));
}

static int other_ways(const struct target *target)
{
	(void)target;
	return status_of(syscall(SYS_io_uring_setup, 1, NULL)) == EFAULT ? THROUGH : errno;
}

static const struct attempt {
	const char *name;
	const char *words;
	int (*try)(const struct target *target);
} attempts[] = {
	{"read_file", "read a file that the configuration does not name", read_file},
	{"write_file", "write to it", write_file},
	{"list_folder", "list the root folder", list_folder},
	{"read_own_memory", "open its own memory as a file", read_own_memory},
	{"dump_core", "let a crash leave a core dump", dump_core},
	{"start_program", "start a program", start_program},
	{"start_process", "start a process", start_process},
	{"trace", "trace another process", trace},
	{"signal", "send another process a signal", signal_others},
	{"connect", "connect to a port that no backend has", connect_elsewhere},
	{"connect_fast_open", "the same by TCP Fast Open", connect_fast_open},
	{"connect_abstract", "connect to an abstract socket", connect_abstract},
	{"bind", "bind a port that no listener has", bind_elsewhere},
	{"other_transport", "open a socket of Multipath TCP", other_transport},
	{"raw_packets", "open a socket for raw packets", raw_packets},
	{"run_own_code", "have memory that is written and executed", run_own_code},
	{"new_namespace", "make a user namespace", new_namespace},
	{"become_root", "become root", become_root},
	{"io_uring", "go past the filter by io_uring", other_ways},
};

/* --- The trial -------------------------------------------------------------------------------- */

static int open_listener(uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, size) == 0 && listen(fd, 16) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &size) == 0)
		*ret_port = ntohs(address.sin_port);
	return fd;
}

static int open_abstract(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, name, strlen(name));
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, size) == 0)
		(void)listen(fd, 16);
	return fd;
}

/* A file that everybody may use, so that only the sandbox can be why it is refused. */
static bool open_target(struct target *target)
{
	char folder[] = "/tmp/sallyport-trial-XXXXXX";

	target->parent = getpid();
	(void)snprintf(target->name, sizeof(target->name), "sallyport-trial-%d", (int)getpid());
	target->listener = open_listener(&target->port);
	target->abstract = open_abstract(target->name);
	if (!mkdtemp(folder))
		return false;
	(void)chmod(folder, 0755);
	(void)snprintf(target->file, sizeof(target->file), "%s/file", folder);

	int fd = open(target->file, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);

	if (fd < 0)
		return false;
	(void)fchmod(fd, 0666);
	(void)close(fd);
	return true;
}

static void close_target(const struct target *target)
{
	char folder[sizeof(target->file)];

	(void)close(target->listener);
	(void)close(target->abstract);
	(void)unlink(target->file);
	memcpy(folder, target->file, sizeof(folder));
	*strrchr(folder, '/') = '\0';
	(void)rmdir(folder);
}

/* In a process of its own: enters, and ends with what came of it. */
static noreturn void enter_and_try(const struct confinement *confinement,
                                   const struct attempt *attempt, const struct target *target)
{
	struct text why;
	enum error error;

	text_init(&why, WHY_MAX);
	error = confinement_enter(confinement, &why);
	text_done(&why);
	_exit(error ? NOT_ENTERED : attempt->try(target));
}

/* The status of wait(2) of such a process. */
static int run_attempt(const struct confinement *confinement, const struct attempt *attempt,
                       const struct target *target)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		enter_and_try(confinement, attempt, target);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child < 0 ? NOT_ENTERED << 8 : status;
}

static bool is_refused(int status)
{
	return WIFSIGNALED(status) ||
	       (WEXITSTATUS(status) != THROUGH && WEXITSTATUS(status) != NOT_ENTERED);
}

static void print_result(const struct attempt *attempt, int status, bool json, bool is_first)
{
	const char *how = WIFSIGNALED(status)                  ? "killed"
	                  : WEXITSTATUS(status) == THROUGH     ? "allowed"
	                  : WEXITSTATUS(status) == NOT_ENTERED ? "not tried"
	                                                       : strerrorname_np(WEXITSTATUS(status));

	if (json)
		(void)printf("%s{\"attempt\":\"%s\",\"refused\":%s,\"how\":\"%s\"}", is_first ? "" : ",",
		             attempt->name, is_refused(status) ? "true" : "false", how);
	else
		(void)printf("  %s %-50s %s\n", is_refused(status) ? "✓" : "✗", attempt->words, how);
}

/* What is in force is told by a process that has entered it. */
static enum exit_status print_state(const struct confinement *confinement, bool json)
{
	struct text why;
	struct text state;
	int status = 0;

	(void)fflush(stdout);
	pid_t child = fork();

	if (child == 0) {
		text_init(&why, WHY_MAX);
		text_init(&state, WHY_MAX);

		enum error error = confinement_enter(confinement, &why);
		const struct sandbox_report report = sandbox_in_force();

		sandbox_describe(&report, &state);
		if (why.size > 0)
			(void)fprintf(stderr, "sallyport: %s\n", text_string(&why));
		if (!error)
			(void)printf(json ? "{\"sandbox\":\"%s\",\"attempts\":[" : "in force: %s\n\n",
			             text_string(&state));
		(void)fflush(stdout);
		_exit(error ? 1 : 0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		return EXIT_CANNOT_RUN;
	return EXIT_CLEAN;
}

static enum exit_status print_attempts(const struct confinement *confinement, bool json)
{
	struct target target = {0};
	enum exit_status result = EXIT_CLEAN;

	if (!open_target(&target)) {
		(void)fprintf(stderr, "sallyport: no file can be made in /tmp\n");
		return EXIT_CANNOT_RUN;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(attempts); i++) {
		(void)fflush(stdout);

		int status = run_attempt(confinement, &attempts[i], &target);

		print_result(&attempts[i], status, json, i == 0);
		if (!is_refused(status))
			result = EXIT_CANNOT_RUN;
	}
	close_target(&target);
	if (json)
		(void)printf("]}\n");
	return result;
}

enum exit_status sandbox_trial_print(struct setup *setup, const struct options *options)
{
	struct confinement *confinement = NULL;
	struct text why;

	text_init(&why, WHY_MAX);

	enum error error = confinement_new(setup->config, &confinement, &why);
	enum exit_status status = EXIT_CANNOT_RUN;

	if (error)
		(void)fprintf(stderr, "sallyport: %s\n",
		              why.size > 0 ? text_string(&why) : error_words(error));
	else
		status = print_state(confinement, options->json);
	if (status == EXIT_CLEAN)
		status = print_attempts(confinement, options->json);
	confinement_free(confinement);
	text_done(&why);
	return status;
}
