/*
 * What a route does with a request besides naming its cluster.
 *
 *   rules_enter()            may it come in? address, WebSocket's origin, rate, how many run
 *   (credentials)            who is it? see session/credentials.h
 *   rules_redirect(),        is the answer known already?
 *   rules_answer
 *   rules_change_request()   what the backend gets
 *   rules_change_response()  what the client gets, from a backend or from us
 *   rules_leave()            it is over
 *
 * Owner: the setup. Borrows: the configuration and the contents of files, from the setup.
 * Threads: shared by all workers; only the counters change, and these guard themselves.
 */
#ifndef SALLYPORT_ROUTE_RULES_H
#define SALLYPORT_ROUTE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"
#include "config/config_route.h"
#include "http/message.h"
#include "route/clients.h"
#include "route/tally.h"
#include "route/users.h"
#include "route/values.h"

/* A page for an error, in the place of ours. */
struct page {
	unsigned status;
	struct span content;
	struct span content_type;
};

enum { RULES_HSTS_SIZE = 64, RULES_CHALLENGE_SIZE = 192 };

struct rules {
	const struct config_route *config;
	struct span answer; /* the body, if there is config->answer */
	const struct page *pages;
	size_t page_count;
	struct clients *rates;      /* a reference; NULL: no rate limit */
	struct clients *running;    /* a reference; NULL: no limit of requests per client */
	struct tally *requests;     /* a reference: those that run; NULL: no limit of them at all */
	struct users *users;        /* NULL: nobody is asked who he is. Owner: the rules */
	char hsts[RULES_HSTS_SIZE]; /* the field's value, or "" */
	char challenge[RULES_CHALLENGE_SIZE]; /* WWW-Authenticate's, or "" */
};

/* Reports what the configuration's own check can not know: fields that can not be changed. */
void rules_check_fields(const struct config_route *route, size_t index,
                        struct diagnostics *diagnostics);

/* Without answer, pages and users, which the caller fills in. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error rules_new(const struct config_route *route, struct rules **ret_rules);
/* Goes on with the counts of the rules of before a reload, where the limits are kept in the same
 * way: a table of clients only if its size has not changed. Before anybody uses the rules. */
void rules_inherit(struct rules *rules, const struct rules *before);
/* NULL is allowed. */
void rules_free(struct rules *rules);

/* The page for a status, or NULL. */
const struct page *page_find(const struct page *pages, size_t count, int status);

/* A request that has come in. Zeroed: none has. */
struct visit {
	struct rules *rules; /* NULL: nothing has been counted */
	struct address client;
};

/*
 * ERROR_ACCESS_DENIED, ERROR_ORIGIN_DENIED, ERROR_RATE_LIMITED, ERROR_CLIENT_BUSY,
 * ERROR_ROUTE_BUSY. If there is use in coming again, *ret_retry_after_s says when.
 */
MUST_CHECK enum error rules_enter(struct rules *rules, const struct message *request,
                                  const struct address *client, uint64_t now_us,
                                  struct visit *ret_visit, uint64_t *ret_retry_after_s);
/* It is over. Also for one that never came in. */
void rules_leave(struct visit *visit);

/* The Location of a route with config->redirect. ERROR_HOST_MISSING: it is to lead to the request's
 * own host, and there is none. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error rules_redirect(const struct rules *rules, const struct values *values,
                                     struct arena *arena, struct span *ret_location);

/*
 * Changes the message of route/forward.h for the backend: path and fields.
 * ERROR_PATH_AMBIGUOUS, see route/rewrite.h. ERROR_INVALID, ERROR_HOST_MALFORMED,
 * ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error rules_change_request(const struct rules *rules, const struct values *values,
                                           struct arena *arena, struct message *message);
/* Changes a final response for the client. `secure`: over TLS (RFC 6797 §7.2).
 * ERROR_INVALID, ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error rules_change_response(const struct rules *rules, const struct values *values,
                                            bool secure, struct arena *arena,
                                            struct message *message);

#endif
