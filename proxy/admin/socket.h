/*
 * The socket of the admin interface: where it is, who may connect, what becomes of its file.
 *
 * Unless the configuration says where, it is `admin.sock` in the first of these folders that will
 * do, so that it works for root, for a user, under systemd, and in a container whose root file
 * system is read-only:
 *
 *     $RUNTIME_DIRECTORY            if it is set, only this one (systemd, RuntimeDirectory=)
 *     /run/sallyport
 *     $XDG_RUNTIME_DIR/sallyport    if it is set
 *     /dev/shm/sallyport-UID
 *
 * The last folder of the path is made if it is not there, with mode 0700. One that all may write to
 * will not do; nor one that somebody else than us and root has made.
 *
 * Who starts the proxy and who asks it look at the same places in the same order. Both must be of
 * the same user, or the socket in a folder that both know.
 */
#ifndef SALLYPORT_ADMIN_SOCKET_H
#define SALLYPORT_ADMIN_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/error.h"
#include "base/text.h"

enum { ADMIN_PLACES_MAX = 3 };

/* The addresses to try, the best first, with ADDRESS_UNIX; those too long are left out. */
size_t admin_places(struct address ret_places[ADMIN_PLACES_MAX]);
/* Whether only we or root, or a user for whom root has made it, can write to its folder. */
bool admin_place_is_safe(const struct address *place);

struct admin_socket {
	int fd; /* -1: not open */
	struct address address;
	/* Of the file, so that no other one is removed. */
	dev_t device;
	ino_t inode;
};

struct admin_access {
	mode_t mode; /* of the file */
	uid_t user;  /* (uid_t)-1: ours */
	gid_t group; /* (gid_t)-1: ours */
};

/* ERROR_NOT_FOUND: there is no such user or group. `name` may be a number. */
MUST_CHECK enum error admin_find_user(const char *name, uid_t *ret_user);
MUST_CHECK enum error admin_find_group(const char *name, gid_t *ret_group);

/*
 * Binds and listens, on this thread only: for a moment the process's umask is another one. A socket
 * file is replaced only if nobody listens on it. *ret_system_error is the errno of a failure.
 * ERROR_SYSTEM.
 */
MUST_CHECK enum error admin_socket_open(const struct address *address,
                                        const struct admin_access *access,
                                        struct admin_socket *ret_socket, int *ret_system_error);
/*
 * The same at the first of admin_places() that will do. `why` tells which did not, and why.
 * ERROR_SYSTEM: none; EADDRINUSE: another process listens at one, which ends the search.
 */
MUST_CHECK enum error admin_socket_open_somewhere(const struct admin_access *access,
                                                  struct admin_socket *ret_socket, struct text *why,
                                                  int *ret_system_error);
/* Removes the file if it is still ours. One that is not open is allowed. */
void admin_socket_close(struct admin_socket *socket);

#endif
