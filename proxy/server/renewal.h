/*
 * Certificates that renew by themselves: all files of certificates, keys, client CAs, revocation
 * lists and ticket keys of the running setup are watched; what has changed is read and checked on
 * another thread, and given to the workers, without a reload and without touching a connection.
 *
 * A file or pair that can not be used leaves the one of before in use, which the log tells once,
 * with the reason (see server/watch.h for when, server/renewal_task.h for what is checked).
 *
 * It also tells, at the start and once a day, which certificates are near their end, and which have
 * expired.
 *
 * A reload ends the renewal of the setup of before and begins that of the new one, which has read
 * all files itself.
 *
 * Owner: the server. Threads: the server's own.
 */
#ifndef SALLYPORT_SERVER_RENEWAL_H
#define SALLYPORT_SERVER_RENEWAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "setup/expiry.h"
#include "setup/material.h"
#include "setup/setup.h"
#include "tls/site.h"

struct loop;
struct renewal;

enum {
	RENEWAL_EXPIRY_LOOK_MS = 60 * 1000, /* how soon after its end an expired one is told */
	RENEWAL_EXPIRY_TELL_S = 24 * 3600,
};

struct renewal_options {
	struct setup *setup; /* referenced */
	struct loop *loop;   /* Borrows: the server's, as the rest */
	struct log *log;
	/*
	 * The listener with this index has these sites from now on, in all workers; whoever keeps them
	 * takes a reference. OK, or nothing has changed.
	 */
	enum error (*swap)(void *owner, size_t listener, struct tls_sites *sites);
	void *owner;
};

/* Begins to watch what the setup was loaded with. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error renewal_new(const struct renewal_options *options,
                                  struct renewal **ret_renewal);
/* No more swaps, but what was is still there to be told. NULL is allowed. */
void renewal_stop(struct renewal *renewal);
/* NULL is allowed. */
void renewal_free(struct renewal *renewal);

/* --- What is in use, for people and gauges ---------------------------------------------------- */

struct renewal_entry {
	const struct material *material; /* Borrows: until the next turn of the loop */
	struct expiry expiry;
	int64_t taken_s;     /* since when it is in use; seconds since 1970 */
	const char *failure; /* why what is in the files now can not be used; NULL: it is in use */
	int64_t failed_s;    /* since when */
};

/* How many there are, certificates and client CAs. */
size_t renewal_count(const struct renewal *renewal);
void renewal_entry(const struct renewal *renewal, size_t index, struct renewal_entry *ret_entry);

#endif
