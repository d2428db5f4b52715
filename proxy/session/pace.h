/*
 * Whether a client keeps pace: at least so many bytes a second, measured over the time in which it
 * was the client's turn to send or to read. What it falls behind is taken from a grace; what it is
 * faster fills the grace up again, and no further. So a client that stops is noticed after the
 * grace, and one that lets a byte through now and then not much later.
 *
 * Pure: times and counts are parameters. Owner: whoever declares it.
 */
#ifndef SALLYPORT_SESSION_PACE_H
#define SALLYPORT_SESSION_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	uint64_t rate; /* bytes per second; 0: any will do */
	/* In thousandths of a byte, so that a rate times milliseconds needs no division. */
	uint64_t grace;
	uint64_t left;  /* of the grace */
	uint64_t bytes; /* that had moved when we looked last */
	uint64_t at_ms;
	bool is_running; /* it has been the client's turn since */
};

/* The whole grace is there. `bytes`: moved so far; only what comes on top of it counts. */
void pace_begin(struct pace *pace, uint64_t rate, uint64_t grace_ms, uint64_t bytes,
                uint64_t now_ms);
/* Looks: `bytes` have moved in all, and whose turn it is from now on. */
void pace_note(struct pace *pace, uint64_t bytes, bool is_turn, uint64_t now_ms);
/* When the grace will be used up unless bytes move; UINT64_MAX: never. */
uint64_t pace_due_ms(const struct pace *pace);
/* It is used up, as of the last look. */
bool pace_is_lost(const struct pace *pace);

#endif
