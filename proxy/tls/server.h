/*
 * The server side of TLS for one listener in one worker: what every connection there shares.
 *
 * It holds the policy and the library's configurations for it (tls/prebuilt.h; ALPN http/1.1), the
 * worker's own copies of the private keys, and the choice of the certificate by server name: the
 * exact name, else a wildcard, else the first certificate, or a refusal. Which of the certificates
 * of one name, and everything else that is negotiated, tls/choice.h decides.
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
#include "tls/certificate.h"
#include "tls/library.h"
#include "tls/policy.h"
#include "tls/tickets.h"

struct tls_server;

struct tls_server_options {
	/* At least one. Each is referenced. If two are for one name and of one kind (RSA, ECDSA), the
	 * first is used. */
	struct tls_certificate *const *certificates;
	size_t certificate_count;
	/* What is allowed. NULL: tls_policy_default(). */
	const struct tls_policy *policy;
	/* Clients that name no server, or one that no certificate is for, get the alert
	 * unrecognized_name; otherwise the first certificate. */
	bool refuse_unknown_name;
	/* Referenced. NULL: no tickets, each handshake is a full one. */
	struct tls_tickets *tickets;
	/* Borrows: from the worker; both outlive the tls_server and its sessions. */
	struct tls_random *random;
	struct budget *budget;
	/* Records that one key may protect, for each direction; 0: what RFC 8446 §5.5 allows
	 * AES-GCM. For tests. */
	uint64_t records_max;
};

/* Holds one reference. ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL. */
MUST_CHECK enum error tls_server_new(const struct tls_server_options *options,
                                     struct tls_server **ret_server);
struct tls_server *tls_server_ref(struct tls_server *server);
/* NULL is allowed. */
void tls_server_unref(struct tls_server *server);

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
const struct tls_policy *tls_server_policy(const struct tls_server *server);
/*
 * What the library works on from now on: some of its callbacks do not tell. Both NULL: nothing.
 * A fatal alert of the client is noted in *alert, encrypted or not.
 */
void tls_server_work_on(struct tls_server *server, struct tls_handshake *handshake, int *alert);
struct budget *tls_server_budget(const struct tls_server *server);
uint64_t tls_server_records_max(const struct tls_server *server);

#endif
