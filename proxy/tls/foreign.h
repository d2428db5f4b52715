/*
 * Which other protocol a connection speaks where TLS is expected, by its first bytes.
 *
 * Scanners, misconfigured clients and health checks send such bytes to every open port. What they
 * are called here ends up in the log only: the connection is refused in any case.
 *
 * Owner: nobody; a pure function of the bytes.
 */
#ifndef SALLYPORT_TLS_FOREIGN_H
#define SALLYPORT_TLS_FOREIGN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

enum { TLS_FOREIGN_BYTES_MAX = 12 }; /* no more than these are looked at */

struct tls_foreign {
	const char *words; /* "the client speaks SSH" */
	enum error error;  /* ERROR_TLS_NOT_TLS, ERROR_TLS_SSL2_HELLO */
	bool is_known;     /* more bytes would not tell more */
};

/*
 * `first`: what has come, from the first byte on. False if it begins as a TLS record does (RFC 8446
 * §5.1: a content type from 20 to 24, then a version 3.x), or is empty.
 */
MUST_CHECK bool tls_foreign_find(struct span first, struct tls_foreign *ret_foreign);

#endif
