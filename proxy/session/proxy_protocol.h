/*
 * The PROXY protocol on both sides of a session: the header that a balancer sends before anything
 * else, and the one that we send to a backend before the request.
 */
#ifndef SALLYPORT_SESSION_PROXY_PROTOCOL_H
#define SALLYPORT_SESSION_PROXY_PROTOCOL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "config/config.h"

struct session;

/*
 * The step of the phase PROXY_HEADER: reads the header, takes the client's address from it, and
 * goes on to the next phase, whose deadline has been running since the connection came. Whoever may
 * not send one, or sends something else, is closed without an answer. True if anything moved.
 */
bool proxy_protocol_step(struct session *session);
/* The header did not come in time. */
void proxy_protocol_time_out(struct session *session);

/*
 * Puts the header that the cluster wants before the rendered head: a connection that begins with it
 * carries this one request. Owner of the bytes: the arena. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error proxy_protocol_put(const struct session *session,
                                         enum config_proxy_header wanted, struct arena *arena,
                                         struct span *head);

#endif
