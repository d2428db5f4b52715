#include "server/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct series_table *table;
static struct text page;

static int set_up(void **state)
{
	(void)state;
	text_init(&page, EXPOSITION_SIZE_MAX);
	return series_table_new(1000, &table) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	series_table_free(table);
	text_done(&page);
	return 0;
}

static void assert_has(const char *line)
{
	if (!strstr(text_string(&page), line))
		fail_msg("not there: %s\n%s", line, text_string(&page));
}

static void assert_page(enum exposition_format format, const char *wanted)
{
	text_clear(&page);
	exposition_put(table, format, &page);
	assert_string_equal(text_string(&page), wanted);
}

static void nothing_is_an_empty_page(void **state)
{
	(void)state;
	assert_page(EXPOSITION_OPENMETRICS, "# EOF\n");
	assert_page(EXPOSITION_CLASSIC, "");
}

static void a_counter(void **state)
{
	const char *const labels[] = {"[::1]:443"};

	(void)state;
	*series_value(table, METRIC_CONNECTIONS_ACCEPTED, labels) = UINT64_MAX;
	assert_page(EXPOSITION_OPENMETRICS,
	            "# HELP sallyport_connections_accepted Connections of clients that were accepted.\n"
	            "# TYPE sallyport_connections_accepted counter\n"
	            "sallyport_connections_accepted_total{listener=\"[::1]:443\"} "
	            "18446744073709551615\n"
	            "# EOF\n");
	assert_page(EXPOSITION_CLASSIC,
	            "# HELP sallyport_connections_accepted_total Connections of clients that were "
	            "accepted.\n"
	            "# TYPE sallyport_connections_accepted_total counter\n"
	            "sallyport_connections_accepted_total{listener=\"[::1]:443\"} "
	            "18446744073709551615\n");
}

static void seconds_and_bytes(void **state)
{
	(void)state;
	*series_value(table, METRIC_MEMORY_LIMIT, NULL) = 1 << 20;
	*series_value(table, METRIC_UPTIME, NULL) = 61500000;
	*series_value(table, METRIC_PROCESS_CPU, NULL) = 2000001;
	assert_page(
		EXPOSITION_OPENMETRICS,
		"# HELP sallyport_memory_limit_bytes limits.memory.\n"
		"# TYPE sallyport_memory_limit_bytes gauge\n"
		"# UNIT sallyport_memory_limit_bytes bytes\n"
		"sallyport_memory_limit_bytes 1048576\n"
		"# HELP sallyport_uptime_seconds Since the start.\n"
		"# TYPE sallyport_uptime_seconds gauge\n"
		"# UNIT sallyport_uptime_seconds seconds\n"
		"sallyport_uptime_seconds 61.5\n"
		"# HELP process_cpu_seconds Time that processors spent on it, for itself and in the "
		"kernel.\n"
		"# TYPE process_cpu_seconds counter\n"
		"# UNIT process_cpu_seconds seconds\n"
		"process_cpu_seconds_total 2.000001\n"
		"# EOF\n");
}

/* A kind of its own in OpenMetrics, which the classic format does not have. */
static void what_runs(void **state)
{
	const char *const labels[] = {"1.2.3"};

	(void)state;
	*series_value(table, METRIC_BUILD, labels) = 1;
	assert_page(EXPOSITION_OPENMETRICS, "# HELP sallyport_build What runs.\n"
	                                    "# TYPE sallyport_build info\n"
	                                    "sallyport_build_info{version=\"1.2.3\"} 1\n"
	                                    "# EOF\n");
	assert_page(EXPOSITION_CLASSIC, "# HELP sallyport_build_info What runs.\n"
	                                "# TYPE sallyport_build_info gauge\n"
	                                "sallyport_build_info{version=\"1.2.3\"} 1\n");
}

static void label_values_are_escaped(void **state)
{
	const char *const labels[] = {"a\"b\\c\nd{e},f=\xc3\xa9"};

	(void)state;
	*series_value(table, METRIC_TUNNELS_OPEN, labels) = 1;
	exposition_put(table, EXPOSITION_CLASSIC, &page);
	assert_has("sallyport_tunnels_open{route=\"a\\\"b\\\\c\\nd{e},f=\xc3\xa9\"} 1\n");
}

/* Only OpenMetrics has an escape for quotes in HELP. */
static void words_are_escaped(void **state)
{
	(void)state;
	*series_value(table, METRIC_SERIES_FOLDED, NULL) = 1;
	exposition_put(table, EXPOSITION_CLASSIC, &page);
	assert_has("went to \"other\".\n");
	text_clear(&page);
	exposition_put(table, EXPOSITION_OPENMETRICS, &page);
	assert_has("went to \\\"other\\\".\n");
}

static void a_histogram(void **state)
{
	const char *const labels[] = {"app"};
	struct histogram *histogram = series_histogram(table, METRIC_CONNECT_SECONDS, labels);

	(void)state;
	histogram_observe(histogram, 100);
	histogram_observe(histogram, 101);
	histogram_observe(histogram, 999999);
	histogram_observe(histogram, 60000001);
	exposition_put(table, EXPOSITION_OPENMETRICS, &page);
#define BUCKET "sallyport_backend_connect_duration_seconds_bucket{cluster=\"app\",le="
	assert_has("# UNIT sallyport_backend_connect_duration_seconds seconds\n" BUCKET
	           "\"0.0001\"} 1\n" BUCKET "\"0.00025\"} 2\n");
	assert_has(BUCKET "\"0.5\"} 2\n" BUCKET "\"1.0\"} 3\n" BUCKET "\"2.5\"} 3\n");
	assert_has(BUCKET "\"60.0\"} 3\n" BUCKET "\"+Inf\"} 4\n"
	                  "sallyport_backend_connect_duration_seconds_count{cluster=\"app\"} 4\n"
	                  "sallyport_backend_connect_duration_seconds_sum{cluster=\"app\"} "
	                  "61.000201\n# EOF\n");
}

/* All series of a metric stand together, whenever they were made. */
static void series_are_grouped(void **state)
{
	const char *const first[] = {"a"};
	const char *const second[] = {"b"};

	(void)state;
	*series_value(table, METRIC_CONNECTIONS_OPEN, first) = 1;
	*series_value(table, METRIC_TUNNELS_OPEN, first) = 1;
	*series_value(table, METRIC_CONNECTIONS_OPEN, second) = 2;
	exposition_put(table, EXPOSITION_CLASSIC, &page);
	assert_has("sallyport_connections_open{listener=\"a\"} 1\n"
	           "sallyport_connections_open{listener=\"b\"} 2\n");
}

static void a_page_that_is_too_large_is_cut(void **state)
{
	struct text small;

	(void)state;
	*series_value(table, METRIC_UPTIME, NULL) = 1;
	text_init(&small, 40);
	exposition_put(table, EXPOSITION_CLASSIC, &small);
	assert_true(small.cut);
	text_done(&small);
}

static void the_reader_chooses(void **state)
{
	static const struct {
		const char *accept;
		enum exposition_format format;
	} rows[] = {
		{"", EXPOSITION_CLASSIC},
		{"*/*", EXPOSITION_CLASSIC},
		{"text/html,application/xhtml+xml,*/*;q=0.8", EXPOSITION_CLASSIC},
		{"text/plain", EXPOSITION_CLASSIC},
		{"application/openmetrics-text", EXPOSITION_OPENMETRICS},
		{"Application/OpenMetrics-Text ; version=1.0.0", EXPOSITION_OPENMETRICS},
		/* Prometheus 2 */
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
	     "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	     EXPOSITION_OPENMETRICS},
		{"application/openmetrics-text;q=0.2, text/plain;q=0.5", EXPOSITION_CLASSIC},
		{"application/openmetrics-text;q=0.5,text/plain;q=0.5", EXPOSITION_OPENMETRICS},
		{"application/openmetrics-text;q=0", EXPOSITION_CLASSIC},
		{"application/openmetrics-text;Q=0.000,*/*", EXPOSITION_CLASSIC},
		{"application/openmetrics-text;q=x", EXPOSITION_CLASSIC},
		{"application/openmetrics-text;q=", EXPOSITION_CLASSIC},
		{"application/openmetrics-text;q=9,text/plain", EXPOSITION_OPENMETRICS},
		{",;,;q=1,,application/openmetrics-text", EXPOSITION_OPENMETRICS},
		{"application/openmetrics-text-2", EXPOSITION_CLASSIC},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (exposition_choose(span_of_string(rows[i].accept)) != rows[i].format)
			fail_msg("%s", rows[i].accept);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_an_empty_page),
		TEST(a_counter),
		TEST(seconds_and_bytes),
		TEST(what_runs),
		TEST(label_values_are_escaped),
		TEST(words_are_escaped),
		TEST(a_histogram),
		TEST(series_are_grouped),
		TEST(a_page_that_is_too_large_is_cut),
		TEST(the_reader_chooses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
