/*
 * Whole small files: certificates, revocation lists, keys, pages, users.
 */
#ifndef SALLYPORT_SETUP_FILE_H
#define SALLYPORT_SETUP_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "config/config.h"
#include "config/diagnostics.h"

enum { FILE_SIZE_MAX = 1 << 20 };

/*
 * Reads a regular file of at most FILE_SIZE_MAX bytes. Owner of the bytes: the caller, until
 * file_free(). ERROR_SYSTEM (see errno), ERROR_TOO_LARGE, ERROR_INVALID (not a regular file),
 * ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error file_read(const char *path, struct span *ret_content);
/* The same for private keys: in memory of base/secret.h. */
MUST_CHECK enum error file_read_secret(const char *path, struct span *ret_content);
/* Why file_read() failed, right after it did. */
const char *file_words(enum error error);
/* Reports that and why a file could not be read, right after file_read() has failed with `error`.
 * `key`: the path of the key that names it. */
void file_tell_unreadable(struct diagnostics *diagnostics, const struct config_text *path,
                          const char *key, enum error error);
/*
 * What tells one state of a file from another: of the file which the path leads to now, through all
 * symbolic links. A file that is replaced, by a rename or by another link, has another one, and
 * so has one that was written to, or whose mode or owner was changed.
 */
struct file_mark {
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	uint64_t written_ns; /* mtime */
	uint64_t changed_ns; /* ctime: a file that could not be read may have become readable */
	int missing;         /* errno; 0: it is there, else all the rest is 0 */
};

/* Looks, without opening. */
struct file_mark file_mark(const char *path);
bool file_marks_equal(const struct file_mark *a, const struct file_mark *b);

/* Wipes and frees: it may have been a key. */
void file_free(struct span content);

#endif
