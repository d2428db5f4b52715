/*
 * A message of a text, for tests that need one.
 */
#ifndef SALLYPORT_TEST_HEADS_H
#define SALLYPORT_TEST_HEADS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "http/message.h"

/* Reads a whole head. What the readers refuse is the result; bytes behind the head are not looked
 * at, and a head that has no end is ERROR_CONNECTION_CLOSED. */
MUST_CHECK enum error head_read(enum message_kind kind, enum method to, struct span text,
                                struct arena *arena, struct message *ret_message);

/* The same for heads that must be good. */
struct message request_of(const char *text, struct arena *arena);
struct message response_of(const char *text, enum method to, struct arena *arena);

#endif
