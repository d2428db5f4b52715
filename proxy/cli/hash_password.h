/*
 * `sallyport hash-password`: the hash of a password, for basic_auth.
 */
#ifndef SALLYPORT_CLI_HASH_PASSWORD_H
#define SALLYPORT_CLI_HASH_PASSWORD_H

#include "base/error.h"
#include "password/password.h"

/*
 * Reads one line from standard input, without showing it if that is a terminal, and hashes it.
 * ERROR_INVALID: there is none, or it is empty. ERROR_TOO_LARGE, ERROR_OUT_OF_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error hash_password_read(char ret_hash[PASSWORD_HASH_SIZE]);

#endif
