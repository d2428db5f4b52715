/*
 * Credentials of the Basic scheme (RFC 7617 §2).
 */
#ifndef SALLYPORT_HTTP_BASIC_H
#define SALLYPORT_HTTP_BASIC_H

#include "base/error.h"
#include "base/span.h"
#include "http/message.h"

enum { BASIC_SIZE_MAX = 512 }; /* bytes of name, colon and password */

/* Wipe it after use. */
struct basic {
	char bytes[BASIC_SIZE_MAX];
	struct span user; /* in `bytes` */
	struct span password;
};

/*
 * Reads the one Authorization field. Strict: one space after `Basic` (in any case), then base64
 * with its padding (RFC 4648 §4) of a name, a colon and a password without control characters.
 * ERROR_CREDENTIALS_MISSING: there is no such field, or of another scheme.
 * ERROR_CREDENTIALS_WRONG: malformed, too long, or more than one field.
 */
MUST_CHECK enum error basic_read(const struct message *request, struct basic *ret_basic);

#endif
