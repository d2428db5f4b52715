/*
 * The tables of `limits` and `timeouts`.
 */
#ifndef SALLYPORT_CONFIG_LIMITS_SCHEMA_H
#define SALLYPORT_CONFIG_LIMITS_SCHEMA_H

#include "config/schema.h"

extern const struct schema config_limits_schema;
extern const struct schema config_timeouts_schema;

#endif
