/*
 * Work that would hold up a loop, done on one of libuv's threads, which all loops of the process
 * and the look-ups of names share.
 *
 * Owner: whoever started it, until it has called back or was cancelled.
 */
#ifndef SALLYPORT_NET_JOB_H
#define SALLYPORT_NET_JOB_H

#include "base/error.h"

struct loop;
struct job;

struct job_events {
	void (*work)(void *subject);  /* on another thread */
	void (*on_done)(void *owner); /* on the loop's thread; not if it was cancelled meanwhile */
	/* On the loop's thread, once the work is over and on_done() has returned, or if it never
	 * began: the subject is the caller's again. */
	void (*release)(void *subject);
};

/*
 * Starts `work` with `subject`, which belongs to the job until its release, and which nobody else
 * may touch before on_done(). ERROR_OUT_OF_MEMORY, ERROR_SYSTEM: the subject stays the caller's.
 */
MUST_CHECK enum error job_start(struct loop *loop, const struct job_events *events, void *subject,
                                void *owner, struct job **ret_job);
/* It will not call on_done() any more. NULL is allowed. */
void job_cancel(struct job *job);

#endif
