/*
 * When the phase of a session has taken too long.
 */
#ifndef SALLYPORT_SESSION_SESSION_DUE_H
#define SALLYPORT_SESSION_SESSION_DUE_H

#include <stdint.h>

#include "session/session.h"

/* On the loop's clock; DEADLINE_NEVER: it may take as long as it likes. */
uint64_t session_due_ms(const struct session *session);

#endif
