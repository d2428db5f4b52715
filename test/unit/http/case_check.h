/*
 * Compares what came of the cases in a folder with what they expect, cut in every way.
 */
#ifndef SALLYPORT_TEST_CASE_CHECK_H
#define SALLYPORT_TEST_CASE_CHECK_H

#include <stddef.h>

#include "unit/http/trace.h"

/*
 * Runs all cases. Returns how many there are; *ret_failed of them failed, and were told on standard
 * error with file and line.
 */
size_t cases_check(const char *folder, enum trace_kind kind, size_t *ret_failed);

#endif
