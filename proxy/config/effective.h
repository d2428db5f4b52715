/*
 * The configuration in force as YAML: every key of the tables, with what it is set to or its
 * default. What is loaded from the output means the same, apart from secrets:
 *
 * For hashes of passwords, and for values of fields whose name says that they are credentials,
 * there stands `(secret)`. Keys and certificates are named, never read.
 */
#ifndef SALLYPORT_CONFIG_EFFECTIVE_H
#define SALLYPORT_CONFIG_EFFECTIVE_H

#include "base/text.h"
#include "config/config.h"

void config_write_effective(const struct config *config, struct text *out);

#endif
