/*
 * A certificate and its key, from the files that the configuration names.
 */
#ifndef SALLYPORT_SETUP_CERTIFICATE_H
#define SALLYPORT_SETUP_CERTIFICATE_H

#include <stddef.h>

#include "base/error.h"
#include "config/config.h"
#include "config/diagnostics.h"
#include "setup/material.h"
#include "tls/certificate.h"

/*
 * Gives the pair at `index` of the listener's: what `materials` have of it, or else what is read
 * from the files and added to them. What is wrong goes to `diagnostics`, at the file whose fault it
 * is, and *ret_certificate stays as it is. Holds one reference.
 * ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error setup_certificate_load(const struct config_tls *tls, size_t listener,
                                             size_t index, struct materials *materials,
                                             struct diagnostics *diagnostics,
                                             struct tls_certificate **ret_certificate);

#endif
