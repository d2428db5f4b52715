/*
 * The normal form of a path, for comparing (RFC 3986 §6.2.2 and §5.2.4, and a little more).
 *
 * Percent-encoded bytes are decoded, except `%2F` and `%25`, which get upper-case digits; runs of
 * `/` become one; `.` and `..` segments are removed, and `..` stays below the root.
 * A path that has no `/` at its front becomes `/`.
 *
 * Idempotent only in the sense of comparing: do not forward it.
 */
#ifndef SALLYPORT_ROUTE_PATH_H
#define SALLYPORT_ROUTE_PATH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/* Allocates as many bytes as the path has only if it is not in normal form. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error path_normalise(struct span path, struct arena *arena, struct span *ret_path);

#endif
