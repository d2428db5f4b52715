#include "metrics/series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

enum { SERIES_MAX = 1000 };

static struct series_table *table;

static int set_up(void **state)
{
	(void)state;
	return series_table_new(SERIES_MAX, &table) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	series_table_free(table);
	table = NULL;
	return 0;
}

/* A metric with two labels. */
static uint64_t *refused(struct series_table *of, const char *listener, const char *reason)
{
	const char *const labels[] = {listener, reason};

	return series_value(of, METRIC_CONNECTIONS_REFUSED, labels);
}

static struct histogram *heads(struct series_table *of, const char *route)
{
	const char *const labels[] = {route};

	return series_histogram(of, METRIC_HEAD_SECONDS, labels);
}

static size_t count_series(const struct series_table *of, enum metric_id id)
{
	size_t count = 0;

	for (const struct series *series = series_first(of, id); series; series = series->next)
		count++;
	return count;
}

static void equal_labels_are_one_place(void **state)
{
	char listener[] = "a";
	uint64_t *first = refused(table, listener, "x");

	(void)state;
	*first = 7;
	listener[0] = 'b'; /* they were copied */
	assert_ptr_equal(refused(table, "a", "x"), first);
	assert_ptr_not_equal(refused(table, "b", "x"), first);
	assert_ptr_not_equal(refused(table, "x", "a"), first);
	assert_ptr_not_equal(refused(table, "ax", ""), refused(table, "", "ax"));
	assert_int_equal(*first, 7);
}

static void metrics_with_equal_labels_are_apart(void **state)
{
	const char *const labels[] = {"a", "b"};

	(void)state;
	assert_ptr_not_equal(series_value(table, METRIC_HANDSHAKE_FAILURES, labels),
	                     series_value(table, METRIC_CONNECTIONS_REFUSED, labels));
	assert_ptr_equal(series_value(table, METRIC_WORKERS, NULL),
	                 series_value(table, METRIC_WORKERS, NULL));
}

/* While the table grows. */
static void places_never_move(void **state)
{
	uint64_t *places[500];
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		places[i] = refused(table, name, "x");
		*places[i] = i;
	}
	for (unsigned i = 0; i < 500; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		assert_ptr_equal(refused(table, name, "x"), places[i]);
		assert_int_equal(*places[i], i);
	}
	assert_int_equal(count_series(table, METRIC_CONNECTIONS_REFUSED), 500);
}

/* In the order in which they came. */
static void a_metrics_series_can_be_gone_through(void **state)
{
	const struct series *series;

	(void)state;
	assert_null(series_first(table, METRIC_CONNECTIONS_REFUSED));
	*refused(table, "a", "x") = 1;
	*heads(table, "r") = (struct histogram){0};
	*refused(table, "b", "y") = 2;
	series = series_first(table, METRIC_CONNECTIONS_REFUSED);
	assert_string_equal(series->labels[0], "a");
	assert_string_equal(series->next->labels[1], "y");
	assert_int_equal(series->next->value, 2);
	assert_null(series->next->next);
}

/* metrics.series_max: what comes later is counted together. */
static void a_metric_has_at_most_so_many_series(void **state)
{
	struct series_table *small;

	(void)state;
	assert_int_equal(series_table_new(2, &small), OK);
	*refused(small, "a", "x") = 1;
	*refused(small, "b", "x") = 2;
	*refused(small, "c", "x") += 3;
	*refused(small, "d", "y") += 4;
	assert_int_equal(*refused(small, "a", "x"), 1);
	assert_int_equal(*refused(small, "b", "x"), 2);
	assert_int_equal(*refused(small, "other", "other"), 7);
	assert_int_equal(count_series(small, METRIC_CONNECTIONS_REFUSED), 3);
	assert_int_equal(*series_value(small, METRIC_SERIES_FOLDED, NULL), 2);
	/* Others have room of their own; what has no labels always has. */
	histogram_observe(heads(small, "r"), 5);
	histogram_observe(heads(small, "s"), 5);
	histogram_observe(heads(small, "t"), 5);
	assert_int_equal(histogram_count(heads(small, "other")), 1);
	*series_value(small, METRIC_WORKERS, NULL) = 1;
	series_table_free(small);
}

/* As the rows say. */
static void workers_are_added_up(void **state)
{
	const char *const backend[] = {"app", "127.0.0.1:1"};
	struct series_table *other;

	(void)state;
	assert_int_equal(series_table_new(SERIES_MAX, &other), OK);
	*refused(table, "a", "x") = 1;
	*refused(other, "a", "x") = 10;
	*refused(other, "b", "x") = 5;
	histogram_observe(heads(table, "r"), 100);
	histogram_observe(heads(other, "r"), 60000001);
	series_note(table, METRIC_BACKEND_UP, backend, 1);
	series_note(other, METRIC_BACKEND_UP, backend, 0);
	series_note(table, METRIC_SETUPS, NULL, 3);
	series_note(other, METRIC_SETUPS, NULL, 2);
	series_note(table, METRIC_WORKERS, NULL, 1);
	series_note(other, METRIC_WORKERS, NULL, 1);
	series_merge(table, other);
	assert_int_equal(*refused(table, "a", "x"), 11);
	assert_int_equal(*refused(table, "b", "x"), 5);
	assert_int_equal(histogram_count(heads(table, "r")), 2);
	assert_int_equal(heads(table, "r")->sum_us, 60000101);
	assert_int_equal(*series_value(table, METRIC_BACKEND_UP, backend), 0);
	assert_int_equal(*series_value(table, METRIC_SETUPS, NULL), 3);
	assert_int_equal(*series_value(table, METRIC_WORKERS, NULL), 2);
	assert_int_equal(*refused(other, "a", "x"), 10);
	series_table_free(other);
}

/* A connection may be closed by another place than it was opened by: the sum is what counts. */
static void a_gauge_may_go_below_zero_in_one_worker(void **state)
{
	const char *const labels[] = {"a"};
	struct series_table *other;

	(void)state;
	assert_int_equal(series_table_new(SERIES_MAX, &other), OK);
	--*series_value(table, METRIC_CONNECTIONS_OPEN, labels);
	*series_value(other, METRIC_CONNECTIONS_OPEN, labels) += 3;
	series_merge(table, other);
	assert_int_equal(*series_value(table, METRIC_CONNECTIONS_OPEN, labels), 2);
	series_table_free(other);
}

/* The limit holds for the sum, too, and nothing is lost by it. */
static void a_sum_folds(void **state)
{
	struct series_table *sum;
	uint64_t total = 0;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		*refused(table, name, "x") = 1;
	}
	assert_int_equal(series_table_new(3, &sum), OK);
	series_merge(sum, table);
	series_merge(sum, table);
	assert_int_equal(count_series(sum, METRIC_CONNECTIONS_REFUSED), 4);
	for (const struct series *series = series_first(sum, METRIC_CONNECTIONS_REFUSED); series;
	     series = series->next)
		total += series->value;
	assert_int_equal(total, 40);
	series_table_free(sum);
}

/* Whatever can not be had, there is always a place to count at. */
static void counting_goes_on_without_memory(void **state)
{
	(void)state;
	for (long successes = 0; successes < 8; successes++) {
		struct series_table *poor = NULL;

		memory_fail_after(successes);

		enum error error = series_table_new(SERIES_MAX, &poor);

		if (error) {
			memory_fail_after(-1);
			assert_int_equal(error, ERROR_OUT_OF_MEMORY);
			continue;
		}
		++*refused(poor, "a", "x");
		histogram_observe(heads(poor, "r"), 1);
		memory_fail_after(-1);
		*refused(poor, "b", "x") = 1;
		assert_int_equal(*refused(poor, "b", "x"), 1);
		series_table_free(poor);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(equal_labels_are_one_place),
		TEST(metrics_with_equal_labels_are_apart),
		TEST(places_never_move),
		TEST(a_metrics_series_can_be_gone_through),
		TEST(a_metric_has_at_most_so_many_series),
		TEST(workers_are_added_up),
		TEST(a_gauge_may_go_below_zero_in_one_worker),
		TEST(a_sum_folds),
		TEST(counting_goes_on_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
