/*
 * Deadlines: a number each, looked after by one wheel per loop.
 *
 * Moving a deadline later only stores the number; moving it earlier or setting it anew is O(1).
 * A deadline is noticed up to DEADLINE_TICK_MS late, never early. Pure: the time is a parameter, so
 * that a simulation can bring its own clock.
 *
 * Owner: a deadline lives inside its owner, which must clear it before it goes away.
 */
#ifndef SALLYPORT_NET_DEADLINE_H
#define SALLYPORT_NET_DEADLINE_H

#include <stdint.h>

#include "base/list.h"

enum { DEADLINE_TICK_MS = 32, DEADLINE_SLOTS = 1024 };

#define DEADLINE_NEVER UINT64_MAX

struct deadlines {
	struct list slots[DEADLINE_SLOTS];
	uint64_t now_ms;
	uint64_t tick;    /* the slot that was looked at last, counted from time 0 */
	uint64_t wake_ms; /* no slot with anything in it is due before; DEADLINE_NEVER: all empty */
};

struct deadline {
	struct list node;
	uint64_t at_ms;
	uint64_t slot_ms; /* when the wheel looks at it next */
	void (*on_deadline)(void *owner);
	void *owner;
};

void deadlines_init(struct deadlines *deadlines, uint64_t now_ms);
/* Calls every deadline that has passed at `now_ms`, each once; it is cleared before its call. */
void deadlines_run(struct deadlines *deadlines, uint64_t now_ms);
/* When deadlines_run() has something to look at next; DEADLINE_NEVER: nothing is set. */
uint64_t deadlines_next(const struct deadlines *deadlines);

/* Not set yet. */
void deadline_init(struct deadline *deadline, void (*on_deadline)(void *owner), void *owner);
/* Sets or moves it. DEADLINE_NEVER clears it. */
void deadline_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ms);
void deadline_clear(struct deadline *deadline);

#endif
