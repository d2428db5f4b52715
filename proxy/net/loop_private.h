/* What the modules of net/ know of a loop, and nobody else does. */
#ifndef SALLYPORT_NET_LOOP_PRIVATE_H
#define SALLYPORT_NET_LOOP_PRIVATE_H

#include <stdbool.h>
#include <uv.h>

#include "base/list.h"
#include "net/deadline.h"

enum { LOOP_SIGNALS_MAX = 8 };

struct loop_signal {
	uv_signal_t handle;
	void (*on_signal)(void *owner, int number);
	void *owner;
};

struct loop {
	uv_loop_t uv;
	uv_timer_t timer;     /* wakes the loop for the next deadline */
	uv_prepare_t prepare; /* the end of a turn */
	uv_async_t async;     /* posts have come */
	struct deadlines deadlines;
	uint64_t armed_ms;

	uv_mutex_t posts_lock;
	struct list posts; /* guarded by posts_lock */

	uint64_t turn; /* how many have ended */
	void (*on_turn)(void *owner);
	void *on_turn_owner;

	struct loop_signal signals[LOOP_SIGNALS_MAX];
	unsigned signal_count;

	struct list starved;           /* wires that found no block to read into */
	struct deadline starved_again; /* when they try again */
};

/* Lets the wires on loop->starved look for a block again. In wire.c; owner is the loop. */
void wire_starved_again(void *owner);

#endif
