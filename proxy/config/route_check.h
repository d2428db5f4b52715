/*
 * What must be true within a route, after each of its keys was decoded by itself. What only
 * those know who read and write messages is checked in route/rules.h.
 */
#ifndef SALLYPORT_CONFIG_ROUTE_CHECK_H
#define SALLYPORT_CONFIG_ROUTE_CHECK_H

#include "config/config.h"
#include "config/document.h"

/* Reports each broken rule of config->routes[index]. `node`: where it stands in the file, or NULL.
 * Fills in the statuses of its error pages. */
void route_check(struct config *config, size_t index, const struct node *node,
                 struct diagnostics *diagnostics);
/* The same for a map of error pages; `path`: what stands before `error_pages`, such as
 * `routes[0].`. */
void route_check_error_pages(struct config_error_page *pages, size_t count, const char *path,
                             struct diagnostics *diagnostics);

#endif
