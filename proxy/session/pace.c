#include "session/pace.h"

enum { THOUSANDTHS = 1000 };

void pace_begin(struct pace *pace, uint64_t rate, uint64_t grace_ms, uint64_t bytes,
                uint64_t now_ms)
{
	*pace = (struct pace){
		.rate = rate,
		.grace = rate * grace_ms,
		.left = rate * grace_ms,
		.bytes = bytes,
		.at_ms = now_ms,
	};
}

/* a - b, or 0. */
static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void pace_note(struct pace *pace, uint64_t bytes, bool is_turn, uint64_t now_ms)
{
	uint64_t moved = minus(bytes, pace->bytes);
	uint64_t spent = pace->is_running ? pace->rate * minus(now_ms, pace->at_ms) : 0;
	uint64_t missing = pace->grace - pace->left + spent;

	/* Earned first: what moved did so in the very time that is charged. */
	missing = moved >= missing / THOUSANDTHS + 1 ? 0 : minus(missing, moved * THOUSANDTHS);
	pace->left = minus(pace->grace, missing);
	if (bytes > pace->bytes)
		pace->bytes = bytes;
	pace->at_ms = now_ms;
	pace->is_running = is_turn;
}

uint64_t pace_due_ms(const struct pace *pace)
{
	if (!pace->is_running || pace->rate == 0)
		return UINT64_MAX;
	return pace->at_ms + (pace->left + pace->rate - 1) / pace->rate;
}

bool pace_is_lost(const struct pace *pace)
{
	return pace->rate > 0 && pace->is_running && pace->left == 0;
}
