/*
 * Two transports joined end to end, after a valid 101 (RFC 6455 §1.3): bytes as they are, both
 * ways, each side read only while there is room behind it. The end of one side is passed on as the
 * end of that direction; the other goes on.
 */
#ifndef SALLYPORT_SESSION_TUNNEL_H
#define SALLYPORT_SESSION_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/transport.h"

struct tunnel {
	struct transport *client;  /* Borrows: from the session */
	struct transport *backend; /* Borrows: from the exchange's link */
	uint64_t client_bytes;     /* from the client */
	uint64_t backend_bytes;    /* from the backend */
};

/* Moves what can move; true if anything did. */
bool tunnel_step(struct tunnel *tunnel);
/* Both directions have ended, or one side is lost. */
bool tunnel_is_over(const struct tunnel *tunnel);
/* It ended because a side was lost, not by two clean ends. */
bool tunnel_is_broken(const struct tunnel *tunnel);
/* When bytes last moved, on the loop's clock. */
uint64_t tunnel_moved_ms(const struct tunnel *tunnel);

#endif
