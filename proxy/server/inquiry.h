/*
 * A question to all workers, asked by the main thread.
 *
 * Each worker answers on its own thread, between two events of its loop, from its own plain
 * structures: so what a worker counts and keeps needs neither locks nor atomics. When all have
 * answered, or a deadline has passed, the answers are handed over together on the main loop. A
 * worker that was too late still does what the question wants; its answer is thrown away.
 *
 * A question may also be an order, such as to use a backend no more.
 *
 * Knows of workers only that each has a loop and a subject. Bounded: INQUIRIES_MAX at once, those
 * that nobody waits for any more but some worker has still to come back from included.
 *
 * Threads: the main thread, but for inquiries_leave() and what runs in `answer`.
 */
#ifndef SALLYPORT_SERVER_INQUIRY_H
#define SALLYPORT_SERVER_INQUIRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { INQUIRIES_MAX = 64 };

struct loop;

/* All questions under way, and whom they are put to. Owner: the server. */
struct inquiries;
/* One of them. Owner: itself, until its last answer has come back. */
struct inquiry;

/* Somebody who answers. Borrows: both, until inquiries_leave() or inquiries_free(). */
struct inquiry_target {
	struct loop *loop;
	void *subject;
};

struct inquiry_events {
	/* On the target's thread: what it knows, in memory of its own; NULL: nothing. `question` is
	   shared by all targets and must not be changed. */
	void *(*answer)(void *subject, const void *question);
	/* On the main loop, exactly once unless it is cancelled, and never from inside
	   inquiry_start(): one answer for each target in their order. NULL: it has none, is too late,
	   or has left. Owner of the answers: the inquiry. */
	void (*on_done)(void *owner, void *const *answers, size_t count);
	/* On the main thread. */
	void (*release_answer)(void *answer);
	/* On the main thread, once no target can look at it any more; NULL: there is nothing to do. */
	void (*release_question)(void *question);
};

/* `loop`: the main one. The targets are copied. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error inquiries_new(struct loop *loop, const struct inquiry_target *targets,
                                    size_t target_count, struct inquiries **ret_inquiries);
/*
 * Ends all without a word to their owners. Only when each target's thread has ended or never
 * began; their loops may be gone, the main one may not. NULL is allowed.
 */
void inquiries_free(struct inquiries *inquiries);

/*
 * From any thread: this target's loop has run for the last time. It is asked no more, and what it
 * has not answered it never will. The loop must live until the main loop has run again.
 */
void inquiries_leave(struct inquiries *inquiries, size_t target);

/*
 * Asks. `question` belongs to the inquiry until `release_question`, on failure it stays the
 * caller's. `events` must outlive it.
 * ERROR_OVERLOADED: too many at once. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error inquiry_start(struct inquiries *inquiries,
                                    const struct inquiry_events *events, void *question,
                                    void *owner, uint64_t within_ms, struct inquiry **ret_inquiry);
/* The owner wants no answer any more. Not after on_done(). NULL is allowed. */
void inquiry_cancel(struct inquiry *inquiry);

#endif
