/*
 * One run: the proxy's session, backend, transport and route code between fake clients and fake
 * backends, and whatever happens, decided by one seed.
 *
 * In each step one thing happens: bytes move on one connection, a peer acts, a lookup is answered,
 * or the clock moves on. After each step the invariants are checked (sim/invariants.h).
 *
 * Owner: main(); one at a time. Borrows: the setup, whose limits and timeouts each run sets anew.
 */
#ifndef SALLYPORT_SIM_WORLD_H
#define SALLYPORT_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/log.h"
#include "base/pool.h"
#include "session/metrics.h"
#include "session/request_id.h"
#include "session/services.h"
#include "setup/setup.h"
#include "sim/client.h"
#include "sim/fake_net.h"
#include "sim/ledger.h"
#include "sim/mood.h"
#include "sim/random.h"

enum { CLIENTS_MAX = 4 };

struct tls_random;

struct world {
	struct random random;
	struct mood mood;
	struct loop net;
	struct ledger ledger;
	struct client clients[CLIENTS_MAX];
	unsigned client_count;
	struct list origins;
	bool dead[8]; /* backends that accept no connection in this run */

	struct budget budget;
	struct pool pool;
	struct log_sink *sink; /* to nowhere: but the lines are made */
	struct log log;
	struct request_ids ids;
	struct series_table *series;
	struct metrics *metrics;
	struct services services;

	uint64_t drain_ms; /* when the proxy is asked to stop; DEADLINE_NEVER: it is not */
	uint64_t abort_ms;
	unsigned long idle_jumps; /* of the clock, without anything else between */
	size_t taken_max;         /* blocks of the pool, at most so far */
	unsigned long lookups;
};

/* Prepares the run. `ids`: where the ids of requests come from; nothing else depends on it. */
void world_init(struct world *world, uint64_t seed, struct setup *setup, struct tls_random *ids);
/* Runs it to its end; all that is left over of it is checked, and gone. */
void world_run(struct world *world);

#endif
