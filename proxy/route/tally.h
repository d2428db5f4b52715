/*
 * How many of something run now, counted by all workers, and over a reload.
 *
 * Owner: whoever holds a reference. Threads: any; all is atomic.
 */
#ifndef SALLYPORT_ROUTE_TALLY_H
#define SALLYPORT_ROUTE_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct tally;

/* Holds one reference. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error tally_new(struct tally **ret_tally);
struct tally *tally_ref(struct tally *tally);
/* NULL is allowed. */
void tally_unref(struct tally *tally);

/* One more, until tally_leave(); false, and it is not counted: there are `max` already. */
MUST_CHECK bool tally_enter(struct tally *tally, size_t max);
void tally_leave(struct tally *tally);
/* How many there are now. */
size_t tally_count(const struct tally *tally);

#endif
