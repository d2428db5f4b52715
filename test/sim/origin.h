/*
 * A fake backend's side of one connection: reads requests, and answers them after a plan that is
 * made for each (sim/origin_script.h), or does not.
 *
 * Owner: the world, which keeps all of a run in a list.
 */
#ifndef SALLYPORT_SIM_ORIGIN_H
#define SALLYPORT_SIM_ORIGIN_H

#include "base/list.h"
#include "sim/ledger.h"
#include "sim/mood.h"
#include "sim/reading.h"
#include "sim/tap.h"

/* How an answer, or a connection, ends before its time. */
enum cut { CUT_NONE, CUT_RESET, CUT_CLOSE, CUT_STALL };

/* What follows an answer. */
enum sequel { SEQUEL_KEEP, SEQUEL_CLOSE, SEQUEL_CLOSE_LATER, SEQUEL_EXTRA, SEQUEL_CLOSE_ON_NEXT };

struct answer {
	struct bytes out; /* what is left of it */
	bool is_early;
	bool reads_on; /* after an early answer it reads the rest of the request */
	bool is_flawed;
	size_t interim_left; /* of `out`, what may go before the request is whole */
	uint64_t cut_after;  /* bytes still to send before the cut */
	enum cut cut;
	enum sequel sequel;
};

struct origin {
	struct list node;
	const struct mood *mood;
	struct random *random;
	struct ledger *ledger;
	struct connection *connection;
	struct tap tap;

	struct preamble preamble;
	struct reading reading; /* of requests */
	struct bytes in;
	struct request *request; /* that is being answered; NULL: none */
	struct attempt *attempt;
	unsigned attempt_number;
	bool has_whole; /* it has read all of the request */
	struct answer answer;
	bool has_plan;
	bool in_tunnel;
	bool has_ended; /* its side of the tunnel */
	uint64_t tunnel_sent;
	bool closes_on_next;
	bool is_over; /* closed, or stalled for good */
	uint64_t wake_ms;
	uint64_t closes_ms; /* while idle; DEADLINE_NEVER: when it is told to */
};

/* `is_told`: a PROXY header comes first. */
struct origin *origin_new(struct connection *connection, struct ledger *ledger,
                          const struct mood *mood, struct random *random, bool is_told);
void origin_free(struct origin *origin);
/* What the proxy sent has been taken by the kernel. */
void origin_hear(struct origin *origin, struct span bytes);
bool origin_can_send(const struct origin *origin);
bool origin_can_receive(const struct origin *origin);
void origin_send(struct origin *origin);
void origin_receive(struct origin *origin);
/* When it wants to go on; DEADLINE_NEVER: it waits for others. */
uint64_t origin_wakes_ms(const struct origin *origin);

#endif
