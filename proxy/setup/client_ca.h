/*
 * Whom clients have to be certified by, from the files that the configuration names.
 */
#ifndef SALLYPORT_SETUP_CLIENT_CA_H
#define SALLYPORT_SETUP_CLIENT_CA_H

#include "base/error.h"
#include "config/config.h"
#include "config/diagnostics.h"
#include "setup/material.h"
#include "tls/terms.h"

/* Where it stands: the listener, and what leads to it in the file, `listeners[0].tls`. */
struct client_ca_place {
	size_t listener;
	const char *keys;
};

/*
 * Sets what the terms say of client certificates; the reference in them is the caller's. `config`
 * NULL: none are asked for. The CAs are those of `materials`, or else read and added to them. What
 * is wrong goes to `diagnostics`, at the file whose fault it is, and then the terms stay as they
 * are. ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error setup_client_ca_load(const struct config_client_certificates *config,
                                           const struct client_ca_place *place,
                                           struct materials *materials,
                                           struct diagnostics *diagnostics,
                                           struct tls_terms *terms);

#endif
