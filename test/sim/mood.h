/*
 * What kind of run a seed gives: how the configuration is set, and how badly the peers behave.
 *
 * In a calm run memory and time are ample: then whoever behaves gets all that he is due, whatever
 * the others do (sim/verdict.h).
 */
#ifndef SALLYPORT_SIM_MOOD_H
#define SALLYPORT_SIM_MOOD_H

#include <stdbool.h>
#include <stdint.h>

struct mood {
	bool is_calm;
	unsigned client_faults;  /* percent: how likely a client misbehaves where it can */
	unsigned backend_faults; /* the same for backends */
	unsigned connect_faults; /* and for connecting to them */
	bool is_tight;           /* of memory, which runs out */
	bool is_failing;         /* allocations fail now and then */
	bool is_hasty;           /* short timeouts */
	bool drains;             /* the proxy is asked to stop on the way */
	bool aborts;             /* and does not wait for the end */
	bool is_stale;           /* backends close connections when they are taken again */
	bool is_bytewise;        /* everything small, in single bytes */
	uint64_t stall_max_ms;   /* of peers that are only slow */
	uint64_t body_max;
};

struct random;

void mood_choose(struct mood *mood, struct random *random);

#endif
