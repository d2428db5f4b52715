/* Latencies of a run of load.c, kept one by one. Owner: the run; the process frees them. */
#ifndef SALLYPORT_TEST_BENCH_LATENCIES_H
#define SALLYPORT_TEST_BENCH_LATENCIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { LATENCIES_MAX = 4000000 }; /* further ones are not looked at */

struct latencies {
	uint32_t *us;
	size_t count;
};

static inline bool latencies_init(struct latencies *latencies)
{
	latencies->us = malloc(LATENCIES_MAX * sizeof(*latencies->us));
	return latencies->us != NULL;
}

static inline void latencies_add(struct latencies *latencies, uint64_t us)
{
	if (latencies->count < LATENCIES_MAX)
		latencies->us[latencies->count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static inline int latencies_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The one that so large a part of them does not exceed; 0: there are none. */
static inline double latencies_part(struct latencies *latencies, double part)
{
	if (latencies->count == 0)
		return 0;
	qsort(latencies->us, latencies->count, sizeof(*latencies->us), latencies_compare);
	return latencies->us[(size_t)(part * (double)(latencies->count - 1))];
}

#endif
