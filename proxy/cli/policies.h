/*
 * `sallyport policies [NAME]`: the TLS policies that there are, as text.
 */
#ifndef SALLYPORT_CLI_POLICIES_H
#define SALLYPORT_CLI_POLICIES_H

#include <stdbool.h>

#include "base/text.h"

/* All, a line for each, or the one of that name in full. False if there is none: `text` then says
 * so, with the nearest name. */
bool policies_print(const char *name, struct text *text);

#endif
