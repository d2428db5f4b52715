#include "setup/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/secret.h"

static enum error read_all(int fd, size_t size, bool is_secret, struct span *ret_content)
{
	char *content = is_secret ? secret_new(size + 1, 1) : memory_new(size + 1, 1);
	size_t filled = 0;

	if (!content)
		return ERROR_OUT_OF_MEMORY;
	while (filled < size) {
		ssize_t got = read(fd, content + filled, size - filled);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int read_error = errno;

			file_free(span_of(content, filled));
			errno = read_error;
			return ERROR_SYSTEM;
		}
		if (got == 0)
			break;
		filled += (size_t)got;
	}
	*ret_content = span_of(content, filled);
	return OK;
}

static enum error read_file(const char *path, bool is_secret, struct span *ret_content)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat facts;
	enum error error;

	if (fd < 0)
		return ERROR_SYSTEM;
	if (fstat(fd, &facts) < 0)
		error = ERROR_SYSTEM;
	else if (!S_ISREG(facts.st_mode))
		error = ERROR_INVALID;
	else if (facts.st_size > FILE_SIZE_MAX)
		error = ERROR_TOO_LARGE;
	else
		error = read_all(fd, (size_t)facts.st_size, is_secret, ret_content);

	int kept = errno;

	(void)close(fd);
	errno = kept;
	return error;
}

enum error file_read(const char *path, struct span *ret_content)
{
	return read_file(path, false, ret_content);
}

enum error file_read_secret(const char *path, struct span *ret_content)
{
	return read_file(path, true, ret_content);
}

const char *file_words(enum error error)
{
	return error == ERROR_SYSTEM    ? strerror(errno)
	       : error == ERROR_INVALID ? "it is not a regular file"
	                                : error_words(error);
}

void file_tell_unreadable(struct diagnostics *diagnostics, const struct config_text *path,
                          const char *key, enum error error)
{
	diagnostics_error(diagnostics, path->place, key, "can not read %s: %s", path->text.data,
	                  file_words(error));
}

static uint64_t ns_of(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

struct file_mark file_mark(const char *path)
{
	struct stat facts;

	if (stat(path, &facts) < 0)
		return (struct file_mark){.missing = errno};
	return (struct file_mark){
		.device = facts.st_dev,
		.inode = facts.st_ino,
		.size = (uint64_t)facts.st_size,
		.written_ns = ns_of(&facts.st_mtim),
		.changed_ns = ns_of(&facts.st_ctim),
	};
}

bool file_marks_equal(const struct file_mark *a, const struct file_mark *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->written_ns == b->written_ns && a->changed_ns == b->changed_ns &&
	       a->missing == b->missing;
}

void file_free(struct span content)
{
	char *bytes = (char *)(uintptr_t)content.data;

	secret_free(bytes);
}
