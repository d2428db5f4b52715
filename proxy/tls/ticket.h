/*
 * One session ticket: a session's state sealed so that only those who have the key can open it, and
 * only for what it was given for.
 *
 *     key name (16) · nonce (12) · ciphertext · tag (16)        AES-256-GCM
 *
 * The key's name and a *binding*, which the ticket does not hold, are additional data: with another
 * binding the ticket does not open. tls/resumption.c says what it is bound to. The layout is as
 * RFC 5077 §4 recommends. Nonces are random: a key must seal far fewer than 2^32 tickets, which our
 * own do in half a lifetime, and shared ones if they are replaced in time.
 *
 * Owner: a tls_server has the worker's own handles to the keys, so that no lock is taken to use
 * them.
 */
#ifndef SALLYPORT_TLS_TICKET_H
#define SALLYPORT_TLS_TICKET_H

#include <psa/crypto.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "tls/library.h"
#include "tls/tickets.h"

enum {
	TLS_TICKET_STATE_MAX = 512, /* of a session without client certificates, with room to spare */
	TLS_TICKET_OVERHEAD = TLS_TICKET_KEY_NAME_SIZE + 12 + 16,
	TLS_TICKET_BINDING_MAX = 512,
};

struct tls_ticket_keys {
	struct tls_tickets *tickets; /* Borrows: from the tls_server */
	uint32_t generation;
	unsigned count;
	struct {
		unsigned char name[TLS_TICKET_KEY_NAME_SIZE];
		psa_key_id_t key;
	} keys[TLS_TICKET_KEYS_MAX];
};

/* The first use takes the keys over. */
void tls_ticket_keys_init(struct tls_ticket_keys *keys, struct tls_tickets *tickets);
void tls_ticket_keys_done(struct tls_ticket_keys *keys);

/*
 * Writes a ticket with `state` to `ret_ticket`, which has `room` bytes. ERROR_TOO_LARGE,
 * ERROR_TLS_INTERNAL, ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error tls_ticket_seal(struct tls_ticket_keys *keys, struct tls_random *random,
                                      struct span binding, struct span state, char *ret_ticket,
                                      size_t room, size_t *ret_size);

/*
 * Writes the state of a ticket to `ret_state`. ERROR_NOT_FOUND: not one of ours, or its key is
 * gone. ERROR_INVALID: forged, damaged, or bound to something else. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error tls_ticket_open(struct tls_ticket_keys *keys, struct span binding,
                                      struct span ticket, char ret_state[TLS_TICKET_STATE_MAX],
                                      size_t *ret_size);

#endif
