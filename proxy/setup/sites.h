/*
 * What a listener with TLS has for each server name, from its part of the configuration: the
 * certificates, loaded, and the policies, found.
 */
#ifndef SALLYPORT_SETUP_SITES_H
#define SALLYPORT_SETUP_SITES_H

#include <stddef.h>

#include "base/error.h"
#include "config/config.h"
#include "config/diagnostics.h"
#include "setup/material.h"
#include "setup/policies.h"
#include "tls/site.h"

/*
 * Loads and checks all that the listener at `index` names; files are read only for what is not in
 * `materials` yet, and added to it. Whatever is wrong goes to `diagnostics`, all of it, and then
 * there may be no sites, although the result is OK. Holds one reference; borrows the policies.
 * ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error setup_sites_new(const struct config_tls *tls, size_t index,
                                      struct setup_policies *policies, struct materials *materials,
                                      struct diagnostics *diagnostics,
                                      struct tls_sites **ret_sites);

#endif
