/*
 * What came of an exchange, for the access log and the metrics, which so say the same.
 */
#ifndef SALLYPORT_SESSION_OUTCOME_H
#define SALLYPORT_SESSION_OUTCOME_H

#include <stdint.h>

#include "base/error.h"

struct exchange;

/* OK: nothing went wrong. ERROR_STALE_REUSE_RETRIED: it was sent again, and that went well. */
enum error outcome_reason(const struct exchange *exchange);
/* Of the bodies: without heads and chunked coding; of a tunnel, all that went through it. */
uint64_t outcome_request_bytes(const struct exchange *exchange);
/* The same. Of a page of ours, as much as went out. */
uint64_t outcome_response_bytes(const struct exchange *exchange);

#endif
