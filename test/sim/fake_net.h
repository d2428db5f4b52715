/*
 * The network of a simulation, instead of the one of proxy/net: connections that are two queues of
 * bytes, a clock that stands still until it is moved, and lookups that are answered when told.
 *
 * The proxy's side of it are the functions of net/loop.h, net/wire.h and net/lookup.h (fake_loop.c,
 * fake_wire.c, fake_lookup.c); the deadlines are the real ones. This header is the other side: that
 * of the peers, and of the world that decides what happens next.
 *
 * It behaves as Linux and libuv do where a proxy can tell: bytes come in any portions, a write may
 * be taken in part, a write to a peer that is gone succeeds once and answers with a reset, a reset
 * or a close with unread bytes loses a part of what was under way, memory of a write under way is
 * pinned, and what is not written when a wire is closed is lost.
 *
 * Owner: the world owns the loop; the loop owns its connections until loop_done().
 */
#ifndef SALLYPORT_SIM_FAKE_NET_H
#define SALLYPORT_SIM_FAKE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/list.h"
#include "base/span.h"
#include "net/deadline.h"
#include "net/wire.h"
#include "sim/bytes.h"
#include "sim/random.h"

struct owned_wire;

/* One direction of a connection: what was sent and has not been received yet. */
struct lane {
	struct bytes queue;
	size_t capacity;      /* of the kernel's buffers: a sender can have no more under way */
	uint64_t put_bytes;   /* in all, without what got lost */
	uint64_t taken_bytes; /* in all */
	uint64_t lost_bytes;
	bool ended; /* FIN after the last byte */
	bool end_taken;
	bool reset; /* a reset after the last byte */
};

/* In how large portions bytes move. */
enum grain { GRAIN_BYTE, GRAIN_SMALL, GRAIN_MIXED, GRAIN_WHOLE, GRAIN_COUNT };

/* What becomes of an attempt to connect. */
enum fate { FATE_ACCEPTED, FATE_REFUSED, FATE_REFUSED_AT_ONCE, FATE_UNANSWERED };

struct connection {
	struct list node; /* on loop->connections */
	struct loop *loop;
	unsigned number;
	struct lane to_proxy;
	struct lane from_proxy;
	enum grain grain;
	unsigned pace;           /* how eagerly the net works for it: 1 to 16 */
	struct owned_wire *wire; /* NULL: the proxy has not accepted it yet, or has closed it */
	bool proxy_closed;
	bool peer_closed;   /* takes and sends nothing any more */
	bool closed_unread; /* the proxy closed it with bytes of the peer unread, or they came later */
	bool connecting;
	enum fate fate;
	uint64_t decided_ms; /* when the fate of the attempt to connect is known */
	void *peer;          /* Borrows: the fake backend's state; NULL for a client */
	void *tap;           /* Borrows: who listens to what the proxy sends; NULL: nobody */
};

struct loop {
	struct random *random; /* Borrows: from the world */
	struct deadlines deadlines;
	uint64_t now_ms;
	struct list connections;
	unsigned connection_count;
	struct list lookups;
	struct list starved; /* wires that found no block to read into */
	struct deadline starved_again;
	unsigned long calls; /* from the proxy; the world sets it back with each step */
	/* The proxy connects: to whom, and what becomes of it. */
	enum fate (*on_connect)(void *owner, struct connection *connection,
	                        const struct address *address);
	/* Bytes of the proxy were taken by the kernel, for a peer that may be gone. */
	void (*on_sent)(void *owner, struct connection *connection, struct span bytes);
	void *owner;
};

/* In caller's memory. */
void loop_init(struct loop *loop, struct random *random, uint64_t now_ms);
/* Frees the connections. The proxy must have closed all wires, and cancelled all lookups. */
void loop_done(struct loop *loop);
/* Moves the clock and runs the deadlines that have passed. */
void loop_advance(struct loop *loop, uint64_t now_ms);

/* A connection that a client opens; its number is the `fd` for wire_accept(). */
struct connection *connection_new(struct loop *loop);
/* How many bytes of `available` move at once now. At least 1, if there are any. */
size_t connection_portion(struct connection *connection, const struct lane *lane, size_t available);

/* The connection of a wire that is open. */
struct connection *wire_connection(const struct wire *wire);

/* For the world: what can happen on the proxy's side now, and letting it happen. */
bool wire_can_connect(const struct connection *connection);
bool wire_can_read(const struct connection *connection);
bool wire_can_write(const struct connection *connection);
void wire_let_connect(struct connection *connection);
void wire_let_read(struct connection *connection);
void wire_let_write(struct connection *connection);

/* For the peers. Puts what there is room for; returns how much. */
size_t connection_send(struct connection *connection, struct span bytes);
/* Ends the peer's side. */
void connection_end(struct connection *connection);
/* Closes both; with bytes unread that is a reset, and some of what was sent is lost. */
void connection_close(struct connection *connection);
void connection_reset(struct connection *connection);

enum received { RECEIVED_NOTHING, RECEIVED_BYTES, RECEIVED_END, RECEIVED_RESET };

/* True if connection_receive() would give anything but NOTHING. */
bool connection_has_news(const struct connection *connection);
/* The next portion, END once, or RESET. */
enum received connection_receive(struct connection *connection, struct bytes *ret_bytes);

/* For the fakes only: the proxy lets go of its side. `reset`: as wire_reset(). */
void connection_leave(struct connection *connection, bool reset);
size_t lane_put(struct lane *lane, struct span bytes);
size_t lane_room(const struct lane *lane);
void lane_take(struct lane *lane, size_t size);
/* True if the write of the proxy is answered by an error. Else the peer may still be gone. */
bool connection_write_fails(struct connection *connection);

/* Lookups that wait for an answer. */
bool lookup_is_waiting(const struct loop *loop);
/* Answers the oldest; `address_count` 0: the name does not resolve. */
void lookup_answer(struct loop *loop, const struct address *addresses, size_t address_count);

#endif
