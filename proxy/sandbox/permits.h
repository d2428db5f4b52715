/*
 * What the process may still reach once it is confined: folders, ports, look-ups. A list that is
 * made of the configuration; sandbox/landlock.h and sandbox/syscalls.h make it hold.
 *
 * A file is permitted by the folder that it is in, so that the one that is renamed to its name
 * later can be read too; folders include all below them. Symbolic links are followed one by one,
 * and the folder of each is permitted, as is the one that holds the target of a folder that is a
 * link itself (Kubernetes' `..data`). Never the root folder: what is in it is permitted by itself.
 * What does not exist is left out.
 *
 * Owner: the caller, until permits_done(). Threads: none.
 */
#ifndef SALLYPORT_SANDBOX_PERMITS_H
#define SALLYPORT_SANDBOX_PERMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* To be combined with |. */
enum permit_right {
	PERMIT_READ = 1,    /* read files, list folders */
	PERMIT_WRITE = 2,   /* write to files, and make new ones */
	PERMIT_SOCKETS = 4, /* make unix sockets, and remove files */
};

enum permit_port { PERMIT_BIND, PERMIT_CONNECT, PERMIT_PORT_COUNT };

enum { PERMIT_PORTS = 65536 };

struct permit_path {
	char *path; /* absolute, without links */
	unsigned rights;
};

struct permits {
	struct permit_path *paths;
	size_t path_count;
	size_t path_room;
	unsigned char ports[PERMIT_PORT_COUNT][PERMIT_PORTS / 8]; /* a bit for each TCP port */
	bool resolves; /* names are looked up: UDP, netlink, and what libc needs for it */
	bool udp;      /* sockets that are opened later: these kinds, besides TCP */
	bool unix_streams;
	bool unix_datagrams;
};

void permits_init(struct permits *permits);
void permits_done(struct permits *permits);

/* A file that may be replaced. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error permits_add_file(struct permits *permits, const char *path, unsigned rights);
/* One file or folder with all below, without what surrounds it. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error permits_add_path(struct permits *permits, const char *path, unsigned rights);
void permits_add_port(struct permits *permits, enum permit_port kind, uint16_t port);
/* Sorts the paths, and drops those that others include. Before they are made to hold. */
void permits_tidy(struct permits *permits);

/* True if permits_add_file() would add nothing new; also if there is no such folder. */
bool permits_has_file(const struct permits *permits, const char *path, unsigned rights);
/* The same for permits_add_path(). */
bool permits_has_path(const struct permits *permits, const char *path, unsigned rights);
bool permits_has_port(const struct permits *permits, enum permit_port kind, uint16_t port);

#endif
