#include "session/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

enum { SERIES_MAX = 1000 };

static struct config_tls tls;
static struct config_listener listeners[2];
static struct config_route routes[2];
static struct config config;
static struct series_table *series;
static struct metrics *metrics;

static int set_up(void **state)
{
	(void)state;
	listeners[0] = (struct config_listener){.address_text.text = SPAN("0.0.0.0:443"), .tls = &tls};
	listeners[1] = (struct config_listener){.address_text.text = SPAN("0.0.0.0:80")};
	routes[0] =
		(struct config_route){.host.text = SPAN("*.example.com"), .path.text = SPAN("/api/")};
	routes[1] = (struct config_route){.path.text = SPAN("/")};
	config = (struct config){
		.listeners = listeners, .listener_count = 2, .routes = routes, .route_count = 2};
	if (series_table_new(SERIES_MAX, &series))
		return -1;
	return metrics_new(series, &config, &metrics) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	metrics_free(metrics);
	series_table_free(series);
	return 0;
}

static uint64_t requests(const char *route, const char *method, const char *status,
                         const char *reason)
{
	const char *const labels[] = {route, method, status, reason};

	return *series_value(series, METRIC_REQUESTS, labels);
}

static void routes_have_the_names_of_the_file(void **state)
{
	(void)state;
	assert_string_equal(metrics_of_route(metrics, 0)->label, "*.example.com/api/");
	assert_string_equal(metrics_of_route(metrics, 1)->label, "/");
	assert_string_equal(metrics_of_route(metrics, 2)->label, "none");
	assert_ptr_equal(metrics_of_route(metrics, 0), metrics_of_route(metrics, 0));
}

/* A route that nobody asks for costs nothing on the page. */
static void only_used_routes_are_told(void **state)
{
	(void)state;
	assert_null(series_first(series, METRIC_REQUEST_SECONDS));
	(void)metrics_of_route(metrics, 1);
	assert_string_equal(series_first(series, METRIC_REQUEST_SECONDS)->labels[0], "/");
	assert_null(series_first(series, METRIC_REQUEST_SECONDS)->next);
}

static void a_request_has_method_status_and_reason(void **state)
{
	struct route_metrics *route = metrics_of_route(metrics, 1);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		metrics_count_request(metrics, route, METHOD_GET, 200, OK);
	metrics_count_request(metrics, route, METHOD_OTHER, 200, OK);
	metrics_count_request(metrics, route, METHOD_GET, 502, ERROR_CONNECT_REFUSED);
	metrics_count_request(metrics, route, METHOD_GET, 200, ERROR_CONNECTION_RESET);
	metrics_count_request(metrics, route, METHOD_GET, 0, ERROR_CONNECTION_RESET);
	metrics_count_request(metrics, route, METHOD_GET, 200, OK);
	assert_int_equal(requests("/", "GET", "200", "ok"), 4);
	assert_int_equal(requests("/", "other", "200", "ok"), 1);
	assert_int_equal(requests("/", "GET", "502", "backend_connect_refused"), 1);
	assert_int_equal(requests("/", "GET", "200", "connection_reset"), 1);
	assert_int_equal(requests("/", "GET", "none", "connection_reset"), 1);
}

/* Each kind at its own place, in whatever order they come, and beyond those that are kept. */
static void many_kinds_are_told_apart(void **state)
{
	struct route_metrics *route = metrics_of_route(metrics, 0);
	char status[16];

	(void)state;
	for (unsigned round = 0; round < 3; round++)
		for (int i = 100; i < 100 + 2 * METRICS_KINDS_MAX; i++)
			metrics_count_request(metrics, route, METHOD_POST, i, OK);
	assert_int_equal(route->kind_count, METRICS_KINDS_MAX);
	for (int i = 100; i < 100 + 2 * METRICS_KINDS_MAX; i++) {
		(void)snprintf(status, sizeof(status), "%d", i);
		assert_int_equal(requests("*.example.com/api/", "POST", status, "ok"), 3);
	}
}

/* As a reload makes it: another setup of the same worker. */
static void counters_go_on_under_the_next_setup(void **state)
{
	struct metrics *next;

	(void)state;
	metrics_count_request(metrics, metrics_of_route(metrics, 1), METHOD_GET, 200, OK);
	++*metrics_of_listener(metrics, &listeners[1])->accepted;
	assert_int_equal(metrics_new(series, &config, &next), OK);
	metrics_free(metrics);
	metrics = next;
	metrics_count_request(metrics, metrics_of_route(metrics, 1), METHOD_GET, 200, OK);
	++*metrics_of_listener(metrics, &listeners[1])->accepted;
	assert_int_equal(requests("/", "GET", "200", "ok"), 2);
	assert_int_equal(*metrics_of_listener(metrics, &listeners[1])->accepted, 2);
}

static void handshakes_by_what_was_agreed(void **state)
{
	const struct tls_facts full = {.version = "TLSv1.3",
	                               .suite = "TLS_AES_256_GCM_SHA384",
	                               .group = "x25519",
	                               .started_us = 1000,
	                               .finished_us = 2000};
	const struct tls_facts resumed = {.version = "TLSv1.2",
	                                  .suite = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	                                  .resumed = true,
	                                  .started_us = 1000,
	                                  .finished_us = 1001};
	const char *const labels[] = {"0.0.0.0:443", resumed.version, resumed.suite, "none", "true"};
	const char *const failed[] = {"0.0.0.0:443", "no_common_group"};

	(void)state;
	metrics_count_handshake(metrics, &listeners[0], &full);
	metrics_count_handshake(metrics, &listeners[0], &resumed);
	metrics_count_handshake(metrics, &listeners[0], &resumed);
	metrics_count_handshake_failure(metrics, &listeners[0], ERROR_TLS_NO_COMMON_GROUP);
	assert_int_equal(*series_value(series, METRIC_HANDSHAKES, labels), 2);
	assert_int_equal(*series_value(series, METRIC_HANDSHAKE_FAILURES, failed), 1);
	assert_int_equal(metrics_of_listener(metrics, &listeners[0])->handshakes[0]->sum_us, 1000);
	assert_int_equal(metrics_of_listener(metrics, &listeners[0])->handshakes[1]->sum_us, 2);
	assert_null(metrics_of_listener(metrics, &listeners[1])->handshakes[0]);
}

static void without_memory_it_is_told(void **state)
{
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	for (long successes = 0; error; successes++) {
		struct metrics *poor = NULL;

		memory_fail_after(successes);
		error = metrics_new(series, &config, &poor);
		if (!error && metrics_of_route(poor, 0))
			metrics_count_request(poor, metrics_of_route(poor, 0), METHOD_GET, 200, OK);
		memory_fail_after(-1);
		assert_true(error == OK || error == ERROR_OUT_OF_MEMORY);
		metrics_free(poor);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(routes_have_the_names_of_the_file),
		TEST(only_used_routes_are_told),
		TEST(a_request_has_method_status_and_reason),
		TEST(many_kinds_are_told_apart),
		TEST(counters_go_on_under_the_next_setup),
		TEST(handshakes_by_what_was_agreed),
		TEST(without_memory_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
