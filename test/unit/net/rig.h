/*
 * A loop with a pool to test on, and a clock that can be put forward.
 *
 * Tests run the loop turn by turn until what they wait for has come; nothing sleeps. A test that
 * waits in vain is ended by SIGALRM after RIG_PATIENCE_S.
 */
#ifndef SALLYPORT_TEST_NET_RIG_H
#define SALLYPORT_TEST_NET_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "net/loop.h"

enum { RIG_PATIENCE_S = 60 };

extern struct loop *rig_loop;
extern struct pool rig_pool;
extern struct budget rig_budget;

/* For cmocka. The tear-down checks that all memory has come back and no descriptor is left open. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

/* One turn of the loop; does not sleep long if nothing happens. */
void rig_turn(void);
/* Several turns, for what must not happen. */
void rig_turns(void);
/* Puts the monotonic clock of this process forward. */
void rig_skip_ms(uint64_t ms);
/* Stops that clock, or lets it go on: for what must not happen before some time has passed. */
void rig_hold_clock(bool held);

/* Takes all that is left of the memory limit, and gives it back. */
void rig_use_up_memory(void);
void rig_refill_memory(void);

#define RIG_UNTIL(condition) \
	do {                     \
		while (!(condition)) \
			rig_turn();      \
	} while (0)

/* Descriptors that are open in this process. */
unsigned rig_open_files(void);

#endif
