/*
 * Whole small files: certificates, revocation lists, keys, pages, users.
 */
#ifndef SALLYPORT_SETUP_FILE_H
#define SALLYPORT_SETUP_FILE_H

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
/* Wipes and frees: it may have been a key. */
void file_free(struct span content);

#endif
