#include "sandbox/login.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/span.h"

#define ID_MAX 0xfffffffeu /* -1 means none to the kernel */

static bool read_number(const char *text, unsigned *ret_number)
{
	uint64_t number = 0;

	if (number_decimal(span_of_string(text), ID_MAX, &number))
		return false;
	*ret_number = (unsigned)number;
	return true;
}

static enum error find_group(const char *name, gid_t *ret_group, struct text *why)
{
	const struct group *entry = getgrnam(name);

	if (entry) {
		*ret_group = entry->gr_gid;
		return OK;
	}
	if (read_number(name, ret_group))
		return OK;
	text_printf(why, "there is no group \"%s\"", name);
	return ERROR_NOT_FOUND;
}

static enum error find_groups(const struct passwd *entry, struct login *login, struct text *why)
{
	int count = LOGIN_GROUPS_MAX;

	if (getgrouplist(entry->pw_name, entry->pw_gid, login->groups, &count) < 0) {
		text_printf(why, "the user \"%s\" is in more than %d groups", entry->pw_name,
		            LOGIN_GROUPS_MAX);
		return ERROR_TOO_LARGE;
	}
	login->group = entry->pw_gid;
	login->group_count = (size_t)count;
	return OK;
}

enum error login_find(const char *name, const char *group, struct login *ret_login,
                      struct text *why)
{
	struct login login = {0};
	const struct passwd *entry = getpwnam(name);
	enum error error = OK;

	if (!entry && read_number(name, &login.id))
		entry = getpwuid(login.id);
	else if (!entry) {
		text_printf(why, "there is no user \"%s\"", name);
		return ERROR_NOT_FOUND;
	}
	if (entry)
		login.id = entry->pw_uid;
	if (group) {
		error = find_group(group, &login.group, why);
		login.groups[0] = login.group;
		login.group_count = 1;
	} else if (entry) {
		error = find_groups(entry, &login, why);
	} else {
		text_printf(why, "the user %s has no entry on this machine, so a group must be given",
		            name);
		error = ERROR_NOT_FOUND;
	}
	if (!error)
		*ret_login = login;
	return error;
}

/* All three of each kind are it. */
static bool is_now(const struct login *login)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (uids[i] != login->id || gids[i] != login->group)
			return false;
	return true;
}

static bool can_return(const struct login *login)
{
	return login->id != 0 && (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0);
}

enum error login_become(const struct login *login, struct text *why)
{
	bool was_root = geteuid() == 0;

	if (!was_root && is_now(login))
		return OK;
	if (setgroups(login->group_count, login->groups) < 0 ||
	    setresgid(login->group, login->group, login->group) < 0 ||
	    setresuid(login->id, login->id, login->id) < 0) {
		text_printf(why, "can not become user %u with group %u: %s%s", (unsigned)login->id,
		            (unsigned)login->group, strerror(errno),
		            was_root ? "" : "; only root can, so start as root or leave `user` out");
		return ERROR_SYSTEM;
	}
	if (!is_now(login) || can_return(login)) {
		text_printf(why, "did not become user %u for good", (unsigned)login->id);
		return ERROR_SYSTEM;
	}
	return OK;
}
