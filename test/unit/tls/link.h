/*
 * A TLS session of ours and a real client (OpenSSL, memory BIOs), with nothing but buffers between
 * them. Each test says how many bytes pass at once and how large the buffers are.
 */
#ifndef SALLYPORT_TEST_TLS_LINK_H
#define SALLYPORT_TEST_TLS_LINK_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/pool.h"
#include "base/text.h"
#include "tls/server.h"
#include "tls/session.h"
#include "unit/tls/pki.h"

/* What the process has once. */
struct world {
	struct tls_random *random;
	struct budget budget;
};

extern struct world world;

/* For cmocka_run_group_tests(). */
int world_open(void **state);
int world_close(void **state);

/* Sites of these certificates, whose references it takes over, under one policy (NULL: the
 * default). */
struct tls_sites *make_sites(const struct tls_policy *policy, bool refuse_unknown_name,
                             struct tls_certificate *const *certificates, size_t count);
/* A server for sites, whose reference it takes over. */
struct tls_server *make_server_for(struct tls_sites *sites, struct tls_tickets *tickets);
/* A server for these certificates, whose references it takes over; NULL ends the list. */
struct tls_server *make_server(struct tls_tickets *tickets, bool refuse_unknown_name,
                               struct tls_certificate *first, ...);

/* The same with a policy. */
struct tls_server *make_server_with(const struct tls_policy *policy, struct tls_certificate *first,
                                    struct tls_certificate *second);

/* What the client wants; NULL and 0: OpenSSL's defaults. */
struct wish {
	int version; /* TLS1_2_VERSION …: this one only */
	const char *suites_1_2;
	const char *suites_1_3;
	const char *groups;
	const char *signatures;
	const char *name;
	const char *protocols; /* as on the wire: "\x08http/1.1" */
	SSL_SESSION *session;
	bool verify; /* by the root of the tests */
	bool no_ticket;
};

struct link {
	struct tls_session *session;
	SSL_CTX *context;
	SSL *client;
	struct buffer wire_in, wire_out, plain_in;
	struct text received;       /* by the client */
	size_t step;                /* bytes that pass at once, each way; 0: all */
	bool wire_ended;            /* the client's socket has ended */
	enum error error;           /* of the session */
	unsigned long client_error; /* OpenSSL's; 0: none */
	bool client_closed;         /* the client has seen close_notify */
	SSL_SESSION *ticket;        /* the last one that the client got; owned */
	unsigned tickets;
};

void link_open(struct link *link, struct tls_server *server, const struct wish *wish);
void link_close(struct link *link);
/* Gives a buffer another capacity; it must be empty. */
void link_resize(struct buffer *buffer, size_t capacity);

/* Moves bytes both ways until nothing moves. What the session decrypts stays in plain_in. */
void link_run(struct link *link);
/* One turn of it; returns whether anything moved. */
bool link_turn(struct link *link);
/* Runs the handshake and asserts that both sides came through. */
void link_shake(struct link *link);
/* The client sends `text`, and the session must get it. */
void link_client_says(struct link *link, const char *text);
/* The other way. */
void link_session_says(struct link *link, const char *text);
/* What the client tells of an alert that it received, e.g. SSL_AD_HANDSHAKE_FAILURE; -1: none. */
int link_client_alert(const struct link *link);

#endif
