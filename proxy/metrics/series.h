/*
 * The series of all metrics that one worker has: for each combination of label values, a place to
 * count at.
 *
 * Whoever counts looks its place up once, when a listener, a cluster or a route begins to be used,
 * and keeps the pointer: counting itself is one addition. A series is never taken away, so pointers
 * stay good as long as the table, and counters go on over reloads of the configuration.
 *
 * Bounded: a metric has at most `series_max` series. The values of what comes later go to one more,
 * whose labels all have the value "other". When memory is used up, values go nowhere: counting must
 * not keep anybody from being served.
 *
 * Owner: the worker; or whoever adds several up. Threads: one at a time; nothing is locked.
 */
#ifndef SALLYPORT_METRICS_SERIES_H
#define SALLYPORT_METRICS_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "metrics/histogram.h"
#include "metrics/metric.h"

struct series_table;

/* One series. Read only, but for the values. */
struct series {
	const struct series *next; /* of the same metric, in the order in which they were made */
	const char *labels[METRIC_LABELS_MAX];
	uint64_t hash;
	enum metric_id id;
	/* Gauges that go down take it modulo 2^64: a sum over workers comes out right. */
	uint64_t value;              /* unless it is a histogram */
	struct histogram *histogram; /* else NULL */
};

/* ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error series_table_new(size_t series_max, struct series_table **ret_table);
/* Another maximum from now on; what there is stays. */
void series_set_max(struct series_table *table, size_t series_max);
size_t series_max(const struct series_table *table);
/* NULL is allowed. */
void series_table_free(struct series_table *table);

/*
 * Where to count; never NULL. `labels`: as many values as the metric has labels, copied; NULL where
 * it has none. The place is the table's, as long as that lives.
 */
uint64_t *series_value(struct series_table *table, enum metric_id id, const char *const *labels);
struct histogram *series_histogram(struct series_table *table, enum metric_id id,
                                   const char *const *labels);

/* What one of several has to say of a series that is none of its counters: taken together with what
 * the others have said, as the metric's row tells. */
void series_note(struct series_table *table, enum metric_id id, const char *const *labels,
                 uint64_t value);
/* Adds all series of `from`, each as its metric says. */
void series_merge(struct series_table *table, const struct series_table *from);
/* The first series of a metric; NULL: there is none. */
const struct series *series_first(const struct series_table *table, enum metric_id id);

#endif
