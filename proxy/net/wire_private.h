/* What wire.c and wire_connect.c know of a wire, and nobody else does. */
#ifndef SALLYPORT_NET_WIRE_PRIVATE_H
#define SALLYPORT_NET_WIRE_PRIVATE_H

#include <uv.h>

#include "base/list.h"
#include "net/loop_private.h"
#include "net/wire.h"

/*
 * The libuv side of a wire. It outlives the wire until libuv has let go of it.
 * Owner: libuv's loop, from opening until its close callback.
 */
struct socket {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	uv_connect_t connect;
	uv_write_t write;
	struct owned_wire *wire; /* NULL once the wire is closed */
	struct buffer orphan;    /* what was being written then */
	struct pool *pool;
};

struct owned_wire {
	struct wire wire;
	struct loop *loop;
	struct pool *pool;
	struct socket *socket;
	wire_event *on_event;
	void *owner;
	bool want_read;
	bool reading;
	bool end_wanted;
	size_t untaken_bytes;    /* when a write was last found to be under way */
	size_t writing_bytes;    /* at the front of `out`, held by the kernel; 0: no write under way */
	enum block_size in_size; /* of the next block of `in` */
	size_t offered;          /* room that the read under way was given */
	uint64_t turn;           /* the loop's, when bytes were last read */
	size_t turn_bytes;       /* how many in that turn */
	bool yields;             /* there is more to be read in the next turn */
	uint64_t sent_ms;        /* when bytes were last sent */
	struct list starved;
	struct address *addresses; /* still to be tried; freed once connected */
	size_t address_count;
	size_t address_next;
};

static inline struct owned_wire *wire_owned(struct wire *wire)
{
	return (struct owned_wire *)(void *)wire;
}

static inline void wire_emit(struct owned_wire *w)
{
	w->on_event(w->owner);
	/* The wire may be gone now. */
}

/* NULL: out of memory. Owner: the caller, until wire_close(). */
struct owned_wire *wire_new(struct loop *loop, struct pool *pool, wire_event *on_event,
                            void *owner);
/* ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error wire_open_socket(struct owned_wire *w, bool is_unix);
/* Closes the socket, which outlives this by as long as libuv holds it. */
void wire_abandon(struct owned_wire *w);
/* Nothing moves any more. `uv_status`: of libuv. */
void wire_fail(struct owned_wire *w, enum error error, int uv_status);

#endif
