/*
 * Reads a request target and an authority (RFC 9112 §3.2, RFC 3986 §3.2, RFC 9110 §4.2).
 *
 * Origin form, absolute form with `http` or `https`, and `*` for OPTIONS. A path has only bytes of
 * H1_PATH, and `%` only with two hexadecimal digits; a query has only bytes of H1_QUERY. An
 * authority is a name of letters, digits, `-`, `_` and dots, none of them first or doubled, or an
 * IPv4 address, or an IPv6 address in brackets without zone; then maybe `:` and a port from 1 to
 * 65535 without leading zeros. No userinfo, no percent, no empty port.
 *
 * Borrows: all spans, from what was given.
 */
#ifndef SALLYPORT_HTTP_H1_TARGET_H
#define SALLYPORT_HTTP_H1_TARGET_H

#include "base/error.h"
#include "base/span.h"
#include "http/message.h"

struct h1_target {
	enum target_form form;
	struct span scheme;
	struct span authority;
	struct span host;
	struct span port;
	struct span path_query; /* may begin with `?`, if an absolute form has a query but no path */
	struct span path;       /* never empty */
	struct span query;
};

/* What is valid in a target, but what backends read in different ways; combined with |. */
enum h1_target_trait {
	H1_TARGET_ENCODED_SLASH = 1, /* `%2F` or `%5C` in the path */
	H1_TARGET_NUL = 2,           /* `%00` in the path or the query */
	/* A segment `.` or `..` of the path, also with its dots encoded, between encoded slashes, or
	   with parameters: what is left of it once somebody has decoded it. */
	H1_TARGET_DOT_SEGMENT = 4,
};

/* ERROR_TARGET_MALFORMED. */
MUST_CHECK enum error h1_target_read(struct span target, enum method method,
                                     struct h1_target *ret_target);
/* The first of the traits in `refused` that it has: TARGET_ENCODED_SLASH, TARGET_NUL,
 * TARGET_DOT_SEGMENT. */
MUST_CHECK enum error h1_target_judge(const struct h1_target *target, unsigned refused);
/* ERROR_HOST_MALFORMED. */
MUST_CHECK enum error h1_authority_read(struct span authority, struct span *ret_host,
                                        struct span *ret_port);

#endif
