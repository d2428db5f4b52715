/*
 * How long a backend keeps an idle connection, so that we close it first: a request that meets the
 * backend's own close is lost, unless it may be sent twice (RFC 9112 §9.3.1, §9.6).
 *
 * A backend may tell (`Keep-Alive: timeout=5, max=100`, RFC 2068 §19.7.1.1, still in wide use), and
 * if not it can be seen: connections that it closes after the same idle time, again and again. One
 * close tells nothing, it may be a restart; so do many at one moment.
 *
 * Pure: times are parameters. Owner: a backend of one worker.
 */
#ifndef SALLYPORT_BACKEND_KEEP_ALIVE_H
#define SALLYPORT_BACKEND_KEEP_ALIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/message.h"

enum {
	KEEP_ALIVE_MARGIN_MS = 1000,      /* we close so much earlier, but not before half the time */
	KEEP_ALIVE_SHORTEST_MS = 1000,    /* what is closed sooner was not closed for its age */
	KEEP_ALIVE_FORGOTTEN_MS = 600000, /* what was seen may have changed since */
};

#define KEEP_ALIVE_UNKNOWN UINT64_MAX

/* What was seen of a backend. All zero: nothing. */
struct keep_alive {
	uint64_t seen_ms; /* idle time of the last connection that it closed */
	uint64_t seen_at_ms;
	uint64_t learned_ms; /* idle time after which it closes; 0: not known */
	uint64_t learned_at_ms;
};

/*
 * The time that a response announces for its connection, or KEEP_ALIVE_UNKNOWN; 0: no request is to
 * follow on it. What is malformed counts as not said.
 */
uint64_t keep_alive_announced_ms(const struct message *response);
/* The backend has closed a connection that was idle for so long. */
void keep_alive_note_close(struct keep_alive *keep_alive, uint64_t idle_ms, uint64_t now_ms);
/* How long a connection may be idle by what was announced for it and what was seen, with the margin
 * taken off; KEEP_ALIVE_UNKNOWN: nothing is known; 0: not at all. */
uint64_t keep_alive_limit_ms(const struct keep_alive *keep_alive, uint64_t announced_ms,
                             uint64_t now_ms);

#endif
