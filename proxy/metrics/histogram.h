/*
 * How long things took: how many of them fell into each of a few fixed classes, and their sum.
 *
 * The bounds are the same for all durations, so that those of different metrics can be compared and
 * histograms of all workers added: from 0.1 ms, a small answer of a backend next door, to 60 s, the
 * default of `first_byte`, about five for each two powers of ten.
 *
 * Owner: whoever declares it. Threads: one.
 */
#ifndef SALLYPORT_METRICS_HISTOGRAM_H
#define SALLYPORT_METRICS_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 18 };

/* Microseconds, ascending. A duration belongs to the first bound that it does not exceed. */
extern const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

/* Zeroed: nothing was observed. */
struct histogram {
	uint64_t sum_us;
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* of each class; the last is above all bounds */
};

void histogram_observe(struct histogram *histogram, uint64_t us);
/* Adds all that `from` has seen. */
void histogram_add(struct histogram *histogram, const struct histogram *from);
/* How many there were in all. */
uint64_t histogram_count(const struct histogram *histogram);

#endif
