/*
 * Another beginning for a request's path, on its way to the backend.
 *
 * Whole segments are replaced: `/api` by `/v2` makes `/v2` of /api and `/v2/x` of /api/x; `/` in
 * the place of `/api/` strips it. A slash at the end of either makes no difference. What follows
 * the prefix stays byte for byte as it was received.
 *
 * A route is found by the path's normal form (route/path.h), but what is replaced is the path as it
 * was received. Where the two could part, the request is refused: if the received path does not
 * begin with the prefix literally (`/%61pi/x`, `//api/x`), or if the rest would climb out of the
 * replacement (`/api/../api/../x`): then a backend would serve another path than the one that the
 * route, and all that it guards, was chosen by. Nor may the result begin with `//`, which links on
 * a page would take for the name of a host.
 */
#ifndef SALLYPORT_ROUTE_REWRITE_H
#define SALLYPORT_ROUTE_REWRITE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * `prefix`: of the route that matched; `path`: as received, without query; what does not begin with
 * `/` (`*`) stays. ERROR_PATH_AMBIGUOUS: as above. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error rewrite_path(struct span prefix, struct span replacement, struct span path,
                                   struct arena *arena, struct span *ret_path);

#endif
