/*
 * The steps of one handshake, in order, each with its time and its bytes: for the log.
 *
 * Messages have the names of RFC 8446 §4 and RFC 5246 §7.4; steps of our own are in lower case.
 * Mbed TLS walks a state machine with about one state for each message, so a step is what it did in
 * one state: `took_us` is the time that it computed, without waiting for the client. In TLS 1.3 the
 * key exchange is computed in ServerHello and the signature in CertificateVerify; in TLS 1.2 our
 * half of the key exchange and the signature in ServerKeyExchange, the rest in ClientKeyExchange.
 *
 * Owner: a tls_session. Bounded: after TLS_TIMELINE_STEPS_MAX steps no more are kept.
 */
#ifndef SALLYPORT_TLS_TIMELINE_H
#define SALLYPORT_TLS_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A TLS 1.3 handshake with HelloRetryRequest and client certificate has 19. */
enum { TLS_TIMELINE_STEPS_MAX = 24 };

enum tls_timeline_side { TLS_BY_US, TLS_BY_CLIENT, TLS_BY_SERVER, TLS_TIMELINE_SIDE_COUNT };

struct tls_timeline_step {
	const char *name;            /* "ClientHello"; static */
	enum tls_timeline_side side; /* who sent the message; BY_US: no message, but work of ours */
	uint64_t at_us;              /* its end, since the connection was accepted */
	uint64_t took_us;
	uint64_t bytes; /* on the wire, record headers included */
};

struct tls_timeline {
	struct tls_timeline_step steps[TLS_TIMELINE_STEPS_MAX];
	size_t count;
	bool has_parsed;      /* the library has taken the first ClientHello */
	uint64_t took_us;     /* of the step that is being worked on */
	size_t unsent;        /* 1 + index of a message of ours whose bytes are not out yet; 0: none */
	bool may_be_left_out; /* that message, which is then taken back if no bytes come */
	uint64_t received;    /* bytes as of the last call */
	uint64_t sent;
	uint64_t step_bytes; /* of the step that is being worked on */
};

/* What the library did in one call. */
struct tls_timeline_work {
	int state; /* its own number, before the call */
	bool is_1_3;
	bool is_over;    /* it is through with that state */
	bool is_flushed; /* and has sent all that it had to */
	uint64_t took_us;
	uint64_t at_us;    /* now */
	uint64_t received; /* all bytes so far */
	uint64_t sent;
};

/* "proxy", "client", "server" */
const char *tls_timeline_side_name(enum tls_timeline_side side);

void tls_timeline_add(struct tls_timeline *timeline, const struct tls_timeline_step *step);

/*
 * Adds a step once the library is through with a state. A state without a message, such as one that
 * was skipped, adds none. In TLS 1.3 the library sends a message at the beginning of its next call:
 * then the message gets its bytes.
 */
void tls_timeline_note(struct tls_timeline *timeline, const struct tls_timeline_work *work);

#endif
