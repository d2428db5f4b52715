/*
 * How many requests to a cluster may be sent again, so that a cluster in trouble does not get twice
 * the load: a share of the requests of the last seconds, and besides so many a second, for times of
 * few requests.
 *
 * Pure: times are parameters. Owner: a cluster of one worker.
 */
#ifndef SALLYPORT_BACKEND_RETRY_BUDGET_H
#define SALLYPORT_BACKEND_RETRY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* What is counted: the period that runs, and the whole one before it. */
enum { RETRY_BUDGET_PERIOD_MS = 5000 };

struct retry_budget {
	uint64_t share;      /* per cent of the requests */
	uint64_t per_second; /* besides */
	uint64_t began_ms;   /* the period that runs */
	struct {
		uint64_t requests;
		uint64_t retries;
	} now, before;
};

void retry_budget_init(struct retry_budget *budget, uint64_t share, uint64_t per_second,
                       uint64_t now_ms);
/* A request, the first time that it is sent. */
void retry_budget_add(struct retry_budget *budget, uint64_t now_ms);
/* May a request be sent again? If so that is counted. */
bool retry_budget_spend(struct retry_budget *budget, uint64_t now_ms);

#endif
