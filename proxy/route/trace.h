/*
 * traceparent and tracestate (W3C Trace Context, Level 1): the place of a request in a trace that
 * goes through several servers.
 *
 * A traceparent of a later version counts as far as version 00 goes (§3.2.1); what we write is
 * version 00, with no flag but `sampled`. Without a valid traceparent there is no tracestate
 * (§3.3.1). It goes on as it came, without empty members; all of it is dropped if a member is
 * malformed or there are more than 32; of more than 512 bytes members over 128 go first, then those
 * at the end (§3.3.1.5). We have no member of our own.
 *
 * Does not: decide whom to believe, or make ids.
 */
#ifndef SALLYPORT_ROUTE_TRACE_H
#define SALLYPORT_ROUTE_TRACE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "http/message.h"

enum { TRACE_ID_SIZE = 32, TRACE_SPAN_SIZE = 16, TRACE_STATE_SIZE_MAX = 512 };

/* All ids in lower case hexadecimal digits. Zeroed: no trace. */
struct trace {
	bool is_on;
	bool is_sampled;
	bool has_parent;
	char id[TRACE_ID_SIZE];
	char parent[TRACE_SPAN_SIZE]; /* the span that the request came from */
	char span[TRACE_SPAN_SIZE];   /* ours, which the backend's is a child of */
	struct span state;            /* tracestate; empty: none */
};

/*
 * What a request says. False: it says nothing that is valid, *ret_trace is untouched. Else all but
 * `span` is filled in; `state` is the arena's. Without memory there is no state.
 */
bool trace_read(const struct message *request, struct arena *arena, struct trace *ret_trace);

/* Writes the trace into a message that is to be written, in place of what it has. Borrows: state.
 * ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error trace_write(const struct trace *trace, struct arena *arena,
                                  struct message *message);

#endif
