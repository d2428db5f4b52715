/*
 * The reference of the configuration: a complete file with every key, printed from the tables.
 *
 * `config/sallyport.yaml` is exactly this; a test compares them.
 */
#ifndef SALLYPORT_CONFIG_REFERENCE_H
#define SALLYPORT_CONFIG_REFERENCE_H

#include "base/text.h"
#include "config/schema.h"

enum { REFERENCE_SIZE_MAX = 64 << 10 };

/* Adds it all, less than REFERENCE_SIZE_MAX bytes. */
void config_reference_print(struct text *out);
/* Adds what a key takes, such as `size, 1KiB to 60KiB, default 32KiB`; nothing for one that holds
 * other keys. */
void config_reference_put_kind(const struct schema_field *field, struct text *out);

#endif
