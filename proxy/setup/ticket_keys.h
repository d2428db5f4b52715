/*
 * The file of shared ticket keys, which is read again whenever it has changed.
 *
 * Owner: a setup_listener. Threads: the server's own only; the tls_tickets that it fills are
 * everybody's.
 */
#ifndef SALLYPORT_SETUP_TICKET_KEYS_H
#define SALLYPORT_SETUP_TICKET_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "config/diagnostics.h"
#include "tls/tickets.h"

struct ticket_keys;

/*
 * Loads the file of the listener at `index`. What is wrong goes to `diagnostics`, and then the
 * result is NULL although it is OK; a file that everybody can read is a warning. Borrows the
 * configuration. ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error ticket_keys_new(const struct config_tls *tls, size_t index,
                                      struct diagnostics *diagnostics,
                                      struct ticket_keys **ret_keys);
/* NULL is allowed. */
void ticket_keys_free(struct ticket_keys *keys);

/* Borrows: from the keys. */
struct tls_tickets *ticket_keys_tickets(const struct ticket_keys *keys);
const char *ticket_keys_path(const struct ticket_keys *keys);

/*
 * Looks whether the file is another one than at the last look, or was written to, and if so takes
 * its keys. *ret_changed: whether it was. On failure the keys of before stay, and `why` tells what
 * is wrong with the file; at the next look it is not told again, unless the file has changed again.
 * ERROR_SYSTEM, ERROR_TLS_TICKET_KEYS …
 */
MUST_CHECK enum error ticket_keys_look(struct ticket_keys *keys, bool *ret_changed,
                                       struct text *why);

#endif
