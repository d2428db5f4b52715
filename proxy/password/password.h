/*
 * Passwords and their hashes, as in shadow(5) and htpasswd(1): the one place that knows libxcrypt.
 *
 * Taken are yescrypt (`$y$`), bcrypt (`$2b$`, `$2y$`, `$2a$`) and sha512crypt (`$6$`), which cost
 * some 10 to 500 ms of a processor: not for a loop's thread. Older forms are refused, since they
 * can be guessed too fast.
 *
 * Threads: any.
 */
#ifndef SALLYPORT_PASSWORD_PASSWORD_H
#define SALLYPORT_PASSWORD_PASSWORD_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

enum {
	PASSWORD_SIZE_MAX = 256,       /* bytes; bcrypt looks at the first 72 only */
	PASSWORD_HASH_SIZE = 384,      /* with its NUL: CRYPT_OUTPUT_SIZE */
	PASSWORD_BCRYPT_COST_MAX = 14, /* about a second */
	PASSWORD_ROUNDS_MAX = 1000000, /* of sha512crypt: about a second */
};

/* NULL if the text is a hash that can be used, else why not, in one clause. */
const char *password_hash_problem(struct span hash);

/*
 * Whether the hash is that of the password; compared in constant time. False too for a password
 * that is longer than PASSWORD_SIZE_MAX or holds a NUL. `hash`: without a problem.
 * ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error password_check(struct span password, struct span hash, bool *ret_matches);

/* Makes a hash: yescrypt with the library's own cost and a random salt, NUL-terminated.
 * ERROR_TOO_LARGE, ERROR_INVALID (it holds a NUL), ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error password_hash(struct span password, char ret_hash[PASSWORD_HASH_SIZE]);

/* Version of libxcrypt that this was built with. */
const char *password_library_version(void);

#endif
