#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "route/hops.h"
#include "unit/http/heads.h"

enum { HEAD_SIZE = 4096, TRUSTED = 2 };

static struct arena arena;
static struct config config;
static struct config_network networks[TRUSTED];

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 1 << 20);
	assert_int_equal(address_block_parse(SPAN("10.0.0.0/8"), &networks[0].block), OK);
	assert_int_equal(address_block_parse(SPAN("fd00::/8"), &networks[1].block), OK);
	config.trusted_proxies = networks;
	config.trusted_proxy_count = TRUSTED;
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

/* The client's host and port for field lines, separated by `|`. */
static void check_client(const char *peer, const char *name, const char *lines, const char *host,
                         unsigned port)
{
	char head[HEAD_SIZE] = "GET / HTTP/1.1\r\nHost: a\r\n";
	struct address from;
	struct address client;
	struct span rest = span_of_string(lines);
	struct span line;

	while (span_next(&rest, '|', &line)) {
		size_t size = strlen(head);

		(void)snprintf(head + size, sizeof(head) - size, "%s: %.*s\r\n", name, (int)line.size,
		               line.data);
	}
	(void)strncat(head, "\r\n", sizeof(head) - strlen(head) - 1);

	const struct message request = request_of(head, &arena);

	assert_int_equal(address_parse(span_of_string(peer), &from), OK);
	hops_client(&request, &from, &config, &client);
	if (strcmp(client.host, host) != 0 || client.port != port)
		fail_msg("%s: %s: %s, port %u", name, lines, client.host, (unsigned)client.port);
}

struct row {
	const char *lines;
	const char *host;
	unsigned port;
};

#define PEER "10.0.0.9:5000"

static void test_walks_x_forwarded_for_from_the_right(void **state)
{
	static const struct row rows[] = {
		{"203.0.113.6", "203.0.113.6", 0},
		{"203.0.113.6:77", "203.0.113.6", 77},
		{"198.51.100.1, 203.0.113.6, 10.0.0.1", "203.0.113.6", 0},
		{"198.51.100.1|203.0.113.6|10.0.0.1 ,fd00::1", "203.0.113.6", 0},
		{"10.0.0.2, 10.0.0.1", "10.0.0.2", 0},
		{"2001:db8::6", "2001:db8::6", 0},
		{"[2001:db8::6]", "2001:db8::6", 0},
		{"[2001:db8::6]:77", "2001:db8::6", 77},
		{"::ffff:203.0.113.6", "203.0.113.6", 0},
	};

	(void)state;
	config.trusted_field = CONFIG_TRUSTED_X_FORWARDED_FOR;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		check_client(PEER, "X-Forwarded-For", rows[i].lines, rows[i].host, rows[i].port);
	check_client(PEER, "X-Other", "203.0.113.6", "10.0.0.9", 5000);
}

/* What is no address ends the walk where it stands. */
static void test_malformed_elements_end_the_walk(void **state)
{
	static const char *const elements[] = {
		"",
		"unknown",
		"_hidden",
		"localhost",
		"203.0.113.6/32",
		"203.0.113",
		"203.0.113.6.7",
		"203.0.113.06",
		"[203.0.113.6]",
		"203.0.113.6:",
		":80",
		"203.0.113.6:0",
		"2001:db8:::6",
		"[2001:db8::6",
		"2001:db8::6]",
		"[]",
		"203.0.113.6 x",
		"203.0.113.6;",
		"\"203.0.113.6\"",
		"203.0.113.6:99999",
		"unix:/a",
		"2001:db8::6%eth0",
		"000000000000000000000000000000000000000000000000000000000000000000000000203.0.113.6",
	};

	(void)state;
	config.trusted_field = CONFIG_TRUSTED_X_FORWARDED_FOR;
	for (size_t i = 0; i < ARRAY_LENGTH(elements); i++) {
		char lines[256];

		check_client(PEER, "X-Forwarded-For", elements[i], "10.0.0.9", 5000);
		(void)snprintf(lines, sizeof(lines), "203.0.113.6, %s, 10.0.0.1", elements[i]);
		check_client(PEER, "X-Forwarded-For", lines, "10.0.0.1", 0);
	}
}

static void test_walks_forwarded(void **state)
{
	static const struct row rows[] = {
		{"for=203.0.113.6", "203.0.113.6", 0},
		{"FOR=203.0.113.6;proto=https;host=a", "203.0.113.6", 0},
		{"proto=http; for=\"203.0.113.6:77\"", "203.0.113.6", 77},
		{"for=\"[2001:db8::6]\"", "2001:db8::6", 0},
		{"for=\"[2001:db8::6]:77\", for=10.0.0.1", "2001:db8::6", 77},
		{"for=198.51.100.1;host=\"a,for=1\"|for=203.0.113.6, for=10.0.0.1", "203.0.113.6", 0},
		{"host=\"a\\\",\", for=203.0.113.6", "203.0.113.6", 0},
		{"for=unknown, for=10.0.0.1", "10.0.0.1", 0},
		{"for=2001:db8::6", "10.0.0.9", 5000},
		{"for=203.0.113.6:77", "10.0.0.9", 5000},
		{"for=\"2001:db8::6\"", "10.0.0.9", 5000},
		{"for=203.0.113.6;for=203.0.113.7", "10.0.0.9", 5000},
		{"for=\"203.0.113.6", "10.0.0.9", 5000},
		{"for=\"", "10.0.0.9", 5000},
		{"for=\"\"", "10.0.0.9", 5000},
		{"for=", "10.0.0.9", 5000},
		{"by=203.0.113.6", "10.0.0.9", 5000},
		{"203.0.113.6", "10.0.0.9", 5000},
		{"", "10.0.0.9", 5000},
	};

	(void)state;
	config.trusted_field = CONFIG_TRUSTED_FORWARDED;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		check_client(PEER, "Forwarded", rows[i].lines, rows[i].host, rows[i].port);
	check_client(PEER, "X-Forwarded-For", "203.0.113.6", "10.0.0.9", 5000);
}

static void test_believes_nobody_else(void **state)
{
	(void)state;
	config.trusted_field = CONFIG_TRUSTED_X_FORWARDED_FOR;
	check_client("192.0.2.1:5", "X-Forwarded-For", "203.0.113.6", "192.0.2.1", 5);
	check_client("unix:/a", "X-Forwarded-For", "203.0.113.6", "/a", 0);
}

static void test_looks_at_so_many_elements_only(void **state)
{
	char lines[1024] = "203.0.113.6";

	(void)state;
	config.trusted_field = CONFIG_TRUSTED_X_FORWARDED_FOR;
	for (int i = 0; i < HOPS_MAX - 1; i++)
		(void)strncat(lines, ",10.0.0.1", sizeof(lines) - strlen(lines) - 1);
	check_client(PEER, "X-Forwarded-For", lines, "203.0.113.6", 0);
	(void)strncat(lines, ",10.0.0.1", sizeof(lines) - strlen(lines) - 1);
	check_client(PEER, "X-Forwarded-For", lines, "10.0.0.1", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks_x_forwarded_for_from_the_right),
		cmocka_unit_test(test_malformed_elements_end_the_walk),
		cmocka_unit_test(test_walks_forwarded),
		cmocka_unit_test(test_believes_nobody_else),
		cmocka_unit_test(test_looks_at_so_many_elements_only),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
