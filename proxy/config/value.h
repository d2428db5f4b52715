/*
 * One scalar of the configuration: decoded as the row of its key says, or refused with words that
 * tell what was expected, what was found, and perhaps what was meant.
 */
#ifndef SALLYPORT_CONFIG_VALUE_H
#define SALLYPORT_CONFIG_VALUE_H

#include "base/error.h"
#include "base/text.h"
#include "config/schema.h"

enum { VALUE_NAME_MAX = 64, VALUE_PREFIX_MAX = 1024, VALUE_PATH_MAX = 4095 };

/*
 * Decodes a node of any kind for a row of a scalar kind into `object` + its offsets. What is wrong
 * is only reported, and the field left as it was. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error value_decode(const struct schema_field *field, struct schema_reader *reader,
                                   const struct node *node, void *object);
/* Decodes the row's default, which must have one. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error value_decode_default(const struct schema_field *field,
                                           struct schema_reader *reader, void *object);

/* Stores a text with its place in the struct config_text at `at`. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error value_store_text(struct schema_reader *reader, struct span text,
                                       struct place place, void *at);
/* True for letters, digits, `-`, `_` and `.`, 1 to VALUE_NAME_MAX of them. */
bool value_is_name(struct span text);

/* Adds what the row's kind takes, such as `a duration such as 30s`. */
void value_put_expected(const struct schema_field *field, struct text *out);
/* Adds a number in the unit of its kind, such as `32KiB` or `1m`. */
void value_put_number(enum schema_kind kind, uint64_t number, struct text *out);
/* Adds what a node is, for "found …": its text in quotes, `nothing`, `a list` or `a map`. */
void value_put_found(const struct node *node, struct text *out);

#endif
