#include "sim/mood.h"

#include "sim/random.h"

enum { BODY_MAX = 300 * 1024, CALM_STALL_MS = 300, SLOW_STALL_MS = 20000 };

void mood_choose(struct mood *mood, struct random *random)
{
	size_t kind = random_below(random, 100);

	*mood = (struct mood){.stall_max_ms = CALM_STALL_MS, .body_max = BODY_MAX};
	mood->is_calm = kind < 70;
	mood->is_stale = random_chance(random, 15);
	mood->is_bytewise = random_chance(random, 20);
	if (mood->is_bytewise)
		mood->body_max = 200;
	/* A third of all runs: everybody is as good as gold. */
	if (kind < 35)
		return;
	mood->client_faults = random_chance(random, 60) ? (unsigned)random_between(random, 5, 50) : 0;
	mood->backend_faults = random_chance(random, 60) ? (unsigned)random_between(random, 5, 50) : 0;
	mood->connect_faults = random_chance(random, 40) ? (unsigned)random_between(random, 5, 60) : 0;
	if (mood->is_calm)
		return;
	mood->is_hasty = random_chance(random, 50);
	mood->is_tight = random_chance(random, 35);
	mood->is_failing = random_chance(random, 35);
	mood->drains = random_chance(random, 30);
	mood->aborts = mood->drains && random_chance(random, 50);
	if (random_chance(random, 30))
		mood->stall_max_ms = SLOW_STALL_MS;
}
