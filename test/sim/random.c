#include "sim/random.h"

void random_init(struct random *random, uint64_t seed)
{
	random->state = random_mix(seed);
}

uint64_t random_mix(uint64_t key)
{
	uint64_t z = key + 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t random_next(struct random *random)
{
	random->state += 0x9e3779b97f4a7c15u;
	return random_mix(random->state);
}

size_t random_below(struct random *random, size_t count)
{
	return (size_t)(random_next(random) % count);
}

size_t random_between(struct random *random, size_t low, size_t high)
{
	return low + random_below(random, high - low + 1);
}

bool random_chance(struct random *random, unsigned percent)
{
	return random_below(random, 100) < percent;
}

size_t random_size(struct random *random, size_t max)
{
	size_t scale = 1;

	while (scale < max && random_chance(random, 75))
		scale *= 4;
	return random_below(random, (scale < max ? scale : max) + 1);
}
