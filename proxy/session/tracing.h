/*
 * The trace of an exchange, as `tracing` of the configuration wants it: gone on with, or begun.
 *
 * The id of a trace that begins here is the exchange's own id (session/request_id.h), so that logs
 * and traces join without a table between them.
 */
#ifndef SALLYPORT_SESSION_TRACING_H
#define SALLYPORT_SESSION_TRACING_H

#include "base/error.h"

struct exchange;

/* Fills in exchange->trace of its request. ERROR_TLS_INTERNAL: no entropy. */
MUST_CHECK enum error tracing_begin(struct exchange *exchange);

#endif
