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
#include "tls/hello.h"
#include "tls/name.h"
#include "tls/observer.h"
#include "tls/server.h"

enum { TLS_REASON_SIZE = 160 };

struct tls_handshake {
	struct tls_server *server; /* Borrows: from the session */
	struct tls_observer observer;
	/* Our own reader understood the ClientHello: what follows is set. */
	bool is_read;
	char *message;          /* the first ClientHello; owned */
	struct tls_hello hello; /* Borrows: from the message */
	/* The server name in its normal form; empty: none, or not a host name. */
	char name[TLS_NAME_SIZE_MAX];
	size_t name_size;
	/* Set by tls_server_config(), if the ClientHello was read; else no step is DONE. */
	unsigned kinds; /* of the certificates for the name, as for tls_choose() */
	struct tls_decision decision;
	int certificate;  /* index of the one that was chosen; -1: none, or left to the library */
	enum error error; /* why a callback made the library stop; OK: none did */
	int alert;        /* to be sent for that; -1: none */
	char reason[TLS_REASON_SIZE]; /* the library's words; empty: none */
};

void tls_handshake_init(struct tls_handshake *handshake, struct tls_server *server);

void tls_handshake_done(struct tls_handshake *handshake);

/* Reads the complete ClientHello, if it can be understood. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error tls_handshake_read(struct tls_handshake *handshake,
                                         const struct tls_hello_scan *scan, struct span wire);

struct span tls_handshake_name(const struct tls_handshake *handshake);

/* Whether the decision says why the handshake can not succeed. */
bool tls_handshake_is_hopeless(const struct tls_handshake *handshake);

/* Takes a line of the library's debug output: the last one of level 1 tells why it failed. */
void tls_handshake_note(struct tls_handshake *handshake, const char *line);

#endif
