/*
 * Strict reading of numbers: no sign, no space, no prefix, nothing left over, no overflow.
 */
#ifndef SALLYPORT_BASE_NUMBER_H
#define SALLYPORT_BASE_NUMBER_H

#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

/* 1*DIGIT up to `max`. ERROR_NUMBER_MALFORMED, ERROR_NUMBER_TOO_LARGE. */
MUST_CHECK enum error number_decimal(struct span text, uint64_t max, uint64_t *ret_number);
/* 1*HEXDIG up to `max`, at most 16 digits. The same errors. */
MUST_CHECK enum error number_hex(struct span text, uint64_t max, uint64_t *ret_number);
/* A size in bytes: digits and one of B, KiB, MiB, GiB, KB, MB, GB, or none. The same errors. */
MUST_CHECK enum error number_size(struct span text, uint64_t max, uint64_t *ret_bytes);
/* A duration: digits and one of ms, s, m, h, d, w, y (365 d); `0` alone needs none. In ms. */
MUST_CHECK enum error number_duration(struct span text, uint64_t max_ms, uint64_t *ret_ms);

/* Value of a hexadecimal digit, or -1. */
int number_hex_digit(char c);

#endif
