#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Routes are decoded from a text, so that these are the rules that a file would give. */

#include "base/memory.h"
#include "config/config.h"
#include "http/h1_write.h"
#include "route/rules.h"
#include "unit/http/heads.h"

static struct arena arena;
static struct config *config;
static struct rules *rules;
static struct diagnostics diagnostics;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static char *no_variables(const char *name)
{
	(void)name;
	return NULL;
}

/* Opens the rules of a route of which these are the keys. */
static void open_rules(const char *keys)
{
	char text[2048];

	(void)snprintf(text, sizeof(text),
	               "listeners: [{address: 127.0.0.1:8080}]\n"
	               "routes:\n"
	               "  - path: /api/\n"
	               "%s"
	               "clusters: {app: {backends: [{address: 127.0.0.1:9000}]}}\n",
	               keys);
	diagnostics_init(&diagnostics);
	if (config_load_text(SPAN("site.yaml"), SPAN("/"), span_of_string(text), no_variables,
	                     &diagnostics, &config))
		fail_msg("%.*s", (int)diagnostics.items[0].message.size, diagnostics.items[0].message.data);
	rules_check_fields(&config->routes[0], 0, &diagnostics);
	assert_int_equal(rules_new(&config->routes[0], &rules), OK);
}

static void close_rules(void)
{
	rules_free(rules);
	config_free(config);
	diagnostics_done(&diagnostics);
}

static const struct values values = {
	.of = {[VARIABLE_CLIENT_ADDRESS] = SPAN_INIT("192.0.2.7"),
           [VARIABLE_REQUEST_PATH] = SPAN_INIT("/${client.address}"),
           [VARIABLE_REQUEST_HOST] = SPAN_INIT("a.example"),
           [VARIABLE_REQUEST_TARGET] = SPAN_INIT("//evil.example")}};

static void check_request(const char *received, const char *wanted)
{
	struct message message = request_of(received, &arena);
	struct span bytes;

	message.target = message.path_query;
	assert_int_equal(rules_change_request(rules, &values, &arena, &message), OK);
	assert_int_equal(h1_write_head(&message, &arena, &bytes), OK);
	if (!span_equal(bytes, span_of_string(wanted)))
		fail_msg("%.*s", (int)bytes.size, bytes.data);
}

static void test_changes_a_request(void **state)
{
	(void)state;
	open_rules(
		"    cluster: app\n"
		"    replace_path: /\n"
		"    request_headers:\n"
		"      set: {X-Who: \"${client.address}\", X-Path: \"<${request.path}>\",\n"
		"            X-Empty: \"${tls.version}\", X-Trim: \" a \", Host: \"${request.host}\"}\n"
		"      add: {X-Via: us}\n"
		"      remove: [X-Debug]\n");
	assert_int_equal(diagnostics.errors, 0);
	check_request("GET /api/x?y HTTP/1.1\r\nHost: b\r\nX_Who: 1\r\nx-debug: 2\r\nX.Debug: 3\r\n"
	              "X-Via: them\r\nX_Via: 4\r\nX-Debugger: 5\r\n\r\n",
	              "GET /x?y HTTP/1.1\r\nHost: a.example\r\nX-Via: them\r\nX-Debugger: 5\r\n"
	              "X-Who: 192.0.2.7\r\nX-Path: </${client.address}>\r\nX-Empty: \r\nX-Trim: a\r\n"
	              "X-Via: us\r\n\r\n");
	close_rules();
}

static void test_changes_a_response(void **state)
{
	struct message message;
	struct span bytes;

	(void)state;
	open_rules("    cluster: app\n"
	           "    hsts: {max_age: 2y, include_subdomains: true, preload: true}\n"
	           "    response_headers:\n"
	           "      set: {Server: none, X-Who: \"${client.address}\"}\n"
	           "      remove: [X-Powered-By]\n");
	message = response_of("HTTP/1.1 200 OK\r\nServer: old\r\nX-Powered-By: old\r\nX_Who: kept\r\n"
	                      "Strict-Transport-Security: max-age=1\r\nContent-Length: 0\r\n\r\n",
	                      METHOD_GET, &arena);
	assert_int_equal(rules_change_response(rules, &values, true, &arena, &message), OK);
	assert_int_equal(h1_write_head(&message, &arena, &bytes), OK);
	assert_true(span_equal(
		bytes, SPAN("HTTP/1.1 200 OK\r\nX_Who: kept\r\nServer: none\r\nX-Who: 192.0.2.7\r\n"
	                "Strict-Transport-Security: max-age=63072000; includeSubDomains; preload\r\n"
	                "Content-Length: 0\r\n\r\n")));
	assert_int_equal(rules_change_response(rules, &values, false, &arena, &message), OK);
	assert_null(message_find(&message, FIELD_STRICT_TRANSPORT_SECURITY));
	close_rules();
}

/* Framing, the connection, the handshake, and what only ever harms; in any spelling. */
static void test_some_fields_can_not_be_changed(void **state)
{
	static const char *const names[] = {
		"Content-Length",
		"content_length",
		"Transfer-Encoding",
		"Connection",
		"Upgrade",
		"Expect",
		"TE",
		"Trailer",
		"Keep-Alive",
		"Proxy-Connection",
		"HTTP2-Settings",
		"Proxy",
		"Sec-WebSocket-Key",
		"Sec.WebSocket.Accept",
		"X_Host",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		char keys[512];
		bool is_allowed = strcmp(names[i], "X_Host") == 0;

		(void)snprintf(keys, sizeof(keys),
		               "    cluster: app\n"
		               "    request_headers: {set: {%s: a}, add: {%s: a}, remove: [%s]}\n"
		               "    response_headers: {set: {%s: a}, add: {%s: a}, remove: [%s]}\n",
		               names[i], names[i], names[i], names[i], names[i], names[i]);
		open_rules(keys);
		if (diagnostics.errors != (is_allowed ? 0 : 6))
			fail_msg("%s: %zu errors", names[i], diagnostics.errors);
		close_rules();
	}
}

static void test_host_can_only_be_set_in_a_request(void **state)
{
	(void)state;
	open_rules("    cluster: app\n"
	           "    request_headers: {set: {Host: a.example:81}, add: {Host: a}, remove: [Host]}\n"
	           "    response_headers: {set: {Host: a}}\n");
	assert_int_equal(diagnostics.errors, 3);
	assert_true(span_equal(diagnostics.items[0].path, SPAN("routes[0].request_headers.add")));
	close_rules();
	open_rules("    cluster: app\n"
	           "    request_headers: {set: {Host: \"a b\"}}\n");
	assert_int_equal(diagnostics.errors, 1);
	close_rules();
}

static void test_a_host_that_came_out_wrong_is_refused(void **state)
{
	struct message message = request_of("GET /api/ HTTP/1.1\r\nHost: b\r\n\r\n", &arena);

	(void)state;
	open_rules("    cluster: app\n"
	           "    request_headers: {set: {Host: \"${request.path}\"}}\n");
	assert_int_equal(rules_change_request(rules, &values, &arena, &message), ERROR_HOST_MALFORMED);
	close_rules();
}

static void test_redirects_to_no_other_server(void **state)
{
	static const struct values no_host = {.of = {[VARIABLE_REQUEST_PATH] = SPAN_INIT("/")}};
	struct span location = {0};

	(void)state;
	open_rules("    redirect: {to: \"https://${request.host}${request.path}\"}\n");
	assert_int_equal(rules_redirect(rules, &values, &arena, &location), OK);
	assert_true(span_equal(location, SPAN("https://a.example/${client.address}")));
	assert_int_equal(rules_redirect(rules, &no_host, &arena, &location), ERROR_HOST_MISSING);
	close_rules();
	open_rules("    redirect: {to: \"/new${request.target}\"}\n");
	assert_int_equal(rules_redirect(rules, &no_host, &arena, &location), OK);
	close_rules();
}

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(span_of_string(text), &address), OK);
	return address;
}

static enum error enter(const char *from, const char *head, uint64_t now_us)
{
	const struct message request =
		request_of(head ? head : "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &arena);
	struct address client = address_of(from);
	struct visit visit = {0};
	uint64_t retry_after_s = 0;
	enum error error = rules_enter(rules, &request, &client, now_us, &visit, &retry_after_s);

	assert_int_equal(retry_after_s > 0, error == ERROR_RATE_LIMITED || error == ERROR_CLIENT_BUSY ||
	                                        error == ERROR_ROUTE_BUSY);
	rules_leave(&visit);
	return error;
}

static void test_addresses(void **state)
{
	(void)state;
	open_rules("    cluster: app\n"
	           "    allow: [10.0.0.0/8, \"2001:db8::/32\"]\n"
	           "    deny: [10.1.0.0/16]\n");
	assert_int_equal(enter("10.0.0.1:1", NULL, 0), OK);
	assert_int_equal(enter("[2001:db8::1]:1", NULL, 0), OK);
	assert_int_equal(enter("[::ffff:10.0.0.1]:1", NULL, 0), OK);
	assert_int_equal(enter("10.1.0.1:1", NULL, 0), ERROR_ACCESS_DENIED);
	assert_int_equal(enter("11.0.0.1:1", NULL, 0), ERROR_ACCESS_DENIED);
	assert_int_equal(enter("unix:/a", NULL, 0), ERROR_ACCESS_DENIED);
	close_rules();
	open_rules("    cluster: app\n"
	           "    deny: [10.1.0.0/16]\n");
	assert_int_equal(enter("unix:/a", NULL, 0), OK);
	assert_int_equal(enter("11.0.0.1:1", NULL, 0), OK);
	assert_int_equal(enter("10.1.0.1:1", NULL, 0), ERROR_ACCESS_DENIED);
	close_rules();
}

static void test_rates_are_in_whole_seconds(void **state)
{
	struct address client = address_of("10.0.0.1:1");
	const struct message request = request_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &arena);
	struct visit visit = {0};
	uint64_t retry_after_s = 0;

	(void)state;
	open_rules("    cluster: app\n"
	           "    rate_limit: {requests: 2, per: 5s, burst: 1}\n");
	assert_int_equal(enter("10.0.0.1:1", NULL, 1000000), OK);
	assert_int_equal(rules_enter(rules, &request, &client, 1000000, &visit, &retry_after_s),
	                 ERROR_RATE_LIMITED);
	assert_int_equal(retry_after_s, 3); /* 2.5 s */
	assert_int_equal(enter("10.0.0.1:1", NULL, 3499999), ERROR_RATE_LIMITED);
	assert_int_equal(enter("10.0.0.1:1", NULL, 3500000), OK);
	close_rules();
}

static void test_counts_what_runs(void **state)
{
	struct address client = address_of("10.0.0.1:1");
	const struct message request = request_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &arena);
	struct visit visits[3] = {0};
	uint64_t retry_after_s = 0;

	(void)state;
	open_rules("    cluster: app\n"
	           "    concurrency: {requests: 3, requests_per_client: 2}\n");
	assert_int_equal(rules_enter(rules, &request, &client, 0, &visits[0], &retry_after_s), OK);
	assert_int_equal(rules_enter(rules, &request, &client, 0, &visits[1], &retry_after_s), OK);
	assert_int_equal(enter("10.0.0.1:2", NULL, 0), ERROR_CLIENT_BUSY);
	client = address_of("10.0.0.2:1");
	assert_int_equal(rules_enter(rules, &request, &client, 0, &visits[2], &retry_after_s), OK);
	assert_int_equal(enter("10.0.0.3:1", NULL, 0), ERROR_ROUTE_BUSY);
	rules_leave(&visits[0]);
	assert_int_equal(enter("10.0.0.1:1", NULL, 0), OK);
	rules_leave(&visits[1]);
	rules_leave(&visits[2]);
	rules_leave(&visits[2]);
	assert_int_equal(tally_count(rules->requests), 0);
	close_rules();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_a_request),
		cmocka_unit_test(test_changes_a_response),
		cmocka_unit_test(test_some_fields_can_not_be_changed),
		cmocka_unit_test(test_host_can_only_be_set_in_a_request),
		cmocka_unit_test(test_a_host_that_came_out_wrong_is_refused),
		cmocka_unit_test(test_redirects_to_no_other_server),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_rates_are_in_whole_seconds),
		cmocka_unit_test(test_counts_what_runs),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
