/*
 * Decides what a head's fields mean for the connection: where the body ends (RFC 9112 §6.3),
 * whether the connection goes on (§9.3), Expect (RFC 9110 §10.1.1) and Upgrade (§7.8).
 */
#ifndef SALLYPORT_HTTP_H1_FRAMING_H
#define SALLYPORT_HTTP_H1_FRAMING_H

#include "base/error.h"
#include "http/message.h"

/*
 * Elements of all Connection fields together, empty ones too. Each field of the message is compared
 * with each of them on its way through us, so there must not be many.
 */
#define H1_CONNECTION_OPTIONS_MAX 32

/*
 * Fills framing, length, length_stated, keep_alive, expects_continue and upgrade of a message whose
 * start line and fields are there. `request_method`: of the request that a response answers.
 *
 * LENGTH_MALFORMED, LENGTH_REPEATED, LENGTH_WITH_CODING, CODING_UNSUPPORTED, CODING_MALFORMED,
 * CODING_IN_1_0, FIELD_VALUE_MALFORMED (Connection: not tokens, or too many),
 * EXPECTATION_UNSUPPORTED, BODY_UNEXPECTED.
 */
MUST_CHECK enum error h1_framing_decide(struct message *message, enum method request_method);

#endif
