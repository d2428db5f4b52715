/*
 * The tables of our configuration: all that a file may say, see config/schema.h for the columns.
 */
#ifndef SALLYPORT_CONFIG_CONFIG_SCHEMA_H
#define SALLYPORT_CONFIG_CONFIG_SCHEMA_H

#include "config/schema.h"

/* Decodes into a struct config. */
extern const struct schema config_schema;

#endif
