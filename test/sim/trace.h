/*
 * What happens in a run, told to people: each event with -v, and the end of everything when an
 * invariant is broken.
 *
 * The only global state of the simulator: the run of now. One run at a time, one thread.
 */
#ifndef SALLYPORT_SIM_TRACE_H
#define SALLYPORT_SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "base/check.h"

/* `program`: how to start it again. `now_ms`: Borrows: the run's clock, until trace_end(). */
void trace_begin(const char *program, uint64_t seed, bool verbose, const uint64_t *now_ms);
void trace_end(void);
/* The next event: counted, so that a run can be told to stop there. */
void trace_step(void);
uint64_t trace_steps(void);
bool trace_is_on(void);
/* One line of an event, only with -v. */
void trace(const char *format, ...) PRINTF_LIKE(1, 2);

/* An invariant is broken: tells which, the seed and how to replay it, and ends the program. */
noreturn void violation(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same for a run that hangs or crashes: says where it was. Safe in a signal handler. */
void trace_tell_place(void);

#endif
