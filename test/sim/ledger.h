/*
 * The books of a run: every request of every client, what it was meant to be, every attempt at it
 * that reached a backend, and what its client got for it. The peers write in it; the invariants
 * about exchanges are checked where that happens, and once more at the end (sim/verdict.h).
 *
 * Owner: the world. Requests live until ledger_done().
 */
#ifndef SALLYPORT_SIM_LEDGER_H
#define SALLYPORT_SIM_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/fake_net.h"
#include "sim/random.h"

/* EXTRA_ID: the request that bytes sent unasked pretend to answer. */
enum { REQUESTS_MAX = 64, ATTEMPTS_MAX = 6, EXTRA_ID = 9999 };

/*
 * What is wrong with a request: name · the status that it is answered with · whether its head is
 * good, so that it may reach a backend.
 */
/* clang-format off */
#define FLAW_TABLE(X) \
	X(NONE,            0,   true)  \
	X(TWO_FRAMINGS,    400, false) \
	X(BAD_LENGTH,      400, false) \
	X(TWO_LENGTHS,     400, false) \
	X(UNKNOWN_CODING,  501, false) \
	X(CODING_IN_1_0,   400, false) \
	X(NO_HOST,         400, false) \
	X(TWO_HOSTS,       400, false) \
	X(BARE_LF,         400, false) \
	X(FOLDED,          400, false) \
	X(SPACE_COLON,     400, false) \
	X(BAD_METHOD,      400, false) \
	X(CONNECT,         501, false) \
	X(BAD_VERSION,     505, false) \
	X(BAD_EXPECT,      417, false) \
	X(HUGE_HEAD,       431, false) \
	X(MANY_FIELDS,     431, false) \
	X(LONG_TARGET,     414, false) \
	X(BODY_TOO_LARGE,  413, false) \
	X(NO_ROUTE,        404, false) \
	X(OLD_WEBSOCKET,   426, false) \
	X(BAD_WEBSOCKET,   400, false) \
	X(BAD_CHUNK,       400, true)  \
	X(BODY_GROWS,      413, true)
/* clang-format on */

enum flaw {
#define FLAW_ENUM(name, status, reaches) FLAW_##name,
	FLAW_TABLE(FLAW_ENUM)
#undef FLAW_ENUM
		FLAW_COUNT
};

const char *flaw_name(enum flaw flaw);
int flaw_status(enum flaw flaw);
bool flaw_may_reach(enum flaw flaw);

enum body_form { FORM_NONE, FORM_LENGTH, FORM_CHUNKED, FORM_UNTIL_CLOSE };

/* One arrival of a request at a backend, and the answer to it. */
struct attempt {
	struct connection *connection; /* Borrows: from the loop */
	bool is_reused;
	bool is_poisoned;  /* bytes of an earlier answer were still under way to the proxy */
	uint64_t begun_at; /* what the proxy had received on the connection before */
	uint64_t payload;  /* of the request's body, so far */
	bool has_head;     /* the request's head has come whole */
	bool is_whole;     /* the request has come whole */
	bool is_planned;   /* the backend has decided what to answer */
	bool is_good;      /* it will answer in full, without tricks */
	bool is_early;     /* before it has read the request's body */
	int status;
	enum body_form form;
	uint64_t body_size;
	bool keep_alive;          /* it will keep the connection */
	bool is_switch;           /* a valid 101 */
	bool offers;              /* it asks for authentication that is bound to the connection */
	bool is_sent;             /* all of the answer is on its way */
	uint64_t sent_at;         /* then: where it ends in the connection's bytes */
	bool is_excused;          /* its connection broke by no fault of the proxy */
	uint64_t tunnel_ended_ms; /* when the backend ended its side of it */
	uint64_t tunnel_in;       /* bytes from the client that the backend's side got in a tunnel */
};

struct request {
	unsigned id;
	unsigned client;
	enum flaw flaw;
	const char *method;
	const char *path; /* without the id; it decides about the cluster */
	bool is_idempotent;
	bool is_head;
	int minor; /* HTTP/1.<minor> */
	enum body_form form;
	uint64_t body_size;
	bool keep_alive;
	bool expects;   /* Expect: 100-continue */
	bool upgrades;  /* a valid WebSocket handshake */
	bool binds;     /* it authenticates the connection */
	bool redirects; /* to a listener that only redirects */
	uint64_t tunnel_up;
	uint64_t tunnel_down;

	/* What became of it. */
	bool is_pipelined; /* it was begun before the one before it was answered */
	bool is_begun;     /* the client has sent a byte */
	bool has_sent_head;
	bool is_sent; /* the client has sent all of it */
	struct attempt attempts[ATTEMPTS_MAX];
	unsigned attempt_count;

	/* What the client got. */
	bool is_answered;     /* a whole final head */
	bool is_whole;        /* and all of the body */
	bool is_own;          /* by the proxy itself */
	bool is_foreign;      /* by bytes that a backend had sent unasked, which nobody can tell */
	unsigned answered_by; /* the attempt, else */
	int status;
	bool says_close;
	unsigned interims;
	uint64_t tunnel_got;
	uint64_t tunnel_ended_ms; /* when the client saw the end of it */
};

struct ledger {
	struct request *requests[REQUESTS_MAX];
	unsigned request_count;
	/* A connection was used again while bytes that nobody asked for were on their way on it: what
	 * they are taken for, and by whom, is not known. */
	bool is_poisoned;
};

void ledger_done(struct ledger *ledger);
/* A blank one. */
struct request *ledger_request(struct ledger *ledger);
/* The keys of the bodies (sim/bytes.h). */
uint64_t request_body_key(const struct request *request);
uint64_t response_body_key(const struct request *request, unsigned attempt);
uint64_t tunnel_up_key(const struct request *request);
uint64_t tunnel_down_key(const struct request *request, unsigned attempt);

/* The request whose id stands in this start line (`/0000` at the end of the path), or NULL. */
struct request *ledger_find(struct ledger *ledger, struct span start_line);
/* The request has begun to reach a backend. Checks that it may. */
struct attempt *ledger_attempt(struct request *request, struct connection *connection,
                               bool is_reused);
/* All of the answer has reached the proxy. */
bool attempt_is_delivered(const struct attempt *attempt);
/* A byte of the answer has reached the proxy. */
bool attempt_has_answered(const struct attempt *attempt);

#endif
