/*
 * Whole small files: certificates and keys.
 */
#ifndef SALLYPORT_SETUP_FILE_H
#define SALLYPORT_SETUP_FILE_H

#include "base/error.h"
#include "base/span.h"

enum { FILE_SIZE_MAX = 1 << 20 };

/*
 * Reads a regular file of at most FILE_SIZE_MAX bytes. Owner of the bytes: the caller, until
 * file_free(). ERROR_SYSTEM (see errno), ERROR_TOO_LARGE, ERROR_INVALID (not a regular file),
 * ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error file_read(const char *path, struct span *ret_content);
/* Wipes and frees: it may have been a key. */
void file_free(struct span content);

#endif
