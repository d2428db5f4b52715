/*
 * sallyport(1) and sallyport.yaml(5), printed from the tables that the program itself uses.
 */
#ifndef SALLYPORT_CLI_MANUAL_H
#define SALLYPORT_CLI_MANUAL_H

#include <stdbool.h>

#include "base/text.h"

/* Adds the page `sallyport` (NULL: it, too) or `sallyport.yaml`; false: there is no such page. */
bool manual_print(const char *name, struct text *out);

#endif
