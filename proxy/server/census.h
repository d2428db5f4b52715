/*
 * What one worker tells of itself when it is asked (server/inquiry.h), and what all of them tell
 * together: sessions, and backends with their connections.
 *
 * A census is made on the worker's thread of its own structures and read on the main thread. It
 * holds a reference to the setup that it speaks of, the newest of the worker.
 */
#ifndef SALLYPORT_SERVER_CENSUS_H
#define SALLYPORT_SERVER_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "net/lookup.h"
#include "session/session.h"
#include "setup/setup.h"

struct worker;

struct census_backend {
	size_t links;
	size_t idle_links;
	uint64_t failure_count;
	enum error failure;   /* the last one; OK: none */
	unsigned avoided;     /* workers that pass it over now */
	unsigned unresolved;  /* workers for which its name has no address */
	unsigned drained;     /* workers that begin nothing with it */
	size_t address_count; /* what its name stands for */
	struct address addresses[LOOKUP_ADDRESSES_MAX];
};

struct census {
	struct setup *setup;
	unsigned workers; /* how many it is made of */
	size_t sessions;
	size_t phases[SESSION_PHASE_COUNT];
	size_t old_sessions; /* of setups that were replaced */
	/* Since the start. */
	uint64_t connections_accepted;
	uint64_t requests;
	uint64_t handshakes;                      /* that went well */
	uint64_t handshake_failures[ERROR_COUNT]; /* by reason */
	size_t backend_count;
	struct census_backend backends[]; /* of all clusters of the setup, one after the other */
};

/* On the worker's thread. NULL: no memory, or it has ended. */
struct census *census_take(struct worker *worker);
/* Adds what another worker has told; one that speaks of another setup is left out. */
void census_add(struct census *census, const struct census *other);
/* NULL is allowed. */
void census_free(struct census *census);

#endif
