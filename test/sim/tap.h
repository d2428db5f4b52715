/*
 * Who listens on a connection to a backend: reads what the proxy sends, as soon as the kernel has
 * taken it, whether the backend will ever read it or not.
 *
 * Checks that each request that arrives there is one that may, with the framing and the body that
 * its client meant, on a connection that was free for it.
 *
 * Owner: the fake backend's side of the connection.
 */
#ifndef SALLYPORT_SIM_TAP_H
#define SALLYPORT_SIM_TAP_H

#include "sim/ledger.h"
#include "sim/preamble.h"
#include "sim/reading.h"

struct tap {
	struct ledger *ledger;
	struct connection *connection;
	bool is_told; /* by a PROXY header, whose connection this is */
	struct preamble preamble;
	struct reading reading;
	struct request *request; /* that is arriving, or has arrived last; NULL: none yet */
	struct attempt *attempt;
	unsigned attempt_number; /* of the request */
	bool is_bound;           /* it knows who its client is */
	unsigned bound_client;   /* then: that one */
	unsigned count;          /* requests on this connection */
	/* When the first byte of the request that is arriving came. */
	bool was_clean;
	uint64_t received_before; /* by the proxy on this connection */
	uint64_t sent_before;     /* by the backend */
};

void tap_init(struct tap *tap, struct ledger *ledger, struct connection *connection, bool is_told);
void tap_done(struct tap *tap);
void tap_hear(struct tap *tap, struct span bytes);
/* True if the last request and its answer have passed whole, and the connection may be kept. */
bool tap_is_clean(const struct tap *tap);

#endif
