/*
 * One event loop, for one thread.
 *
 * Besides sockets (net/wire.h, net/listener.h) it has deadlines, a hook that runs once at the end
 * of each turn, and the one thread-safe call of the project: loop_post().
 *
 * Owner: the thread's main function. Everything opened on a loop must be closed, and the loop run
 * until it is still, before loop_free().
 */
#ifndef SALLYPORT_NET_LOOP_H
#define SALLYPORT_NET_LOOP_H

#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "net/deadline.h"

struct loop;

/* ERROR_OUT_OF_MEMORY, ERROR_SYSTEM (no file descriptors for it). */
MUST_CHECK enum error loop_new(struct loop **ret_loop);
void loop_free(struct loop *loop);

/* Runs turns until loop_stop() has been called and every handle is closed. */
void loop_run(struct loop *loop);
/* Lets loop_run() return once nothing is open any more. From the loop's own thread. */
void loop_stop(struct loop *loop);

/* Milliseconds of the monotonic clock, as of the beginning of this turn. */
uint64_t loop_now_ms(const struct loop *loop);
struct deadlines *loop_deadlines(struct loop *loop);
/* Sets a deadline `after_ms` from now. */
void loop_set_deadline(struct loop *loop, struct deadline *deadline, uint64_t after_ms);

/* Calls `on_turn` at the end of each turn, before the loop sleeps. One hook per loop. */
void loop_on_turn(struct loop *loop, void (*on_turn)(void *owner), void *owner);

/* A message to a loop. Owner: the sender until it is posted, then the receiver. */
struct post {
	struct list node;
	void (*on_post)(struct post *post);
};

/* Thread-safe: `on_post` is called on the loop's thread, in the order of posting. */
void loop_post(struct loop *loop, struct post *post);
/* Thread-safe: takes back one that was posted to this loop, if it has not been called yet. Its node
 * must have been initialised with list_init() before it was ever posted. */
void loop_unpost(struct loop *loop, struct post *post);

/* The first of those that nobody will take any more, once loop_run() has returned; NULL: none. */
struct post *loop_take_post(struct loop *loop);

/* Calls `on_signal` when the process gets the signal. ERROR_SYSTEM. */
MUST_CHECK enum error loop_on_signal(struct loop *loop, int number,
                                     void (*on_signal)(void *owner, int number), void *owner);

/* Version of libuv at run time. */
const char *loop_library_version(void);

#endif
