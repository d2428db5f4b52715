/*
 * The PROXY header, version 1, in front of the first request of a connection: written by a client
 * that plays a balancer, and read by the fake backends that are told of clients this way.
 *
 * A client is known by its address: preamble_source() has one for each, whichever way it comes.
 */
#ifndef SALLYPORT_SIM_PREAMBLE_H
#define SALLYPORT_SIM_PREAMBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "sim/bytes.h"

enum { PREAMBLE_MAX = 107 }; /* with its line end, as the specification has it */

struct preamble {
	bool is_awaited;
	char line[PREAMBLE_MAX + 1];
	size_t size;
};

/* The address that the client with this number has; `balanced`: behind a balancer. */
struct address preamble_source(unsigned client, bool balanced);
/* What a balancer says of it. */
void preamble_put(unsigned client, struct bytes *out);
/* Takes what belongs to the header, and returns the bytes behind it; nothing while more of it is
 * awaited. A line that is too long is a violation. */
struct span preamble_take(struct preamble *preamble, struct span bytes);
/* True if the whole header tells of this client. */
bool preamble_tells(const struct preamble *preamble, unsigned client);

#endif
