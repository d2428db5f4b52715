#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Headers are often older than the kernel. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP    (1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL               (1ULL << 1)
#endif

enum { RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

/* struct landlock_ruleset_attr of ABI 6; an older kernel takes it if the rest is 0. */
struct ruleset {
	uint64_t files;
	uint64_t ports;
	uint64_t scopes;
};

/* struct landlock_net_port_attr */
struct port_rule {
	uint64_t allowed;
	uint64_t port;
};

static const uint64_t of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                 LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
                                 LANDLOCK_ACCESS_FS_IOCTL_DEV;

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static struct ruleset all_of(int abi)
{
	struct ruleset all = {.files = LANDLOCK_ACCESS_FS_REFER - 1};

	if (abi >= 2)
		all.files |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		all.files |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi >= LANDLOCK_ABI_PORTS)
		all.ports = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP;
	if (abi >= 5)
		all.files |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	if (abi >= LANDLOCK_ABI_SCOPES)
		all.scopes = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
	return all;
}

static uint64_t access_of(unsigned rights)
{
	uint64_t access = 0;

	if (rights & PERMIT_READ)
		access |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	if (rights & PERMIT_WRITE)
		access |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;
	if (rights & PERMIT_SOCKETS)
		access |= LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE;
	return access;
}

/* A path that is gone meanwhile, or on a file system without rules (a pipe), is left out. */
static enum error add_path(int ruleset, const struct permit_path *path, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access_of(path->rights) & handled,
		.parent_fd = open(path->path, O_PATH | O_CLOEXEC),
	};
	struct stat facts;
	long result = 0;

	if (rule.parent_fd < 0)
		return OK;
	if (fstat(rule.parent_fd, &facts) == 0 && !S_ISDIR(facts.st_mode))
		rule.allowed_access &= of_files;
	if (rule.allowed_access != 0)
		result = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);

	bool is_refused = result < 0 && errno != EBADFD && errno != EBADF;

	(void)close(rule.parent_fd);
	return is_refused ? ERROR_SYSTEM : OK;
}

static enum error add_ports(int ruleset, const struct permits *permits, enum permit_port kind)
{
	struct port_rule rule = {
		.allowed =
			kind == PERMIT_BIND ? LANDLOCK_ACCESS_NET_BIND_TCP : LANDLOCK_ACCESS_NET_CONNECT_TCP,
	};

	for (unsigned port = 0; port < PERMIT_PORTS; port++) {
		if (!permits_has_port(permits, kind, (uint16_t)port))
			continue;
		rule.port = port;
		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) < 0)
			return ERROR_SYSTEM;
	}
	return OK;
}

static enum error fill(int ruleset, const struct permits *permits, const struct ruleset *handled)
{
	for (size_t i = 0; i < permits->path_count; i++) {
		enum error error = add_path(ruleset, &permits->paths[i], handled->files);

		if (error)
			return error;
	}
	for (enum permit_port kind = 0; kind < PERMIT_PORT_COUNT && handled->ports != 0; kind++) {
		enum error error = add_ports(ruleset, permits, kind);

		if (error)
			return error;
	}
	return OK;
}

enum error landlock_enter(const struct permits *permits, struct text *why)
{
	struct ruleset handled = all_of(landlock_abi());
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	enum error error = ruleset < 0 ? ERROR_SYSTEM : fill(ruleset, permits, &handled);

	if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		error = ERROR_SYSTEM;
	if (error)
		text_printf(why, "Landlock: %s", strerror(errno));
	if (ruleset >= 0)
		(void)close(ruleset);
	return error;
}
