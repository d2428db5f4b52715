/*
 * When a session may be resumed: the library's two callbacks for tickets.
 *
 * A ticket opens no door that a full handshake would not open. It is bound to the server name
 * (RFC 6066 §3), to the terms of that name, and to the certificates that there are for it: so a
 * ticket is good for nothing under another name, another policy, or at another server that holds
 * the same keys but other certificates.
 *
 * It never stands for a client's certificate. Terms that ask for one, be it required or not, give
 * no tickets and take none: the library of 3.6 would leave out the certificate of a client that
 * resumes, and call it verified.
 *
 * A ticket that can not be used is no error: a full handshake follows.
 *
 * Owner: a tls_server. Threads: one worker.
 */
#ifndef SALLYPORT_TLS_RESUMPTION_H
#define SALLYPORT_TLS_RESUMPTION_H

#include "tls/library.h"
#include "tls/site.h"
#include "tls/ticket.h"
#include "tls/tickets.h"

struct mbedtls_ssl_config;
struct tls_handshake;

struct tls_resumption {
	struct tls_tickets *tickets; /* referenced; NULL: each handshake is a full one */
	struct tls_ticket_keys keys;
	struct tls_sites *sites;            /* Borrows: from the tls_server */
	struct tls_random *random;          /* Borrows: from the worker */
	const struct tls_handshake *active; /* Borrows: what the library works on; set from outside */
};

/* `tickets` may be NULL. */
void tls_resumption_init(struct tls_resumption *resumption, struct tls_tickets *tickets,
                         struct tls_sites *sites, struct tls_random *random);
void tls_resumption_done(struct tls_resumption *resumption);

/* Sets the callbacks in a configuration for these terms, if there are tickets under them. */
void tls_resumption_configure(struct tls_resumption *resumption, const struct tls_terms *terms,
                              struct mbedtls_ssl_config *config);

#endif
