/*
 * The table of `sandbox`: what the process takes from itself.
 */
#ifndef SALLYPORT_CONFIG_SANDBOX_SCHEMA_H
#define SALLYPORT_CONFIG_SANDBOX_SCHEMA_H

#include "config/schema.h"

extern const struct schema config_sandbox_schema;

#endif
