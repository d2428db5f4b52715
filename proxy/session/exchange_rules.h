/*
 * What the rules of its route (route/rules.h) do with an exchange.
 *
 * Owner: the exchange. Threads: the worker.
 */
#ifndef SALLYPORT_SESSION_EXCHANGE_RULES_H
#define SALLYPORT_SESSION_EXCHANGE_RULES_H

#include "base/error.h"
#include "session/exchange.h"
#include "session/reply.h"

/* Lets the request in by the rules of exchange->rules, which may be NULL. Errors are those of
 * rules_enter(). */
MUST_CHECK enum error exchange_enter(struct exchange *exchange);
/* True if the route answers by itself, and the exchange has that answer now. */
bool exchange_answer(struct exchange *exchange);
/* Adds to a reply what the rules want of each: a page of the operator's, fields. */
void exchange_dress(const struct exchange *exchange, struct reply *reply);

#endif
