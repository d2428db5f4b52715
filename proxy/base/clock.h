/*
 * Two clocks: a monotonic one for deadlines and durations, a wall clock for people.
 */
#ifndef SALLYPORT_BASE_CLOCK_H
#define SALLYPORT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Microseconds since some fixed point; never goes back. */
uint64_t clock_now_us(void);
/* Microseconds since 1970-01-01T00:00:00Z. */
uint64_t clock_wall_us(void);

enum { CLOCK_TEXT_SIZE = sizeof("2026-11-23T20:26:00.123456Z") };

/* Writes the wall time as RFC 3339 in UTC with microseconds, NUL-terminated. */
void clock_format(uint64_t wall_us, char ret_text[CLOCK_TEXT_SIZE]);

#endif
