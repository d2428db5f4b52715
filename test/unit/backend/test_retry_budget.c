#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/retry_budget.h"

enum { START_MS = 1000000, SHARE = 20, PER_SECOND = 3, FLOOR = PER_SECOND * 10 };

static void add(struct retry_budget *budget, unsigned count, uint64_t now_ms)
{
	for (unsigned i = 0; i < count; i++)
		retry_budget_add(budget, now_ms);
}

/* How many go through of a great many. */
static unsigned spend(struct retry_budget *budget, uint64_t now_ms)
{
	unsigned count = 0;

	for (unsigned i = 0; i < 10000; i++)
		count += retry_budget_spend(budget, now_ms);
	return count;
}

static void test_the_floor(void **state)
{
	struct retry_budget budget;

	(void)state;
	retry_budget_init(&budget, SHARE, PER_SECOND, START_MS);
	assert_int_equal(spend(&budget, START_MS), FLOOR);
	assert_false(retry_budget_spend(&budget, START_MS + RETRY_BUDGET_PERIOD_MS));
	assert_int_equal(spend(&budget, START_MS + 2 * RETRY_BUDGET_PERIOD_MS), FLOOR);
}

static void test_the_share(void **state)
{
	struct retry_budget budget;

	(void)state;
	retry_budget_init(&budget, SHARE, 0, START_MS);
	assert_false(retry_budget_spend(&budget, START_MS));
	add(&budget, 1000, START_MS);
	assert_int_equal(spend(&budget, START_MS), 200);
	/* The period before still counts, with its requests and with its retries. */
	add(&budget, 50, START_MS + RETRY_BUDGET_PERIOD_MS);
	assert_int_equal(spend(&budget, START_MS + RETRY_BUDGET_PERIOD_MS), 10);
	/* A long time later nothing does. */
	assert_false(retry_budget_spend(&budget, START_MS + 20 * RETRY_BUDGET_PERIOD_MS));
}

static void test_none_at_all(void **state)
{
	struct retry_budget budget;

	(void)state;
	retry_budget_init(&budget, 0, 0, START_MS);
	add(&budget, 1000, START_MS);
	assert_int_equal(spend(&budget, START_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_floor),
		cmocka_unit_test(test_the_share),
		cmocka_unit_test(test_none_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
