/*
 * The line that a session writes for each exchange. Those for handshakes: session/handshake_log.h.
 */
#ifndef SALLYPORT_SESSION_ACCESS_LOG_H
#define SALLYPORT_SESSION_ACCESS_LOG_H

struct exchange;

/* `request`: who asked for what, how it was answered, by whom, and how long each part took. */
void access_log_exchange(const struct exchange *exchange);

#endif
