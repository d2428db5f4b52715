#include "net/deadline.h"

#include "base/check.h"

void deadlines_init(struct deadlines *deadlines, uint64_t now_ms)
{
	for (unsigned i = 0; i < DEADLINE_SLOTS; i++)
		list_init(&deadlines->slots[i]);
	deadlines->now_ms = now_ms;
	deadlines->tick = now_ms / DEADLINE_TICK_MS;
	deadlines->wake_ms = DEADLINE_NEVER;
}

/* Puts it into the slot of its time, or, if that is too far ahead, into the last one for now. */
static void place(struct deadlines *deadlines, struct deadline *deadline)
{
	/* What is past already is due after the run that is under way, not once more in it. */
	uint64_t at_ms = deadline->at_ms > deadlines->now_ms ? deadline->at_ms : deadlines->now_ms;
	uint64_t tick = at_ms / DEADLINE_TICK_MS + 1;

	if (tick >= deadlines->tick + DEADLINE_SLOTS)
		tick = deadlines->tick + DEADLINE_SLOTS - 1;
	deadline->slot_ms = tick * DEADLINE_TICK_MS;
	list_add_last(&deadlines->slots[tick % DEADLINE_SLOTS], &deadline->node);
	if (deadline->slot_ms < deadlines->wake_ms)
		deadlines->wake_ms = deadline->slot_ms;
}

static void find_next_wake(struct deadlines *deadlines)
{
	deadlines->wake_ms = DEADLINE_NEVER;
	for (uint64_t tick = deadlines->tick + 1; tick < deadlines->tick + DEADLINE_SLOTS; tick++) {
		if (!list_is_empty(&deadlines->slots[tick % DEADLINE_SLOTS])) {
			deadlines->wake_ms = tick * DEADLINE_TICK_MS;
			return;
		}
	}
}

static void run_slot(struct deadlines *deadlines, struct list *slot)
{
	struct list due;

	/* Only what is there now: a call may set a deadline anew, into this very slot. */
	if (list_is_empty(slot))
		return;
	due = *slot;
	due.next->previous = &due;
	due.previous->next = &due;
	list_init(slot);

	while (!list_is_empty(&due)) {
		struct deadline *deadline = LIST_OBJECT(due.next, struct deadline, node);

		list_remove(&deadline->node);
		if (deadline->at_ms > deadlines->now_ms) {
			place(deadlines, deadline);
			continue;
		}
		deadline->at_ms = DEADLINE_NEVER;
		deadline->on_deadline(deadline->owner);
	}
}

void deadlines_run(struct deadlines *deadlines, uint64_t now_ms)
{
	uint64_t last = now_ms / DEADLINE_TICK_MS;

	check(now_ms >= deadlines->now_ms);
	deadlines->now_ms = now_ms;
	if (now_ms < deadlines->wake_ms) {
		deadlines->tick = last;
		return;
	}
	/* After a long sleep, one round of the wheel has seen every slot. */
	if (last > deadlines->tick + DEADLINE_SLOTS)
		deadlines->tick = last - DEADLINE_SLOTS;
	while (deadlines->tick < last) {
		deadlines->tick++;
		run_slot(deadlines, &deadlines->slots[deadlines->tick % DEADLINE_SLOTS]);
	}
	find_next_wake(deadlines);
}

uint64_t deadlines_next(const struct deadlines *deadlines)
{
	return deadlines->wake_ms;
}

void deadline_init(struct deadline *deadline, void (*on_deadline)(void *owner), void *owner)
{
	*deadline =
		(struct deadline){.at_ms = DEADLINE_NEVER, .on_deadline = on_deadline, .owner = owner};
	list_init(&deadline->node);
}

void deadline_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ms)
{
	if (at_ms == DEADLINE_NEVER) {
		deadline_clear(deadline);
		return;
	}
	deadline->at_ms = at_ms;
	if (!list_is_empty(&deadline->node)) {
		/* It will be looked at before it is due: then it moves on. */
		if (at_ms >= deadline->slot_ms - DEADLINE_TICK_MS)
			return;
		list_remove(&deadline->node);
	}
	place(deadlines, deadline);
}

void deadline_clear(struct deadline *deadline)
{
	deadline->at_ms = DEADLINE_NEVER;
	list_remove(&deadline->node);
}
