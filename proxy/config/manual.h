/*
 * sallyport.yaml(5): the manual page of the configuration, in man(7) macros, from the tables of
 * the reference (config/reference.h).
 */
#ifndef SALLYPORT_CONFIG_MANUAL_H
#define SALLYPORT_CONFIG_MANUAL_H

#include "base/text.h"

/* Adds the whole page. */
void config_manual_print(struct text *out);

#endif
