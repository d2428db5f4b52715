/* Wires under test: what they were told, and a bulk transfer through them. */
#ifndef SALLYPORT_TEST_NET_ENDS_H
#define SALLYPORT_TEST_NET_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/wire.h"

struct end {
	struct wire *wire; /* NULL: not open, or closed */
	unsigned events;
	bool closes;       /* in its next event */
	struct end *other; /* closed in the event as well; NULL: none */
};

void on_end_event(void *owner);
void end_close(struct end *end);

/* A wire that is connected to a plain socket. */
void end_open(struct end *end, int *ret_peer);
/* Two wires connected with each other, by TCP or a unix socket. */
void ends_open(struct end *connected, struct end *accepted, bool is_unix);
void end_connect(struct end *end, const struct address *addresses, size_t count);

/* Puts text into `out` and flushes. */
void end_send(struct end *end, const char *text);
/* Turns the loop until `in` holds exactly the text, and takes it. */
void end_expect(struct end *end, const char *text);
/* Puts bytes, as of stream_init(…, STUFF_SEED), until the kernel takes no more and holds `out`. */
enum { STUFF_SEED = 1 };
void end_stuff(struct end *end);

/* One direction of a bulk transfer: bytes of a known sequence. */
struct stream {
	uint64_t left;  /* bytes still to be put */
	uint64_t taken; /* bytes seen */
	uint32_t put_state;
	uint32_t take_state;
	size_t block_max; /* capacity of the largest block that was put into or taken from */
};

void stream_init(struct stream *stream, uint64_t size, uint32_t seed);
/* Puts what fits into the wire's `out`, and flushes. */
void stream_put(struct stream *stream, struct wire *wire);
/* Takes up to `most` bytes of the wire's `in`, and checks each. */
void stream_take(struct stream *stream, struct wire *wire, size_t most);

#endif
