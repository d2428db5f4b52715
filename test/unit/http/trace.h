/*
 * Runs bytes through the readers as a connection would, and writes down what came of them, one
 * event a line. The lines are those of the case files.
 */
#ifndef SALLYPORT_TEST_TRACE_H
#define SALLYPORT_TEST_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "base/text.h"
#include "http/h1_head.h"
#include "http/h1_syntax.h"
#include "http/message.h"

enum trace_kind { TRACE_REQUESTS, TRACE_RESPONSES, TRACE_CHUNKED };

/* How the bytes come in. */
struct trace_cut {
	size_t split; /* first this many, then the others; 0: all at once */
	bool byte_by_byte;
	size_t payload_max; /* bytes of payload that there is room for at a time; 0: plenty */
};

struct trace_input {
	enum trace_kind kind;
	struct span bytes;
	const struct h1_limits *limits;
	struct h1_rules rules;
	enum method to; /* the method that responses answer */
	bool eof;       /* the sender closes after the bytes */
};

/* Adds the lines to `text`. */
void trace_run(const struct trace_input *input, const struct trace_cut *cut, struct text *text);

/* Runs it cut in this way. False, and both traces on standard error, if it differs from `whole`. */
bool trace_same(const struct trace_input *input, const struct trace_cut *cut,
                const struct text *whole);

/*
 * Runs it cut in every way up to `split_max` bytes from the front: whole, byte by byte, in two at
 * each place, with little room. False, and the two traces on standard error, if one differs.
 * *whole: the lines of the run in one piece; initialised here, done by the caller.
 */
bool trace_all(const struct trace_input *input, size_t split_max, struct text *whole);

#endif
