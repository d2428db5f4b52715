/*
 * Keys of session tickets (RFC 5077, RFC 8446 §4.6.1) for the whole process: its own, which rotate
 * by themselves, or those of a file that a fleet shares.
 *
 * Own: a new key is made every half lifetime, by the first handshake that finds the old one too
 * old; the one before is kept for decryption only. A ticket can so be used for at least half a
 * lifetime and at most one, and a stolen key opens one lifetime. They are in memory only.
 *
 * Shared (tls/ticket_file.h): the first seals, the others only open. They never change by
 * themselves: whoever owns the file puts a new key before the old ones, and has it read again. A
 * ticket says itself when it was made, so that its lifetime is kept by all who open it.
 *
 * All keys are wiped.
 *
 * Owner: whoever holds a reference: the server, to keep resumption going over a reload, and each
 * tls_server. Threads: shared by all. One atomic load on each use; a lock only when a key changes.
 */
#ifndef SALLYPORT_TLS_TICKETS_H
#define SALLYPORT_TLS_TICKETS_H

#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"

struct tls_tickets;

enum { TLS_TICKET_KEYS_MAX = 8 };

/* RFC 8446 §4.6.1: at most seven days. */
#define TLS_TICKETS_LIFETIME_MIN_MS 1000u
#define TLS_TICKETS_LIFETIME_MAX_MS (7u * 24 * 3600 * 1000)

/*
 * Makes the first key. Holds one reference. `lifetime_ms` is brought into the limits above.
 * ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL (no entropy).
 */
MUST_CHECK enum error tls_tickets_new(uint64_t lifetime_ms, struct tls_tickets **ret_tickets);
/*
 * The same with the keys of a file, whose text is given. `why` says what is wrong with it.
 * ERROR_TLS_TICKET_KEYS, ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_tickets_new_shared(uint64_t lifetime_ms, struct span file,
                                             struct tls_tickets **ret_tickets, struct text *why);
/* Takes the keys of the file in place of those that were shared before. As above; on failure those
 * stay. */
MUST_CHECK enum error tls_tickets_share(struct tls_tickets *tickets, struct span file,
                                        struct text *why);
struct tls_tickets *tls_tickets_ref(struct tls_tickets *tickets);
/* NULL is allowed. */
void tls_tickets_unref(struct tls_tickets *tickets);

/* A new key of our own now; the oldest is forgotten. Not for shared ones. ERROR_TLS_INTERNAL (no
 * entropy), ERROR_OUT_OF_MEMORY: nothing changed. */
MUST_CHECK enum error tls_tickets_rotate(struct tls_tickets *tickets);
/* 1 at first, then one more with each change of the keys. */
uint32_t tls_tickets_generation(const struct tls_tickets *tickets);

/* --- For tls/ticket.c ------------------------------------------------------------------------ */

enum { TLS_TICKET_KEY_SIZE = 32, TLS_TICKET_KEY_NAME_SIZE = 16 };

/* The keys of one generation, the one for sealing first. Wipe it after use. */
struct tls_ticket_secrets {
	struct {
		unsigned char name[TLS_TICKET_KEY_NAME_SIZE]; /* public, tells keys apart */
		unsigned char key[TLS_TICKET_KEY_SIZE];       /* AES-256-GCM */
	} keys[TLS_TICKET_KEYS_MAX];
	unsigned count;
	uint32_t generation;
};

/* Makes a new key first if it is time. One atomic load if not. */
uint32_t tls_tickets_refresh(struct tls_tickets *tickets);
void tls_tickets_copy(struct tls_tickets *tickets, struct tls_ticket_secrets *ret_secrets);
uint64_t tls_tickets_lifetime_ms(const struct tls_tickets *tickets);

#endif
