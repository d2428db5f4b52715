/*
 * The file of ticket keys that a fleet shares, so that what one replica has sealed another opens,
 * also after a restart.
 *
 * Text: one key a line, 32 random bytes in base64, as `openssl rand -base64 32` writes them; the
 * newest first. Empty lines, and what follows a `#`, are skipped. At most TLS_TICKET_KEYS_MAX keys.
 *
 * From each key its public name and the key that seals are derived by HKDF-SHA-256 (RFC 5869), so
 * that all who have the file agree on both.
 */
#ifndef SALLYPORT_TLS_TICKET_FILE_H
#define SALLYPORT_TLS_TICKET_FILE_H

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "tls/tickets.h"

/*
 * Reads the keys; the generation stays 0. `why` says in one sentence, without a full stop and
 * without anything of a key, what is wrong, and in which line.
 * ERROR_TLS_TICKET_KEYS: no key, too many, one that is no 32 bytes of base64, one that is there
 * twice. ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_ticket_file_read(struct span file, struct tls_ticket_secrets *ret_secrets,
                                           struct text *why);

#endif
