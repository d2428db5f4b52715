/*
 * A fake client: one connection, some requests, and a temper.
 *
 * What it sends is decided before the run (sim/client_script.h); when, and how it reads, as the run
 * goes. It checks all that it gets: the answers come in the order of the requests, each body is the
 * one that the backend sent for this very request, and nothing that was cut short looks complete.
 *
 * Owner: the world.
 */
#ifndef SALLYPORT_SIM_CLIENT_H
#define SALLYPORT_SIM_CLIENT_H

#include "sim/ledger.h"
#include "sim/mood.h"
#include "sim/reading.h"

enum { CLIENT_REQUESTS_MAX = 8 };

/* What it does after its last answer. */
enum client_end { CLIENT_CLOSES, CLIENT_WAITS, CLIENT_HALF_CLOSES };

/* How it leaves before the end. */
enum departure { DEPARTURE_NONE, DEPARTURE_RESET, DEPARTURE_CLOSE, DEPARTURE_VANISH };

struct client {
	unsigned number;
	const struct mood *mood;
	struct random *random;
	struct loop *loop;
	struct connection *connection; /* NULL: not connected yet */
	uint64_t starts_ms;
	bool redirected;  /* it comes to the listener that only redirects */
	bool is_balanced; /* it comes through a balancer, which says so in a PROXY header */
	bool binds;       /* it authenticates its connections */

	struct request *requests[CLIENT_REQUESTS_MAX];
	unsigned request_count;
	bool pipelines;
	bool is_rude; /* goes on sending after an answer that closes the connection */
	enum client_end end;
	enum departure departure;
	uint64_t departs_after; /* bytes, both ways together */
	unsigned stalls;        /* percent: how likely it pauses after a portion */

	/* Sending. */
	unsigned sending;    /* the request whose bytes are in `out`, or the next */
	struct bytes out;    /* what is left of it */
	size_t head_left;    /* of them, those of the head */
	bool waits_continue; /* until it hears from the proxy, or send_ms */
	uint64_t send_ms;    /* not before */
	bool has_ended;      /* its side */
	uint64_t tunnel_sent;

	/* Receiving. */
	unsigned receiving; /* the request whose answer comes next */
	struct reading reading;
	struct bytes in;
	uint64_t receive_ms; /* not before */
	bool in_tunnel;
	bool saw_end;
	bool saw_reset;
	bool has_departed; /* before the end */
	bool is_over;      /* it has closed, or vanished */
};

void client_done(struct client *client);
/* It connects; the world hands the connection to the proxy. */
void client_connect(struct client *client);
bool client_can_send(const struct client *client);
bool client_can_receive(const struct client *client);
void client_send(struct client *client);
void client_receive(struct client *client);
/* When it wants to go on; DEADLINE_NEVER: it waits for others. */
uint64_t client_wakes_ms(const struct client *client);
/* It was well-behaved up to and with this request, so that it is due an answer. */
bool client_deserves(const struct client *client, unsigned index);

#endif
