/*
 * One client connection, from accept to close.
 *
 *      HANDSHAKE ─▶ AWAIT_REQUEST ─▶ READ_HEAD ─▶ EXCHANGE ─▶ LINGER ─▶ CLOSING
 *                        ▲                            │ │
 *                        └──────── keep-alive ────────┘ └─▶ TUNNEL ─▶ LINGER
 *
 * Where a balancer tells the client's address, PROXY_HEADER comes first.
 *
 * Events of its sockets and its deadline call the pump, which moves bytes on every path until none
 * moves; then it settles: there, and only there, reading starts and stops, the deadline moves, and
 * the session closes.
 *
 * Owner: itself, from session_open() until it closes; it is on services->sessions all that time.
 * Borrows: services. Threads: one worker.
 */
#ifndef SALLYPORT_SESSION_SESSION_H
#define SALLYPORT_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/list.h"
#include "http/h1_head.h"
#include "net/deadline.h"
#include "session/pace.h"
#include "session/pinned.h"
#include "session/services.h"
#include "tls/server.h"
#include "transport/transport.h"

struct exchange;
struct listener_metrics;

/* The table in session.c has their names, and which may follow which. */
enum session_phase {
	SESSION_PROXY_HEADER,
	SESSION_HANDSHAKE,
	SESSION_AWAIT_REQUEST,
	SESSION_READ_HEAD,
	SESSION_EXCHANGE,
	SESSION_TUNNEL,
	SESSION_LINGER,
	SESSION_CLOSING,
	SESSION_PHASE_COUNT
};

enum { SESSION_ID_SIZE = 16 };

struct session {
	struct list node; /* on services->sessions */
	struct services *services;
	const struct setup_listener *listener;
	struct listener_metrics *metrics; /* of the listener. Borrows: from services->metrics */
	char id[SESSION_ID_SIZE];         /* hexadecimal digits: joins the lines of the log */
	struct tls_server *tls;           /* a reference; NULL: plain */
	struct address peer;              /* the client's, as the PROXY header tells if there is one */
	struct address reached;           /* what it connected to, with has_reached */
	bool has_reached;
	uint64_t proxy_header_bytes; /* of what came, the header: the client itself said the rest */
	bool peer_trusted;
	bool is_half_open;        /* counted in services->half_open */
	uint32_t half_open_place; /* for that: the peer may be told to be another one later */

	struct transport client;
	enum session_phase phase;
	uint64_t opened_ms; /* on the loop's clock, as the next one */
	uint64_t phase_began_ms;
	uint64_t ended_ms;      /* when our side ended, while lingering; 0: not yet */
	size_t discarded_bytes; /* while lingering */
	struct deadline deadline;
	struct pace pace;     /* of the exchange, and of what is left of it to be read */
	uint64_t taken_bytes; /* by the client, when the deadline passed last */
	bool is_due;          /* the phase has taken too long */
	bool was_idle;        /* it lingers without having anything to answer */
	bool reset_wanted;    /* close so that the client can not take it for a clean end */

	struct h1_head head;
	uint64_t head_began_us;
	unsigned exchange_count;
	struct exchange *exchange; /* Owner: the session; NULL between exchanges */
	struct pinned pinned;      /* Owner: the session; its client's own links, between exchanges */
};

/*
 * Takes over an accepted socket. `tls`: NULL for a plain listener, else the worker's for this
 * listener. Owner of `fd`: the session, also on failure. ERROR_TLS_HANDSHAKE_LIMIT: it was closed
 * before any TLS work, and that was logged. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error session_open(struct services *services, const struct setup_listener *listener,
                                   struct tls_server *tls, int fd, const struct address *peer);
/* Ends after the exchange that runs; at once if none does. services->draining must be set. */
void session_drain(struct session *session);
/* A newer setup has taken over: one more request may come, if it comes soon.
 * services->retired_ms must be set. */
void session_retire(struct session *session);
/* Closes now. */
void session_abort(struct session *session);

const char *session_phase_name(enum session_phase phase);

/* For the modules of this folder. */

/* Moves all that can move, then settles. The session may be gone afterwards. */
void session_pump(void *owner);
/* Enters the next phase; the edge must be legal. */
void session_enter(struct session *session, enum session_phase phase);
/* The loop's clock. */
uint64_t session_now_ms(const struct session *session);
/* Whether another request may follow: neither is the proxy stopping, nor has a newer setup taken
 * over, nor are the TLS keys worn. */
bool session_may_go_on(const struct session *session);

#endif
