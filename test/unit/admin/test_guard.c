#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/guard.h"
#include "base/arena.h"
#include "base/text.h"
#include "http/h1_head.h"

enum { ARENA_MAX = 65536 };

/* What comes of a request with these fields. */
static enum error judge(const char *host, const char *fields, bool is_change)
{
	static const struct h1_limits limits = {
		.head_size_max = 8192, .field_count_max = 50, .target_size_max = 1024};
	struct arena arena;
	struct h1_head head;
	struct message message;
	struct text bytes;
	bool is_complete = false;

	arena_init(&arena, NULL, ARENA_MAX);
	text_init(&bytes, 8192);
	text_printf(&bytes, "GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n", host, fields);
	h1_head_init(&head, MESSAGE_REQUEST, METHOD_OTHER, &limits);
	assert_int_equal(h1_head_scan(&head, text_span(&bytes), &is_complete), OK);
	assert_true(is_complete);
	assert_int_equal(h1_head_finish(&head, text_span(&bytes), &arena, &message), OK);

	enum error error = is_change ? guard_change(&message) : guard_request(&message);

	text_done(&bytes);
	arena_done(&arena);
	return error;
}

static void test_hosts_of_this_host(void **state)
{
	static const char *const hosts[] = {"localhost",   "LocalHost:80", "127.0.0.1", "127.0.0.1:1",
	                                    "127.255.0.9", "[::1]",        "[::1]:9901"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(hosts); i++)
		assert_int_equal(judge(hosts[i], "", false), OK);
}

static void test_other_hosts(void **state)
{
	static const char *const hosts[] = {
		"example.com",
		"localhost.example.com",
		"localhost.",
		"128.0.0.1",
		"0.0.0.0",
		"127.0.0.1.nip.io:80",
		"[::2]",
		"[::]",
		"10.0.0.1",
		"12.7.0.0",
		"[::ffff:127.0.0.1]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(hosts); i++) {
		assert_int_equal(judge(hosts[i], "", false), ERROR_ADMIN_HOST);
		assert_int_equal(judge(hosts[i], "X-Requested-With: x\r\n", true), ERROR_ADMIN_HOST);
	}
}

static void test_origins(void **state)
{
	static const struct {
		const char *fields;
		enum error error;
	} rows[] = {
		{"Origin: http://localhost:9901\r\n", OK},
		{"Origin: http://LOCALHOST:9901\r\n", OK},
		{"Sec-Fetch-Site: none\r\n", OK},
		{"sec-fetch-site: same-origin\r\nOrigin: http://localhost:9901\r\n", OK},
		{"Origin: http://localhost\r\n", ERROR_ADMIN_ORIGIN},
		{"Origin: https://localhost:9901\r\n", ERROR_ADMIN_ORIGIN},
		{"Origin: http://localhost:99010\r\n", ERROR_ADMIN_ORIGIN},
		{"Origin: http://evil.example\r\n", ERROR_ADMIN_ORIGIN},
		{"Origin: null\r\n", ERROR_ADMIN_ORIGIN},
		{"Origin:\r\n", ERROR_ADMIN_ORIGIN},
		{"Origin: http://localhost:9901\r\nOrigin: http://evil.example\r\n", ERROR_ADMIN_ORIGIN},
		{"Sec-Fetch-Site: cross-site\r\n", ERROR_ADMIN_ORIGIN},
		{"Sec-Fetch-Site: same-site\r\n", ERROR_ADMIN_ORIGIN},
		{"Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n", ERROR_ADMIN_ORIGIN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_int_equal(judge("localhost:9901", rows[i].fields, false), rows[i].error);
}

static void test_what_a_form_can_not_send(void **state)
{
	static const struct {
		const char *fields;
		enum error error;
	} rows[] = {
		{"", ERROR_ADMIN_FORM},
		{"Content-Type: text/plain\r\n", ERROR_ADMIN_FORM},
		{"Content-Type: text/plain; application/json\r\n", ERROR_ADMIN_FORM},
		{"Content-Type: application/json, text/plain\r\n", ERROR_ADMIN_FORM},
		{"X-Requested-With:\r\n", ERROR_ADMIN_FORM},
		{"X-Requested-With: x\r\nX-Requested-With: x\r\n", ERROR_ADMIN_FORM},
		{"Content-Type: Application/JSON ; charset=utf-8\r\n", OK},
		{"X-Requested-With: curl\r\n", OK},
		{"X-Requested-With: curl\r\nOrigin: http://evil.example\r\n", ERROR_ADMIN_ORIGIN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_int_equal(judge("localhost", rows[i].fields, true), rows[i].error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts_of_this_host),
		cmocka_unit_test(test_other_hosts),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_what_a_form_can_not_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
