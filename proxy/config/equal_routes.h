/* Routes that take the same requests: the second of two could never be reached. */
#ifndef SALLYPORT_CONFIG_EQUAL_ROUTES_H
#define SALLYPORT_CONFIG_EQUAL_ROUTES_H

#include "config/config.h"
#include "config/document.h"

/*
 * Reports each route that has the host and path of one before it, in time that grows with their
 * number only. `node`: the first route's in the document (NULL: none), for hosts that could not be
 * decoded. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error equal_routes_check(const struct config *config, const struct node *node,
                                         struct diagnostics *diagnostics);

#endif
