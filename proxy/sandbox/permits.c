#include "sandbox/permits.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { LINKS_MAX = 40 }; /* as the kernel, path_resolution(7) */

void permits_init(struct permits *permits)
{
	*permits = (struct permits){0};
}

void permits_done(struct permits *permits)
{
	for (size_t i = 0; i < permits->path_count; i++)
		memory_free(permits->paths[i].path);
	memory_free(permits->paths);
	permits_init(permits);
}

static enum error add(struct permits *permits, const char *path, unsigned rights)
{
	size_t size = strlen(path) + 1;
	char *copy = memory_new(1, size);

	if (!copy)
		return ERROR_OUT_OF_MEMORY;
	memcpy(copy, path, size);
	if (permits->path_count == permits->path_room) {
		size_t room = permits->path_room > 0 ? 2 * permits->path_room : 16;
		struct permit_path *paths = memory_resize(permits->paths, room, sizeof(*paths));

		if (!paths) {
			memory_free(copy);
			return ERROR_OUT_OF_MEMORY;
		}
		permits->paths = paths;
		permits->path_room = room;
	}
	permits->paths[permits->path_count++] = (struct permit_path){copy, rights};
	return OK;
}

static bool includes(const char *folder, const char *path)
{
	size_t size = strlen(folder);

	return strncmp(folder, path, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

static bool has(const struct permits *permits, const char *path, unsigned rights)
{
	for (size_t i = 0; i < permits->path_count; i++)
		if ((rights & ~permits->paths[i].rights) == 0 && includes(permits->paths[i].path, path))
			return true;
	return false;
}

/* --- Where a file can come from --------------------------------------------------------------- */

/* What is done with each folder: it is added, or asked for. */
struct visit {
	struct permits *permits;       /* where it is added; NULL: asked for in */
	const struct permits *granted; /* these */
	unsigned rights;
	bool is_missing; /* one was asked for that is not granted */
	enum error error;
};

static void visit_path(struct visit *visit, const char *path)
{
	if (visit->error)
		return;
	if (visit->permits)
		visit->error = add(visit->permits, path, visit->rights);
	else if (!has(visit->granted, path, visit->rights))
		visit->is_missing = true;
}

/* The folder part of an absolute path; "/" for what is in the root folder. */
static void folder_of(const char *path, char ret_folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t size = slash && slash > path ? (size_t)(slash - path) : 1;

	memcpy(ret_folder, path, size);
	ret_folder[size] = '\0';
}

/* Where the link at `path` leads to, from the folder `from`. False: it is no link. */
static bool follow(const char *path, const char *from, char ret_target[PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t size = readlink(path, target, sizeof(target) - 1);

	if (size <= 0)
		return false;
	target[size] = '\0';

	int length = target[0] == '/' ? snprintf(ret_target, PATH_MAX, "%s", target)
	                              : snprintf(ret_target, PATH_MAX, "%s/%s", from, target);

	return length < PATH_MAX;
}

/* A folder that is a link: another one may be put in its place, beside the one that it is now. */
static void visit_beside(struct visit *visit, const char *folder)
{
	char from[PATH_MAX];
	char target[PATH_MAX];
	char real[PATH_MAX];

	folder_of(folder, from);
	if (!follow(folder, from, target))
		return;
	folder_of(target, from);
	if (realpath(from, real) && strcmp(real, "/") != 0)
		visit_path(visit, real);
}

static void visit_file(struct visit *visit, const char *path)
{
	char current[PATH_MAX];
	char folder[PATH_MAX];
	char real[PATH_MAX];
	char next[PATH_MAX];

	if (snprintf(current, sizeof(current), "%s", path) >= PATH_MAX)
		return;
	for (unsigned hop = 0; hop < LINKS_MAX && !visit->error; hop++) {
		folder_of(current, folder);
		if (!realpath(folder, real))
			return;
		if (strcmp(real, "/") != 0)
			visit_path(visit, real);
		else if (realpath(current, folder))
			visit_path(visit, folder);
		folder_of(current, folder);
		visit_beside(visit, folder);
		if (!follow(current, real, next))
			return;
		memcpy(current, next, sizeof(current));
	}
}

enum error permits_add_file(struct permits *permits, const char *path, unsigned rights)
{
	struct visit visit = {.permits = permits, .rights = rights};

	visit_file(&visit, path);
	return visit.error;
}

enum error permits_add_path(struct permits *permits, const char *path, unsigned rights)
{
	char real[PATH_MAX];

	return realpath(path, real) ? add(permits, real, rights) : OK;
}

bool permits_has_file(const struct permits *permits, const char *path, unsigned rights)
{
	struct visit visit = {.granted = permits, .rights = rights};

	visit_file(&visit, path);
	return !visit.is_missing;
}

bool permits_has_path(const struct permits *permits, const char *path, unsigned rights)
{
	char real[PATH_MAX];

	return !realpath(path, real) || has(permits, real, rights);
}

/* --- Ports ------------------------------------------------------------------------------------ */

void permits_add_port(struct permits *permits, enum permit_port kind, uint16_t port)
{
	permits->ports[kind][port / 8] |= (unsigned char)(1 << port % 8);
}

bool permits_has_port(const struct permits *permits, enum permit_port kind, uint16_t port)
{
	return (permits->ports[kind][port / 8] & 1 << port % 8) != 0;
}

/* --- Order ------------------------------------------------------------------------------------ */

/* A folder comes right before all that is in it: `/` sorts before every other byte. */
static int compare(const void *a, const void *b)
{
	const char *left = ((const struct permit_path *)a)->path;
	const char *right = ((const struct permit_path *)b)->path;

	while (*left && *left == *right)
		left++, right++;
	if (*left == *right)
		return 0;
	if (*left == '\0' || *right == '\0')
		return *left == '\0' ? -1 : 1;
	if (*left == '/' || *right == '/')
		return *left == '/' ? -1 : 1;
	return (unsigned char)*left < (unsigned char)*right ? -1 : 1;
}

void permits_tidy(struct permits *permits)
{
	size_t kept = 0;

	if (permits->path_count == 0)
		return;
	qsort(permits->paths, permits->path_count, sizeof(*permits->paths), compare);
	for (size_t i = 0; i < permits->path_count; i++) {
		struct permit_path *path = &permits->paths[i];
		struct permit_path *last = kept > 0 ? &permits->paths[kept - 1] : NULL;

		bool is_known = last && includes(last->path, path->path);

		if (is_known && strcmp(last->path, path->path) == 0)
			last->rights |= path->rights;
		else if (!is_known || (path->rights & ~last->rights) != 0) {
			permits->paths[kept++] = *path;
			continue;
		}
		memory_free(path->path);
	}
	permits->path_count = kept;
}
