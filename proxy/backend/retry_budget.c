#include "backend/retry_budget.h"

enum { PERIODS_S = 2 * RETRY_BUDGET_PERIOD_MS / 1000, PER_CENT = 100 };

void retry_budget_init(struct retry_budget *budget, uint64_t share, uint64_t per_second,
                       uint64_t now_ms)
{
	*budget = (struct retry_budget){
		.share = share,
		.per_second = per_second,
		.began_ms = now_ms,
	};
}

static void move_on(struct retry_budget *budget, uint64_t now_ms)
{
	uint64_t age_ms = now_ms - budget->began_ms;

	if (age_ms < RETRY_BUDGET_PERIOD_MS)
		return;
	if (age_ms < (uint64_t)2 * RETRY_BUDGET_PERIOD_MS) {
		budget->before = budget->now;
		budget->began_ms += RETRY_BUDGET_PERIOD_MS;
	} else {
		budget->before.requests = 0;
		budget->before.retries = 0;
		budget->began_ms = now_ms;
	}
	budget->now.requests = 0;
	budget->now.retries = 0;
}

void retry_budget_add(struct retry_budget *budget, uint64_t now_ms)
{
	move_on(budget, now_ms);
	budget->now.requests++;
}

bool retry_budget_spend(struct retry_budget *budget, uint64_t now_ms)
{
	move_on(budget, now_ms);

	uint64_t requests = budget->before.requests + budget->now.requests;
	uint64_t retries = budget->before.retries + budget->now.retries;
	uint64_t allowed = requests / PER_CENT * budget->share +
	                   requests % PER_CENT * budget->share / PER_CENT +
	                   budget->per_second * PERIODS_S;

	if (retries >= allowed)
		return false;
	budget->now.retries++;
	return true;
}
