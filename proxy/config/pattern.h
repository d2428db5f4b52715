/*
 * What a route may ask for: a host (or a wildcard) and the beginning of a path; and guesses at what
 * somebody meant by a broken address.
 */
#ifndef SALLYPORT_CONFIG_PATTERN_H
#define SALLYPORT_CONFIG_PATTERN_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

/*
 * Reads a host name (RFC 1123 §2.1), an IPv4 address, or `*.` and a host name. Returns NULL and
 * adds it in lower case to `out`, or returns the problem in one clause and adds what may have been
 * meant, if anything.
 */
const char *pattern_host(struct span text, struct text *out);

/*
 * Reads the beginning of a path: `/`, then segments of RFC 3986's characters without `//`, `/./`
 * and `/../`, which routes take out of a request's path before they compare. Results as of
 * pattern_host(), but as it was written.
 */
const char *pattern_prefix(struct span text, struct text *out);

/* Adds an address that may have been meant by a text that is none (`:443`, `http://app:80/`);
 * nothing if there is no good guess. `listen`: without names. */
void pattern_suggest_address(struct span text, bool listen, struct text *out);

#endif
