/*
 * One TLS connection, server side, as a pure step: bytes of one buffer become bytes of another.
 *
 *     wire_in ──▶ tls_session_advance() ──▶ plain_in        (and handshake answers ──▶ wire_out)
 *     plain   ──▶ tls_session_write()   ──▶ wire_out
 *
 * No I/O, no timers, no callbacks. Blocked is not an error: it is an empty wire_in, or a full
 * wire_out or plain_in.
 *
 * Until the ClientHello is complete the session takes nothing from wire_in and holds no memory
 * but its own struct. It sees the ClientHello only if wire_in can hold all of it: give wire_in a
 * capacity of TLS_HELLO_SIZE_MAX (BLOCK_RECORD). A larger hello, or one that our own reader does
 * not understand, is left to the library, which answers it or sends the alert.
 *
 * After any error the phase is TLS_FAILED, every further call returns the same error, and an
 * alert, if one is due, is in wire_out: write it out, then close.
 *
 * The library does the handshake; what follows is tls/channel.h's, so that an open connection holds
 * keys, and no buffers.
 *
 * What it does not do: renegotiation, 0-RTT.
 *
 * Owner: one transport. Borrows: the buffers, during a call only. Threads: one worker.
 */
#ifndef SALLYPORT_TLS_SESSION_H
#define SALLYPORT_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "tls/ja4.h"
#include "tls/record.h"
#include "tls/server.h"

enum {
	TLS_HELLO_SIZE_MAX = 18 * 1024, /* a ClientHello as on the wire, record headers included */
	/* The least capacity that wire_out must have for records to be written at all. */
	TLS_WIRE_OUT_MIN = 512,
	/* What a session counts against the budget, beside its own struct. From the complete
	 * ClientHello on: measured, and a test compares. */
	TLS_SESSION_MEMORY_HANDSHAKE = 44 * 1024,
	/* Once the handshake is over: two ciphers of at most half of that. */
	TLS_SESSION_MEMORY_OPEN = 1024,
};

struct tls_session;
struct tls_timeline;

enum tls_phase {
	TLS_HELLO,          /* collecting the ClientHello */
	TLS_HANDSHAKE,      /* until the client's Finished (and our tickets) */
	TLS_OPEN,           /* application data both ways */
	TLS_CLOSED_BY_PEER, /* the client's close_notify came: no more to read, writing goes on */
	TLS_FAILED,
	TLS_PHASE_COUNT
};

/* "hello", "handshake" … */
const char *tls_phase_name(enum tls_phase phase);

/* Takes a reference to `server`. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error tls_session_new(struct tls_server *server, struct tls_session **ret_session);
/* Wipes the keys. Sends nothing. NULL is allowed. */
void tls_session_free(struct tls_session *session);

enum tls_phase tls_session_phase(const struct tls_session *session);

/*
 * Does as much as the buffers allow: handshake, then decrypting into plain_in while there is
 * room. `wire_ended`: the client has shut down its side; no byte will come after those in wire_in.
 * *ret_moved: whether bytes or the phase moved, also if an error is returned.
 *
 * wire_in and plain_in may be without memory (no bytes, no room). In the phases HELLO and HANDSHAKE
 * wire_out must have a capacity of at least TLS_WIRE_OUT_MIN; in OPEN, reading stands still while
 * wire_out has less room than an alert needs (128 bytes).
 *
 * ERROR_TLS_PLAIN_HTTP: the first bytes are those of an HTTP request; they are still in wire_in.
 * ERROR_TLS_NO_HELLO: the client closed without a byte. ERROR_TLS_NOT_TLS, ERROR_TLS_SSL2_HELLO:
 *   its first bytes are of another protocol (tls/foreign.h).
 * ERROR_TLS_HELLO_MALFORMED, ERROR_TLS_HELLO_TOO_LARGE: its first message is no ClientHello that
 *   can be read.
 * ERROR_TLS_UNKNOWN_NAME: refused, see tls/site.h.
 * ERROR_TLS_NO_COMMON_VERSION, _SUITE, _GROUP, _SIGNATURE: the first step of tls/choice.h at which
 *   there was no agreement; ERROR_TLS_HANDSHAKE: no agreement that we could tell, or a malformed
 *   handshake. ERROR_TLS_NO_COMMON_PROTOCOL: ALPN without http/1.1. tls_session_explain() says why.
 * ERROR_TLS_CLIENT_CERTIFICATE: the client's certificate was refused;
 * ERROR_TLS_CLIENT_CERTIFICATE_MISSING: it has none, and must.
 * ERROR_TLS_ALERT: the client sent a fatal alert.
 * ERROR_TLS_RECORD: a record that can not be decrypted or must not come now.
 * ERROR_CONNECTION_CLOSED: wire_ended during the handshake.
 * ERROR_TLS_TRUNCATED: wire_ended in TLS_OPEN without close_notify; all that was readable is in
 *   plain_in. What it means depends on what was being read.
 * ERROR_TLS_KEY_LIMIT: the keys have protected as many records as they may.
 * ERROR_OUT_OF_MEMORY: the budget or the heap. ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_session_advance(struct tls_session *session, struct buffer *wire_in,
                                          bool wire_ended, struct buffer *wire_out,
                                          struct buffer *plain_in, bool *ret_moved);

/* True if bytes that are already decrypted, or begun, wait inside for room in plain_in. */
bool tls_session_has_pending(const struct tls_session *session);

/*
 * Encrypts bytes of `plain` into wire_out, in as many records as fit, each as large as may be, and
 * tells how many bytes of `plain` were taken: 0 if there is no room, which is not an error. Records
 * are written whole or not at all. A record that is cut short is written only if all
 * the room that is left is at least a quarter of wire_out's capacity.
 * Only in TLS_OPEN and TLS_CLOSED_BY_PEER, and not after tls_session_close(); before: takes 0.
 * ERROR_TLS_KEY_LIMIT, ERROR_TLS_INTERNAL, or the error that the session failed with.
 */
MUST_CHECK enum error tls_session_write(struct tls_session *session, struct span plain,
                                        struct buffer *wire_out, size_t *ret_taken);

/* The next records are small: nothing has been written yet, or not for a while. Does nothing before
 * TLS_OPEN. */
void tls_session_begin_small(struct tls_session *session);

/*
 * Writes close_notify. True when that is done, or was done before, or can not be (the handshake
 * has not ended, or the session has failed); false if wire_out has no room: call again. Nothing
 * can be written after it; reading goes on.
 */
MUST_CHECK bool tls_session_close(struct tls_session *session, struct buffer *wire_out);

/* True if what the handshake has put last into the wire's output are tickets only, which no client
 * waits for: in TLS 1.3, when it is over. */
bool tls_session_left_tickets(const struct tls_session *session);

/* True from half of the records that its keys may protect on: time to end after this exchange. */
bool tls_session_is_worn(const struct tls_session *session);

/* What was agreed, and when. Borrows: everything from the session or from static memory. */
struct tls_facts {
	const char *version;     /* "TLSv1.3", "TLSv1.2"; NULL until the ServerHello */
	const char *suite;       /* IANA name; NULL until the ServerHello */
	const char *group;       /* "x25519", "secp256r1" …; NULL until known, and if there is none */
	const char *alpn;        /* "http/1.1"; NULL if the client does not speak ALPN */
	struct span server_name; /* lower case, a valid host name; empty: none */
	bool resumed;
	bool has_retry; /* it cost a HelloRetryRequest: no key share of ours was offered */
	/* What the client has proved; NULL: nothing, or not asked, see `client_mode`. */
	const struct tls_identity *client;
	enum tls_client_mode client_mode; /* of the terms that the handshake went by */
	int certificate;                  /* index in the server's tls_sites; -1: none was sent */
	int alert_received;               /* RFC 8446 §6 number; -1: none that is fatal */
	int alert_sent;
	/* Bytes on the wire until the end of the handshake. */
	uint64_t handshake_bytes_in;
	uint64_t handshake_bytes_out;
	/* Steps, on the clock of clock_now_us(); 0: not reached. */
	uint64_t started_us;      /* tls_session_new() */
	uint64_t hello_us;        /* ClientHello complete */
	uint64_t server_hello_us; /* ServerHello written */
	uint64_t finished_us;     /* the client's Finished verified */
};

const struct tls_facts *tls_session_facts(const struct tls_session *session);
/* What its server had for each name when it began: facts.certificate is an index into these. */
const struct tls_sites *tls_session_sites(const struct tls_session *session);

/* One sentence, without a full stop, on why the session failed; nothing if it has not. */
void tls_session_explain(const struct tls_session *session, struct text *text);

/* The same for an end that the session itself does not see: ERROR_CONNECTION_RESET,
 * ERROR_TLS_HANDSHAKE_TIMEOUT. If it has failed by itself, that is what is told. */
void tls_session_explain_end(const struct tls_session *session, enum error error,
                             struct text *text);

/* Goes on with what would let the client in, where nothing was in common, and its price; else adds
 * nothing. It costs many decisions: not for each of a flood. */
void tls_session_explain_remedy(const struct tls_session *session, struct text *text);

/* The JA4 (tls/ja4.h) of a handshake that goes on or has failed. False: its ClientHello was not
 * read, or it is over. */
MUST_CHECK bool tls_session_ja4(const struct tls_session *session, char ret_ja4[TLS_JA4_SIZE]);

/* The steps of the handshake so far; NULL before the ClientHello, and once they were dropped. */
const struct tls_timeline *tls_session_timeline(const struct tls_session *session);
/* Frees them, for a session that will live long. */
void tls_session_drop_timeline(struct tls_session *session);

#endif
