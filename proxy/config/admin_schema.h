/* The table of the part `admin`; see config/schema.h for the columns. */
#ifndef SALLYPORT_CONFIG_ADMIN_SCHEMA_H
#define SALLYPORT_CONFIG_ADMIN_SCHEMA_H

#include "config/schema.h"

/* Decodes into a struct config_admin. */
extern const struct schema config_admin_schema;

#endif
