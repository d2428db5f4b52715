/*
 * Routes: from the host and path of a request to a cluster.
 *
 * The most specific host that has a matching path decides; within a host, the longest path:
 *
 *   1. the exact name, in any case, a dot at the end of the request's host ignored;
 *   2. wildcards, longest first: `*.example.com` stands for one label or more in front of
 *      `.example.com` (a.example.com, a.b.example.com), as in nginx; not for example.com itself,
 *      and not, as in a certificate, for one label only;
 *   3. routes without a host.
 *
 * If a host has routes but none for the path, the next less specific host is asked.
 *
 * A path that ends in `/` matches everything that begins with it (`/api/` does not match `/api`);
 * one that does not matches itself and what lies below it (`/api`: /api, /api/x, not /apis).
 *
 * Both sides are compared in normal form (RFC 3986 §6.2.2), so that what a backend would take for
 * the same path goes the same way: percent-encoded bytes decoded, but not `%2F` and `%25`, which
 * would change the structure; runs of `/` made one; then `.` and `..` segments removed. Only this
 * comparison uses the normal form: what is forwarded is what was received.
 *
 * A look-up takes one hash per label of the host and two per segment of the path, whatever the
 * number of routes.
 *
 * Owner: route_table_free(). Borrows: nothing of the config. Threads: immutable, shared.
 */
#ifndef SALLYPORT_ROUTE_TABLE_H
#define SALLYPORT_ROUTE_TABLE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

struct config;
struct route_table;

/*
 * Builds it of config->routes. Of two equal routes (which the config's checks refuse) the first
 * counts. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error route_table_new(const struct config *config, struct route_table **ret_table);
void route_table_free(struct route_table *table);

/*
 * `host`: as in struct message, without port; may be empty. `path`: as received, without query;
 * what does not begin with `/` (`*`) counts as `/`. `scratch`: for the normal form of the path.
 * *ret_route: index into config->routes. ERROR_NO_ROUTE, ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error route_table_find(const struct route_table *table, struct span host,
                                       struct span path, struct arena *scratch, size_t *ret_route,
                                       size_t *ret_cluster_index);

#endif
