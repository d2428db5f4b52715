/*
 * A wire with or without TLS, seen as one plain duplex: bytes that came in, room for bytes to go
 * out.
 *
 *      wire.in  ──▶ (TLS) ──▶ transport_in()          without TLS the two are the same buffer
 *      wire.out ◀── (TLS) ◀── transport_out()
 *
 * Nothing happens by itself: the owner's pump calls transport_advance() until nothing moves.
 *
 * Owner: a session (its client side) or a link to a backend. It owns its wire and its TLS session.
 */
#ifndef SALLYPORT_TRANSPORT_TRANSPORT_H
#define SALLYPORT_TRANSPORT_TRANSPORT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "net/wire.h"
#include "tls/session.h"

struct transport {
	struct wire *wire;
	struct tls_session *tls; /* NULL: plain */
	struct pool *pool;       /* Borrows: from the worker */
	struct buffer plain_in;  /* only with TLS */
	struct buffer plain_out; /* only with TLS */
	bool has_sent;           /* plain bytes, sealed */
	bool end_wanted;
	/* So many bytes of `wire.out`, if they are all of it, need not go before more does. */
	size_t patient;
	bool starved;     /* the last advance or transport_out() found no block: try again later */
	enum error error; /* why nothing moves any more; OK while it may. What is in transport_in()
	                     may still be read, but no byte will follow. */
};

/* Takes over the wire and the TLS session (NULL: plain). */
void transport_init(struct transport *transport, struct wire *wire, struct tls_session *tls,
                    struct pool *pool);
/* Closes the wire at once; `reset`: so that the peer sees no clean end. */
void transport_done(struct transport *transport, bool reset);
/* From here on the bytes are those of TLS: what is in transport_in() is the first of them. Owner of
 * `tls`: the transport. */
void transport_begin_tls(struct transport *transport, struct tls_session *tls);
/* Goes on without TLS, for a client that spoke none: what it sent is then in transport_in(). */
void transport_drop_tls(struct transport *transport);

/* True once the keys of its TLS have served long: time to end it after this exchange. */
bool transport_is_worn(const struct transport *transport);
/* True once bytes can be exchanged: connected, and the handshake is over. Also while bytes are left
 * to read of a wire that has failed since. */
bool transport_is_open(const struct transport *transport);

/*
 * Moves bytes between wire and plain as far as they go; true if any moved. After an error (kept in
 * `error`) only what is already in `wire.out`, such as an alert, is still written.
 *
 * Tickets that go to a client whose first request has come already are not worth a system call and
 * a packet of their own: they wait for the answer, and go with it.
 */
bool transport_advance(struct transport *transport);

/* What came in, for the owner to take from. */
struct buffer *transport_in(struct transport *transport);
/* True if no byte will follow those in transport_in(): a clean end, by FIN or close_notify. */
bool transport_in_ended(const struct transport *transport);
/* True if no byte will follow those in transport_in(), be it a clean end or a failure. */
bool transport_in_is_final(const struct transport *transport);
/* Makes a full input buffer larger, up to BLOCK_LARGE. ERROR_TOO_LARGE: it is that large already.
 * ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error transport_grow_in(struct transport *transport);

/* Drops all that came in, decrypted or not; returns how many bytes. For the end of a connection. */
size_t transport_discard_in(struct transport *transport);

/* Room for bytes to go out, for `wanted` of them if none are there yet; maybe less while memory is
 * short, or if that is more than a block holds. NULL while the pool has no block. */
struct buffer *transport_out(struct transport *transport, size_t wanted);
/* True if nothing waits in transport_out(): all that came in on another transport of the same pool
 * can then be handed over as it is. */
bool transport_takes_all(const struct transport *transport);
/* Hands over all of transport_in(from), which transport_takes_all(): no byte is copied. */
void transport_hand_over(struct transport *from, struct transport *to);
/* True if everything that was put into transport_out() has been handed to the kernel. Tickets do
 * not count. */
bool transport_is_flushed(const struct transport *transport);
/* True if the peer takes no more bytes: what is put into transport_out() is lost. */
bool transport_out_failed(const struct transport *transport);

/* Ends our side after what is in transport_out(): close_notify, if there is TLS, then FIN. */
void transport_end(struct transport *transport);
/* True once that has been handed to the kernel, or can not be any more. */
bool transport_out_ended(const struct transport *transport);

/* Whether to read at all; reading also stops by itself while there is no room. */
void transport_want_read(struct transport *transport, bool wanted);
/* Gives back what memory an idle connection does not need. */
void transport_rest(struct transport *transport);

#endif
