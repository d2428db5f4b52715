/*
 * A connected stream socket, TCP or unix, and the bytes on it: a buffer for what came in, one for
 * what is to go out. It gives the bytes no meaning.
 *
 * The socket fills `in` (only while reading is wanted and there is room, with at most WIRE_READ_MAX
 * bytes at once) and drains `out` (after wire_flush()). After each such change it calls
 * `on_event(owner)` once, from the loop, never from inside one of the functions below. The callback
 * may close the wire.
 *
 * Owner: whoever opened it, until wire_close(), which takes effect at once; what the kernel still
 * holds is kept alive behind the scenes.
 */
#ifndef SALLYPORT_NET_WIRE_H
#define SALLYPORT_NET_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/pool.h"

struct loop;

enum {
	/* Sixteen whole TLS records' worth: what is sealed of it fits into one block. */
	WIRE_READ_MAX = 256 << 10,
	/* A fast peer is read no further in one turn of the loop, so that others wait no longer than
	 * that takes: half a millisecond where its bytes are decrypted and passed on. */
	WIRE_TURN_MAX = 512 << 10,
};

enum wire_phase {
	WIRE_CONNECTING,
	WIRE_OPEN,
	WIRE_FAILED, /* `failed` says why; nothing moves any more, but `in` may still be read */
	WIRE_PHASE_COUNT
};

struct wire {
	enum wire_phase phase;
	enum error failed;
	int system_error; /* errno behind `failed`, or 0 */
	struct buffer in;
	struct buffer out;
	bool in_ended;   /* the peer's end (FIN) came after the last byte of `in` */
	bool out_ended;  /* we have ended our side, as wire_end() asked */
	bool out_failed; /* the peer takes no more: what is put into `out` is dropped. It may still
	                    have sent something worth reading. */
	uint64_t received_bytes;
	uint64_t sent_bytes;
	/* As many as may have been sent, because the kernel was given them; at least sent_bytes. */
	uint64_t given_bytes;
	/* When bytes last moved in either direction, on the loop's clock. */
	uint64_t moved_ms;
};

/* Called when something about the wire has changed. */
typedef void wire_event(void *owner);

/*
 * Takes over an accepted socket. Owner of `fd`: the wire, also on failure.
 * ERROR_OUT_OF_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error wire_accept(struct loop *loop, struct pool *pool, int fd, bool is_unix,
                                  wire_event *on_event, void *owner, struct wire **ret_wire);
/*
 * Begins to connect to the first of `addresses` (copied; none may be a name) that accepts, in turn.
 * The outcome is seen in `phase`: WIRE_OPEN, or WIRE_FAILED with ERROR_CONNECT_REFUSED,
 * ERROR_CONNECT_FAILED, or ERROR_NO_DESCRIPTOR, which is not the address's fault. There is no time
 * limit here: the owner has a deadline.
 * ERROR_OUT_OF_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error wire_connect(struct loop *loop, struct pool *pool,
                                   const struct address *addresses, size_t address_count,
                                   wire_event *on_event, void *owner, struct wire **ret_wire);

/* Hands the events to somebody else. */
void wire_set_owner(struct wire *wire, wire_event *on_event, void *owner);

/* Asks the kernel, past the loop: nothing has come, neither a byte nor the end. */
MUST_CHECK bool wire_is_quiet(const struct wire *wire);
/* The address of our end. ERROR_SYSTEM, ERROR_ADDRESS_INVALID. */
MUST_CHECK enum error wire_local_address(const struct wire *wire, struct address *ret_address);

/* How many bytes the peer has taken, as far as the kernel knows: less than sent_bytes by those on
 * their way. */
uint64_t wire_taken_bytes(const struct wire *wire);
/* How long it is since bytes were last sent, or since the beginning. */
uint64_t wire_unsent_ms(const struct wire *wire);
/* For a deadline: what the peer has taken of a write that is still under way counts as a move. */
void wire_note_progress(struct wire *wire);

/* Whether bytes are wanted. Reading begins when there is room and stops when there is none. */
void wire_want_read(struct wire *wire, bool wanted);
/* Makes sure that `out` has memory, for `wanted` bytes if it has none yet and the pool can give so
 * much; false if the pool has none now. */
MUST_CHECK bool wire_open_out(struct wire *wire, size_t wanted);
/* Writes what `out` holds, as far as the kernel takes it now; the rest goes when it can. */
void wire_flush(struct wire *wire);
/* Ends our side (FIN) once `out` is written. */
void wire_end(struct wire *wire);
/* Closes it now; what is not written is lost. NULL is allowed. */
void wire_close(struct wire *wire);
/* As wire_close(), but the peer gets a reset, so that it can not take the end for a clean one. */
void wire_reset(struct wire *wire);

#endif
