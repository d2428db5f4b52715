/*
 * The lines that a session writes: one for each exchange, one for each handshake that failed.
 */
#ifndef SALLYPORT_SESSION_ACCESS_LOG_H
#define SALLYPORT_SESSION_ACCESS_LOG_H

#include "base/error.h"

struct exchange;
struct session;

/* `request`: who asked for what, how it was answered, by whom, and how long each part took. */
void access_log_exchange(const struct exchange *exchange);
/* `handshake_failed`: who, for which name, and why in words. */
void access_log_handshake(const struct session *session, enum error error);

#endif
