/*
 * Whether a new connection may begin a TLS handshake, by the limits of session/half_open.h.
 *
 * The address is that of the socket: what a PROXY header says comes later.
 */
#ifndef SALLYPORT_SESSION_ADMISSION_H
#define SALLYPORT_SESSION_ADMISSION_H

#include <stdint.h>

#include "base/error.h"

struct address;
struct services;
struct setup_listener;

/*
 * Takes a place among the handshakes that go on; the caller gives it back with half_open_leave().
 * ERROR_TLS_HANDSHAKE_LIMIT: there is none, and the log has been told.
 */
MUST_CHECK enum error admission_enter(struct services *services,
                                      const struct setup_listener *listener,
                                      const struct address *peer, uint32_t *ret_place);

#endif
