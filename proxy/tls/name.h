/*
 * A server name as it stands in a ClientHello or a certificate, in its one normal form: lower case,
 * without a trailing dot (RFC 6066 §3, RFC 9525 §6.3; case: RFC 4343).
 */
#ifndef SALLYPORT_TLS_NAME_H
#define SALLYPORT_TLS_NAME_H

#include <stdbool.h>

#include "base/span.h"

enum { TLS_NAME_SIZE_MAX = 253 };

/*
 * Writes the normal form of a host name: labels of 1 to 63 letters, digits, hyphens and
 * underscores (which real hosts have), at most 253 bytes. Returns its size, or 0 if `name` is not a
 * host name.
 */
size_t tls_name_normalize(struct span name, char ret_name[TLS_NAME_SIZE_MAX]);

/* As tls_name_normalize(), but the first label may be "*", if another one follows. */
size_t tls_name_normalize_pattern(struct span pattern, char ret_pattern[TLS_NAME_SIZE_MAX]);

/* The name from its first dot on: what a wildcard's pattern has after its "*". Empty: no dot. */
struct span tls_name_parent(struct span name);

/* Whether a normal pattern, exact or wildcard, is for a normal name. */
bool tls_name_matches(struct span pattern, struct span name);

#endif
