/*
 * The server side of TLS for one listener in one worker: what every connection there shares. When a
 * certificate has been renewed another one takes its place for new connections.
 *
 * It holds the worker's own copies of the private keys, and for each of the listener's terms the
 * library's configurations (tls/prebuilt.h; ALPN http/1.1). The server name decides the site
 * (tls/site.h): terms and certificates, or a refusal. Everything else that is negotiated,
 * tls/choice.h decides.
 *
 * Owner: whoever holds a reference: the worker, and each tls_session. Threads: one worker; the
 * counter is not atomic.
 */
#ifndef SALLYPORT_TLS_SERVER_H
#define SALLYPORT_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/span.h"
#include "tls/library.h"
#include "tls/site.h"
#include "tls/tickets.h"

struct tls_server;

struct tls_server_options {
	struct tls_sites *sites; /* referenced */
	/* Referenced. NULL: no tickets, each handshake is a full one; so it is
	 * under a policy without tickets. */
	struct tls_tickets *tickets;
	/* Borrows: from the worker; both outlive the tls_server and its sessions. */
	struct tls_random *random;
	struct budget *budget;
	/* What its sessions have charged the budget with is added to this; NULL: it is not told.
	 * Borrows: as the budget. */
	uint64_t *memory;
	/* Records that one key may protect, for each direction; 0: what the cipher allows
	 * (tls_protection_records_max()). For tests. */
	uint64_t records_max;
};

/* Holds one reference. ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL. */
MUST_CHECK enum error tls_server_new(const struct tls_server_options *options,
                                     struct tls_server **ret_server);
/*
 * Takes from the one that `server` is to follow the parsed keys of all certificates that both have
 * at the same index, so that they need not be parsed again. On the worker's thread, before the
 * first connection.
 */
void tls_server_inherit(struct tls_server *server, const struct tls_server *before);
struct tls_server *tls_server_ref(struct tls_server *server);
/* NULL is allowed. */
void tls_server_unref(struct tls_server *server);

/* What it has for each server name. */
const struct tls_sites *tls_server_sites(const struct tls_server *server);

/* --- For tls/session.c ----------------------------------------------------------------------- */

struct mbedtls_ssl_config;
struct tls_handshake;

/* False if a client that asks for `server_name` (normal form; empty: none) is to be refused. */
bool tls_server_is_for(const struct tls_server *server, struct span server_name);
/*
 * Decides for a ClientHello that was read, into the handshake, and gives the configuration to set
 * the connection up with. Without a decision the library decides, within the policy.
 * ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_server_config(struct tls_server *server, struct tls_handshake *handshake,
                                        const struct mbedtls_ssl_config **ret_config);
/*
 * What the library works on from now on: some of its callbacks do not tell. Both NULL: nothing.
 * A fatal alert of the client is noted in *alert, encrypted or not.
 */
void tls_server_work_on(struct tls_server *server, struct tls_handshake *handshake, int *alert);
struct budget *tls_server_budget(const struct tls_server *server);
/* The budget was charged with so many bytes more; modulo 2^64: less. */
void tls_server_note_memory(struct tls_server *server, uint64_t bytes);
uint64_t tls_server_records_max(const struct tls_server *server);

/* The certificate with this index of the options. */
struct tls_certificate *tls_server_certificate(const struct tls_server *server, int index);

#endif
