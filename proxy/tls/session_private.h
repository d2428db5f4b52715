/* What the modules session*.c know of a TLS session, and nobody else does. */
#ifndef SALLYPORT_TLS_SESSION_PRIVATE_H
#define SALLYPORT_TLS_SESSION_PRIVATE_H

#include <mbedtls/ssl.h>

#include "tls/channel.h"
#include "tls/handshake.h"
#include "tls/hello.h"
#include "tls/session.h"
#include "tls/timeline.h"

enum {
	/* Room in wire_out that only alerts may take, so that one can always be sent. */
	ALERT_ROOM = 128,
	/* A record that is not longer may be an alert. */
	ALERT_RECORD_SIZE_MAX = 64,
};

struct tls_session {
	struct tls_server *server;       /* referenced */
	mbedtls_ssl_context *ssl;        /* in TLS_HANDSHAKE, and in TLS_FAILED if it failed there */
	struct tls_handshake *handshake; /* in TLS_HANDSHAKE, and in TLS_FAILED if it failed there */
	struct tls_timeline *timeline;   /* from the ClientHello on, until it is dropped */
	struct tls_hello_scan scan;
	struct buffer *wire_in; /* Borrows: during a call; NULL in between */
	struct buffer *wire_out;
	enum tls_phase phase;
	enum error error; /* in TLS_FAILED */
	int code;         /* the library's number for it */
	bool has_bytes;   /* something has come from the client */
	bool has_begun;   /* the library has begun to work */
	bool has_left_tickets;
	/* What follows the handshake; its keys are zero before. */
	struct tls_channel channel;
	size_t charged;                /* of the budget */
	const char *words;             /* why it was refused before the library; NULL: it was not */
	char *name;                    /* facts.server_name */
	struct tls_identity *identity; /* facts.client */
	struct tls_facts facts;
};

/* --- session_failure.c --- */

/* The error of ours for the library's `code`. */
enum error session_error_for(const struct tls_session *session, int code);
/* Enters TLS_FAILED; returns `error`. */
enum error session_fail(struct tls_session *session, enum error error, int code);
/* Fails with an error of the library, which has sent an alert or not. */
enum error session_fail_with_alert(struct tls_session *session, int code);
/* Fails before the library exists; `alert` is written into wire_out. */
enum error session_refuse(struct tls_session *session, enum error error, int alert);
/* Takes over what the observer has seen so far. */
void session_note_progress(struct tls_session *session);

/* --- session_handshake.c --- */

/* Charges the budget with `bytes` in place of what it was charged with. */
bool session_charge(struct tls_session *session, size_t bytes);
void session_free_library(struct tls_session *session);
void session_free_handshake(struct tls_session *session);
MUST_CHECK enum error session_advance_hello(struct tls_session *session, bool wire_ended);
MUST_CHECK enum error session_advance_handshake(struct tls_session *session, bool wire_ended);

#endif
