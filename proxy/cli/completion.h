/*
 * What a shell needs to complete our command lines, made from the tables of commands and options.
 */
#ifndef SALLYPORT_CLI_COMPLETION_H
#define SALLYPORT_CLI_COMPLETION_H

#include <stdbool.h>

#include "base/text.h"

/* Adds the script for `bash`, `zsh` or `fish`; false: another shell, or NULL. */
bool completion_print(const char *shell, struct text *out);

#endif
