/*
 * What is known of one handshake while it goes on: what the client asked for, what was chosen, what
 * was seen on the wire, and the library's own words on why it failed.
 *
 * Owner: a tls_session, from the ClientHello to the end of the handshake, or its failure. The
 * callbacks in tls/server.c write into it.
 */
#ifndef SALLYPORT_TLS_HANDSHAKE_H
#define SALLYPORT_TLS_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"
#include "tls/choice.h"
#include "tls/client_auth.h"
#include "tls/early_data.h"
#include "tls/hello.h"
#include "tls/name.h"
#include "tls/observer.h"
#include "tls/server.h"
#include "tls/traffic.h"

enum { TLS_REASON_SIZE = 160 };

struct tls_handshake {
	struct tls_traffic traffic; /* the keys that it ends with */
	struct tls_server *server;  /* Borrows: from the session */
	struct tls_observer observer;
	struct tls_early_data early_data;
	/* Our own reader understood the ClientHello: what follows is set. */
	bool is_read;
	char *message;          /* the first ClientHello; owned */
	struct tls_hello hello; /* Borrows: from the message */
	/* The server name in its normal form; empty: none, or not a host name. */
	char name[TLS_NAME_SIZE_MAX];
	size_t name_size;
	const struct tls_terms *terms; /* Borrows: from the server; set by tls_server_config() */
	/* Set by tls_server_config(), if the ClientHello was read; else no step is DONE. */
	const struct tls_site *site; /* Borrows: from the server; NULL: not read */
	unsigned kinds;              /* of the certificates for the name, as for tls_choose() */
	struct tls_decision decision;
	int certificate; /* index of the one that was chosen; -1: none, or left to the library */
	uint64_t certificate_us; /* when that was decided; 0: not since this was last looked at */
	enum error error;        /* why a callback made the library stop; OK: none did */
	int alert;               /* to be sent for that; -1: none */
	struct tls_client_auth client;
	char reason[TLS_REASON_SIZE]; /* the library's words; empty: none */
};

void tls_handshake_init(struct tls_handshake *handshake, struct tls_server *server);

void tls_handshake_done(struct tls_handshake *handshake);

/* Reads the complete ClientHello, if it can be understood. What is wrong with it (tls/fault.h) is
 * in error, alert and reason. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error tls_handshake_read(struct tls_handshake *handshake,
                                         const struct tls_hello_scan *scan, struct span wire);

struct span tls_handshake_name(const struct tls_handshake *handshake);

/* After a step of the library; see tls_client_auth_check(). On an error it and its alert are kept
 * here. */
MUST_CHECK enum error tls_handshake_check_client(struct tls_handshake *handshake,
                                                 struct mbedtls_ssl_context *ssl);

/* Whether the decision says why the handshake can not succeed. */
bool tls_handshake_is_hopeless(const struct tls_handshake *handshake);

/* Takes a line of the library's debug output: the last one of level 1 tells why it failed. */
void tls_handshake_note(struct tls_handshake *handshake, const char *line);

#endif
