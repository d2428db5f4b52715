/*
 * Small files as text: the configuration itself, and what holds the value of a variable.
 */
#ifndef SALLYPORT_CONFIG_SOURCE_H
#define SALLYPORT_CONFIG_SOURCE_H

#include "base/error.h"
#include "base/text.h"

/*
 * Adds what the file holds to `text`, whose maximum bounds it: `text->cut` says that there is more.
 * ERROR_SYSTEM: it can not be read, see errno. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error source_read(const char *path, struct text *text);

#endif
