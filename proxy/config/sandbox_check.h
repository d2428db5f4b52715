/*
 * What the table of `sandbox` can not say: that ports are ports.
 */
#ifndef SALLYPORT_CONFIG_SANDBOX_CHECK_H
#define SALLYPORT_CONFIG_SANDBOX_CHECK_H

#include "config/config.h"

/* Fills in the numbers of `sandbox.ports`. */
void sandbox_check(struct config_sandbox *sandbox, struct diagnostics *diagnostics);

#endif
