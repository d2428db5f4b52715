/*
 * What the logs say of TLS handshakes, and the metrics: each is counted, those too that are summed
 * up in the log.
 *
 * `handshake_failed` in the access log: who, for which name, the reason code, why in words, how
 * many of the kind (session/repeats.h), and the steps with their times. `handshake`: the same for
 * one that went well, if the configuration wants all. `handshake_steps` in the error log at the
 * level debug: the steps in words.
 */
#ifndef SALLYPORT_SESSION_HANDSHAKE_LOG_H
#define SALLYPORT_SESSION_HANDSHAKE_LOG_H

#include "base/error.h"
#include "session/repeats.h"

struct address;
struct log;
struct services;
struct session;
struct setup_listener;

void handshake_log_failed(struct session *session, enum error error);
/* Drops what the session keeps for its line. */
void handshake_log_done(struct session *session);
/* A connection that was closed before any TLS work; `words`: why. */
void handshake_log_refused(struct services *services, const struct setup_listener *listener,
                           const struct address *peer, enum error error, const char *words);
/* For repeats_tell(): `owner` is a struct log. */
void handshake_log_sum(void *owner, const struct repeat_sum *sum);

#endif
