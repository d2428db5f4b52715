/*
 * A second reader of requests, slow and obvious: each rule of the grammar is a regular expression,
 * written from the ABNF of RFC 9110, 9112 and 3986 and from what http/h1_head.h and h1_body.h say
 * they refuse besides. It wants whole lines, and knows nothing of the reader that it judges.
 */
#ifndef SALLYPORT_TEST_REQUEST_REFERENCE_H
#define SALLYPORT_TEST_REQUEST_REFERENCE_H

#include <stdbool.h>

#include "base/span.h"

/*
 * Reads `bytes` as requests with the limits of case_limits_default, by both readers. False, and
 * what each of them says on standard error, if they do not agree: on how many requests there are,
 * on what is in them, or on whether the rest is refused. Where bytes are missing, the reader may
 * have seen already that it will refuse; the reference can not tell.
 */
bool request_reference_agrees(struct span bytes);

#endif
