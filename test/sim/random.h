/*
 * Random numbers that a seed decides: the same seed, the same numbers, on every machine.
 *
 * SplitMix64: small, fast, and good enough to choose what happens next; not for secrets.
 * Owner: a value; each run has one, so that the order of all choices is part of the seed.
 */
#ifndef SALLYPORT_SIM_RANDOM_H
#define SALLYPORT_SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

void random_init(struct random *random, uint64_t seed);
uint64_t random_next(struct random *random);
/* 0 to count - 1; `count` must not be 0. */
size_t random_below(struct random *random, size_t count);
/* Both ends included. */
size_t random_between(struct random *random, size_t low, size_t high);
/* True in `percent` of 100 cases. */
bool random_chance(struct random *random, unsigned percent);
/* 0 to `max`, where small numbers are as frequent as those of each higher order of magnitude. */
size_t random_size(struct random *random, size_t max);

/* SplitMix64's mixing step: the number that belongs to `key`. */
uint64_t random_mix(uint64_t key);

#endif
