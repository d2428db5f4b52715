/*
 * What is done on another thread when files have changed: they are read and checked, and the sites
 * of the listeners that use them are made anew.
 *
 * A material that can not be used leaves the others alone: it stays what it was. So does one
 *
 *   - that is not valid yet, or has expired;
 *   - whose chain is out of order, unless that of before was, too;
 *   - with which the listener could not have been started: its policy can never use the new kind of
 *     key, or a name of tls.names has no certificate any more.
 *
 * Owner: the renewal, but for the time of the job (net/job.h). Threads: one at a time.
 */
#ifndef SALLYPORT_SERVER_RENEWAL_TASK_H
#define SALLYPORT_SERVER_RENEWAL_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "setup/material.h"
#include "setup/setup.h"
#include "tls/site.h"

/* One task reads so many at most; the others have to wait for the next. */
enum { RENEWAL_READINGS_MAX = 256 };

enum reading_result {
	READING_BAD,  /* `why` says what is wrong; that of before stays */
	READING_SAME, /* the files have the content of before */
	READING_NEW,
};

struct reading {
	size_t index;          /* into the materials */
	struct material fresh; /* with references of its own if it is NEW */
	enum reading_result result;
	struct text why;     /* of what is BAD */
	struct text warning; /* what one should know of the others */
};

struct renewal_task {
	struct setup *setup; /* a reference */
	/* A copy of those in use, in which what is NEW takes its place. */
	struct materials materials;
	struct reading readings[RENEWAL_READINGS_MAX];
	size_t count;
	/* Of the listeners that have something new; references. */
	struct tls_sites *sites[MATERIAL_LISTENERS_MAX];
	enum error error; /* OUT_OF_MEMORY, TLS_INTERNAL: nothing came of it */
};

/* ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error renewal_task_new(struct setup *setup, const struct materials *materials,
                                       struct renewal_task **ret_task);
/* One more to read; at most RENEWAL_READINGS_MAX. */
void renewal_task_add(struct renewal_task *task, size_t index);
/* Does it all; `now_s`: seconds since 1970. */
void renewal_task_run(struct renewal_task *task, int64_t now_s);
/* NULL is allowed. */
void renewal_task_free(struct renewal_task *task);

#endif
