/*
 * The tables of `tracing` and `metrics`, as config/config_schema.h has them for the whole.
 */
#ifndef SALLYPORT_CONFIG_OBSERVING_SCHEMA_H
#define SALLYPORT_CONFIG_OBSERVING_SCHEMA_H

#include "config/schema.h"

extern const struct schema config_tracing_schema;
extern const struct schema config_metrics_schema;

#endif
