/* The table of the part `logging`; see config/schema.h for the columns. */
#ifndef SALLYPORT_CONFIG_LOGGING_SCHEMA_H
#define SALLYPORT_CONFIG_LOGGING_SCHEMA_H

#include "config/schema.h"

extern const struct schema config_logging_schema;

#endif
