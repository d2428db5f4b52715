/*
 * What the fuzz targets of HTTP share: any bytes must come to the same end however they are cut.
 */
#ifndef SALLYPORT_TEST_HTTP_BYTES_H
#define SALLYPORT_TEST_HTTP_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/span.h"
#include "unit/http/case_reader.h"
#include "unit/http/trace.h"

enum { FUZZ_TEXT_MAX = 1 << 22, FUZZ_CUTS = 3 };

static inline void require(bool condition)
{
	if (!condition)
		abort();
}

/* Places to cut at that depend on the bytes only, so that a finding can be run again. */
static inline size_t next_cut(uint64_t *state, size_t size)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(*state >> 33) % size;
}

static inline void fuzz_rules(enum trace_kind kind, struct span bytes, enum method to,
                              struct h1_rules rules)
{
	const struct trace_input input = {.kind = kind,
	                                  .bytes = bytes,
	                                  .limits = &case_limits_default,
	                                  .rules = rules,
	                                  .to = to,
	                                  .eof = true};
	struct trace_cut cut = {.byte_by_byte = true, .payload_max = 1};
	struct text whole;
	uint64_t state = bytes.size;

	text_init(&whole, FUZZ_TEXT_MAX);
	trace_run(&input, &(struct trace_cut){0}, &whole);
	require(trace_same(&input, &cut, &whole));
	for (size_t i = 0; i < bytes.size; i++)
		state = state * 31 + (unsigned char)bytes.data[i];
	for (int i = 0; i < FUZZ_CUTS && bytes.size > 1; i++) {
		cut = (struct trace_cut){.split = 1 + next_cut(&state, bytes.size - 1),
		                         .payload_max = (size_t)i};
		require(trace_same(&input, &cut, &whole));
	}
	text_done(&whole);
}

/* As strictly as it goes, and with all leniencies. */
static inline void fuzz_trace(enum trace_kind kind, struct span bytes, enum method to)
{
	fuzz_rules(kind, bytes, to, (struct h1_rules){0});
	if (kind != TRACE_CHUNKED)
		fuzz_rules(kind, bytes, to, (struct h1_rules){.tolerated = ~0u});
}

#endif
