/*
 * One request and its response.
 *
 * Two small machines run side by side, so that early responses, 100-continue and half close need no
 * states of their own:
 *
 *      request:   HEAD ─▶ BODY ─▶ DONE        client ──▶ backend
 *      response:  HEAD ─▶ BODY ─▶ DONE        client ◀── backend      (either can end ABORTED)
 *
 * Where no backend answers, the proxy does: the response is then one of session/reply.h.
 *
 * Owner: the session. Everything of it is in its arena, and goes with it.
 */
#ifndef SALLYPORT_SESSION_EXCHANGE_H
#define SALLYPORT_SESSION_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cluster.h"
#include "backend/link.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "http/h1_body.h"
#include "http/h1_head.h"
#include "http/message.h"
#include "route/rules.h"
#include "route/trace.h"
#include "session/copy.h"
#include "session/credentials.h"
#include "session/meter.h"
#include "session/request_id.h"
#include "session/session.h"
#include "session/tunnel.h"

enum flow { FLOW_HEAD, FLOW_BODY, FLOW_DONE, FLOW_ABORTED, FLOW_COUNT };

struct exchange {
	struct session *session;
	struct arena arena;
	struct arena response_arena; /* heads from the backend; an interim one goes when it is sent */
	char own_id[REQUEST_ID_SIZE];
	struct span id;
	struct trace trace;
	bool has_request;      /* false: the head was refused; then only request.method may be known */
	struct address client; /* as trusted proxies tell it, else the session's peer */

	/* The rules of its route; see exchange_rules.h. */
	struct rules *rules; /* Borrows: from the setup; NULL: no route, or none of its rules */
	struct values values;
	struct visit visit;
	struct credentials_check check;
	uint64_t retry_after_s; /* when it may come again, if it was not let in; 0: not known */

	/* From the client, and as it goes to the backend. */
	struct message request;
	enum flow request_flow;
	struct h1_body request_body;
	enum framing request_framing;
	struct rendered request_head;
	size_t preamble_size; /* of it, the PROXY header in front, which a connection gets once */
	struct text replay;   /* the body's payload so far, in case it must be sent again */
	size_t replayed;      /* of it, to the link of now */
	bool upgrade_wanted;

	/* From the backend, and as it goes to the client. */
	struct message response;
	enum flow response_flow;
	struct h1_head response_parser;
	struct h1_body response_body;
	enum framing response_framing;
	struct rendered response_head;
	bool response_begun; /* bytes of the final head are on their way: no other answer is possible */
	unsigned interim_count;
	bool is_interim; /* the head being sent is a 1xx; another follows */
	bool is_own_reply;
	struct rendered reply_content; /* of our own, after response_head */
	bool keep_alive;               /* the client's connection, after this */
	int status;

	/* Where it goes. */
	struct cluster *cluster; /* with a reference to its clusters; NULL: not known yet */
	struct attempts attempts;
	struct link *link;          /* Owner: the exchange */
	struct backend *backend;    /* the last one taken */
	bool waits_for_name;        /* there is no link yet because a name is being looked up */
	bool link_answered;         /* a byte came from it since we took it */
	uint64_t link_given_before; /* bytes given to it before we took it */
	bool reused;
	bool retried;
	bool is_bound;     /* it authenticates its connection: the link is this client's alone */
	bool is_unbound;   /* that link is lost, and the client's connection with it */
	bool made_room;    /* an idle link was closed for its descriptor */
	bool is_on_pinned; /* the link is one that the session had kept for that */

	struct tunnel tunnel;
	struct failure failure;
	struct meter meter;

	/* On the clock of clock_now_us(); 0: not reached. */
	uint64_t began_us;
	uint64_t head_us;
	uint64_t link_us;
	uint64_t connected_us;
	uint64_t request_done_us;
	uint64_t first_byte_us;
	uint64_t ended_us;
	/* On the loop's clock, for deadlines. */
	uint64_t link_ms;
	uint64_t request_done_ms;
	/* What it waits for now, whose turn that is, and since when. */
	enum error waits_for;
	enum side waits_on;
	uint64_t waits_since_ms;
};

/*
 * Begins with the complete head in session->head and the client's input buffer, from which it takes
 * the head. A head that is refused begins an exchange too: with the refusal as its response.
 * ERROR_OUT_OF_MEMORY: there is no exchange.
 */
MUST_CHECK enum error exchange_new(struct session *session, struct exchange **ret_exchange);
/* Begins one that has only an error to answer: a head that could not be read. */
MUST_CHECK enum error exchange_new_refused(struct session *session, enum error error,
                                           struct exchange **ret_exchange);
/* Drops the link, if there is one, and frees all. NULL is allowed. Writes no log. */
void exchange_free(struct exchange *exchange);

/* Moves what can move; true if anything did. */
bool exchange_step(struct exchange *exchange);
/* Both flows have ended. */
bool exchange_is_over(const struct exchange *exchange);
/* The response is a valid 101, and its head is on its way: `tunnel` joins the two sides now. */
bool exchange_is_tunnel(const struct exchange *exchange);

/* Nothing but the client's reading or sending could move it on now. */
bool exchange_waits_for_client(const struct exchange *exchange);
/* When it has taken too long, on the loop's clock. */
uint64_t exchange_due_ms(struct exchange *exchange);
/* That time has come: goes on to the next backend, or fails. */
void exchange_timed_out(struct exchange *exchange);

/*
 * It can not go on. If no answer has begun yet, ours is the answer; else both flows are aborted and
 * the client's connection must be reset.
 */
void exchange_fail(struct exchange *exchange, enum error error, enum side side);

/* For the modules of this folder. */

struct reply;

/* The answer is ours. Of the reply only what it says is given: not how, nor what follows it. */
void exchange_reply(struct exchange *exchange, struct reply *reply);

/* The steps of the request, the connection and the response; each true if anything moved. */
bool exchange_step_link(struct exchange *exchange);
bool exchange_step_request(struct exchange *exchange);
bool exchange_step_response(struct exchange *exchange);
/* The link died or was closed before the response was complete. */
void exchange_lose_link(struct exchange *exchange, enum error error);

#endif
