/*
 * Reason phrases of status codes (RFC 9110 §15, RFC 6585).
 */
#ifndef SALLYPORT_HTTP_STATUS_H
#define SALLYPORT_HTTP_STATUS_H

#include "base/span.h"

/* The phrase, or an empty span if we do not know the code. */
struct span status_reason(int status);

#endif
