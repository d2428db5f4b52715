#include "metrics/histogram.h"

const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
	100,    250,    500,    1000,    2500,    5000,    10000,    25000,    50000,
	100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000,
};

void histogram_observe(struct histogram *histogram, uint64_t us)
{
	unsigned low = 0;
	unsigned high = HISTOGRAM_BOUNDS;

	/* The first bound that is not below. */
	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (us <= histogram_bounds_us[middle])
			high = middle;
		else
			low = middle + 1;
	}
	histogram->counts[low]++;
	histogram->sum_us += us;
}

void histogram_add(struct histogram *histogram, const struct histogram *from)
{
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		histogram->counts[i] += from->counts[i];
	histogram->sum_us += from->sum_us;
}

uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		count += histogram->counts[i];
	return count;
}
