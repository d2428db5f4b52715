#include "admin/socket.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "net/listener.h"

enum { FOLDER_MODE = 0700, FILE_MODE_ALL = 0777, RECORD_MAX = 16384 };

/* A place in `folder` followed by `rest`; false: it is too long. */
static bool make_place(struct span folder, const char *rest, struct address *ret_place)
{
	int size;

	*ret_place = (struct address){.kind = ADDRESS_UNIX};
	size = snprintf(ret_place->host, sizeof(ret_place->host), "%.*s%s/admin.sock", (int)folder.size,
	                folder.data, rest);
	return folder.size > 0 && folder.data[0] == '/' && folder.size < ADDRESS_PATH_MAX && size > 0 &&
	       size <= ADDRESS_PATH_MAX;
}

size_t admin_places(struct address ret_places[ADMIN_PLACES_MAX])
{
	struct span systemd = span_of_string(getenv("RUNTIME_DIRECTORY"));
	struct span session = span_of_string(getenv("XDG_RUNTIME_DIR"));
	char own[64];
	size_t count = 0;

	if (systemd.size > 0) {
		/* With several, the first one of the unit. */
		systemd = span_cut(systemd, 0, span_find(systemd, ':'));
		return make_place(systemd, "", &ret_places[0]) ? 1 : 0;
	}
	(void)snprintf(own, sizeof(own), "/dev/shm/sallyport-%lu", (unsigned long)geteuid());
	count += make_place(SPAN("/run/sallyport"), "", &ret_places[count]);
	count += make_place(session, "/sallyport", &ret_places[count]);
	count += make_place(span_of_string(own), "", &ret_places[count]);
	return count;
}

/* The path without its last part. */
static void folder_of(const char *path, char ret_folder[ADDRESS_HOST_SIZE])
{
	char *slash;

	(void)snprintf(ret_folder, ADDRESS_HOST_SIZE, "%s", path);
	slash = strrchr(ret_folder, '/');
	if (slash)
		*(slash == ret_folder ? slash + 1 : slash) = '\0';
}

bool admin_place_is_safe(const struct address *place)
{
	char folder[ADDRESS_HOST_SIZE];
	char parent[ADDRESS_HOST_SIZE];
	struct stat facts;

	folder_of(place->host, folder);
	if (lstat(folder, &facts) < 0 || !S_ISDIR(facts.st_mode) || (facts.st_mode & S_IWOTH) != 0)
		return false;
	if (facts.st_uid == geteuid() || facts.st_uid == 0)
		return true;
	/* Somebody else's, such as the proxy's own user: then it is root who has made it for him. */
	folder_of(folder, parent);
	return lstat(parent, &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == 0 &&
	       (facts.st_mode & (S_IWOTH | S_IWGRP)) == 0;
}

enum error admin_find_user(const char *name, uid_t *ret_user)
{
	struct passwd record;
	struct passwd *found = NULL;
	char memory[RECORD_MAX];
	uint64_t number;

	if (number_decimal(span_of_string(name), (uid_t)-2, &number) == OK) {
		*ret_user = (uid_t)number;
		return OK;
	}
	if (getpwnam_r(name, &record, memory, sizeof(memory), &found) != 0 || !found)
		return ERROR_NOT_FOUND;
	*ret_user = found->pw_uid;
	return OK;
}

enum error admin_find_group(const char *name, gid_t *ret_group)
{
	struct group record;
	struct group *found = NULL;
	char memory[RECORD_MAX];
	uint64_t number;

	if (number_decimal(span_of_string(name), (gid_t)-2, &number) == OK) {
		*ret_group = (gid_t)number;
		return OK;
	}
	if (getgrnam_r(name, &record, memory, sizeof(memory), &found) != 0 || !found)
		return ERROR_NOT_FOUND;
	*ret_group = found->gr_gid;
	return OK;
}

/* What the file is and whose. */
static enum error settle_file(const struct admin_access *access, struct admin_socket *socket)
{
	const char *path = socket->address.host;
	struct stat facts;
	bool is_given = access->user != (uid_t)-1 || access->group != (gid_t)-1;

	if (lstat(path, &facts) < 0 || (is_given && lchown(path, access->user, access->group) < 0))
		return ERROR_SYSTEM;
	socket->device = facts.st_dev;
	socket->inode = facts.st_ino;
	return OK;
}

enum error admin_socket_open(const struct address *address, const struct admin_access *access,
                             struct admin_socket *ret_socket, int *ret_system_error)
{
	struct admin_socket socket = {.fd = -1, .address = *address};
	/* The file must have its mode from the first moment on. */
	mode_t before = umask(FILE_MODE_ALL & ~access->mode);
	enum error error = listener_bind(address, true, &socket.fd, ret_system_error);

	(void)umask(before);
	if (error)
		return error;
	if (address->kind == ADDRESS_UNIX && settle_file(access, &socket)) {
		*ret_system_error = errno;
		listener_unbind(address, socket.fd, true);
		return ERROR_SYSTEM;
	}
	*ret_socket = socket;
	return OK;
}

/* Makes the folder if it is not there. Sets errno. */
static bool prepare_folder(const struct address *place, const struct admin_access *access)
{
	char folder[ADDRESS_HOST_SIZE];

	folder_of(place->host, folder);
	if (mkdir(folder, FOLDER_MODE) == 0) {
		if (access->user != (uid_t)-1 && lchown(folder, access->user, access->group) < 0)
			return false;
	} else if (errno != EEXIST) {
		return false;
	}
	errno = EPERM;
	return admin_place_is_safe(place);
}

enum error admin_socket_open_somewhere(const struct admin_access *access,
                                       struct admin_socket *ret_socket, struct text *why,
                                       int *ret_system_error)
{
	struct address places[ADMIN_PLACES_MAX];
	size_t count = admin_places(places);

	*ret_system_error = ENOENT;
	for (size_t i = 0; i < count; i++) {
		if (!prepare_folder(&places[i], access))
			*ret_system_error = errno;
		else if (admin_socket_open(&places[i], access, ret_socket, ret_system_error) == OK)
			return OK;
		text_printf(why, "%s%s: %s", why->size > 0 ? "; " : "", places[i].host,
		            strerrordesc_np(*ret_system_error));
		if (*ret_system_error == EADDRINUSE)
			break;
	}
	return ERROR_SYSTEM;
}

void admin_socket_close(struct admin_socket *socket)
{
	struct stat facts;

	if (socket->fd < 0)
		return;

	bool is_ours = socket->address.kind == ADDRESS_UNIX &&
	               lstat(socket->address.host, &facts) == 0 && facts.st_dev == socket->device &&
	               facts.st_ino == socket->inode;

	listener_unbind(&socket->address, socket->fd, is_ours);
	socket->fd = -1;
}
