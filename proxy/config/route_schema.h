/*
 * The tables of a route's keys, see config/schema.h for the columns.
 */
#ifndef SALLYPORT_CONFIG_ROUTE_SCHEMA_H
#define SALLYPORT_CONFIG_ROUTE_SCHEMA_H

#include "config/schema.h"

/* Decodes into a struct config_route. */
extern const struct schema config_route_schema;
/* Decodes into a struct config_error_page. */
extern const struct schema config_error_page_schema;

#endif
