#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "http/h1_head.h"
#include "http/status.h"
#include "unit/http/case_reader.h"
#include "unit/http/heads.h"

#define assert_span(span, literal) assert_true(span_equal(span, SPAN(literal)))

enum { ARENA_SIZE_MAX = 1 << 16 };

static const struct span request_text = SPAN_INIT(
	"\r\nPOST http://b:81/c?d HTTP/1.1\r\nHost: a\r\nX:  y \r\nContent-Length: 3\r\n\r\nabc");

static bool is_inside(struct span span, struct span memory)
{
	return span.data >= memory.data && span.data + span.size <= memory.data + memory.size;
}

static void test_everything_is_copied_once(void **state)
{
	char bytes[128];
	struct arena arena;
	struct message message;

	(void)state;
	memcpy(bytes, request_text.data, request_text.size);
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	assert_int_equal(head_read(MESSAGE_REQUEST, METHOD_OTHER, span_of(bytes, request_text.size),
	                           &arena, &message),
	                 OK);
	memset(bytes, '!', sizeof(bytes)); /* the buffer moves on */
	assert_int_equal(message.method, METHOD_POST);
	assert_span(message.method_token, "POST");
	assert_span(message.target, "http://b:81/c?d");
	assert_int_equal(message.target_form, TARGET_ABSOLUTE);
	assert_span(message.scheme, "http");
	assert_span(message.authority, "b:81");
	assert_span(message.host, "b");
	assert_span(message.port, "81");
	assert_span(message.path_query, "/c?d");
	assert_span(message.path, "/c");
	assert_span(message.query, "d");
	assert_int_equal(message.field_count, 3);
	assert_span(message.fields[1].value, "y");
	assert_int_equal(message.length, 3);
	assert_false(is_inside(message.target, span_of(bytes, sizeof(bytes))));
	arena_done(&arena);
}

static void test_hosts_and_ports(void **state)
{
	static const struct {
		const char *text;
		const char *host;
		const char *port;
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: A.b.\r\n\r\n", "A.b.", ""},
		{"GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n", "a", "8080"},
		{"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "[::1]", ""},
		{"GET / HTTP/1.1\r\nHost: [::1]:1\r\n\r\n", "[::1]", "1"},
		{"GET https://[::2]:2 HTTP/1.1\r\nHost: a:8080\r\n\r\n", "[::2]", "2"},
		{"GET / HTTP/1.0\r\n\r\n", "", ""},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		const struct message message = request_of(rows[i].text, &arena);

		assert_true(span_equal(message.host, span_of_string(rows[i].host)));
		assert_true(span_equal(message.port, span_of_string(rows[i].port)));
	}
	arena_done(&arena);
}

static void test_size_and_beginning(void **state)
{
	struct h1_head head;
	bool complete = true;

	(void)state;
	h1_head_init(&head, MESSAGE_REQUEST, METHOD_OTHER, &case_limits_default);
	assert_false(h1_head_has_begun(&head));
	assert_int_equal(h1_head_scan(&head, span_of(NULL, 0), &complete), OK);
	assert_false(complete);
	assert_int_equal(h1_head_scan(&head, span_cut(request_text, 0, 2), &complete), OK);
	assert_false(h1_head_has_begun(&head));
	assert_int_equal(h1_head_scan(&head, span_cut(request_text, 0, 3), &complete), OK);
	assert_true(h1_head_has_begun(&head));
	assert_false(complete);
	assert_int_equal(h1_head_scan(&head, request_text, &complete), OK);
	assert_true(complete);
	assert_int_equal(head.size, request_text.size - 3);
	/* Scanning again changes nothing. */
	assert_int_equal(h1_head_scan(&head, request_text, &complete), OK);
	assert_true(complete);
}

static void test_results_stay_when_it_fails(void **state)
{
	struct h1_head head;
	bool complete = true;

	(void)state;
	h1_head_init(&head, MESSAGE_REQUEST, METHOD_OTHER, &case_limits_default);
	assert_int_equal(h1_head_scan(&head, SPAN("G("), &complete), ERROR_METHOD_MALFORMED);
	assert_true(complete);
}

/* RFC 9110 §9.3.2: the answer to a HEAD has no body, also if what is behind it is refused. */
static void test_method_as_far_as_it_is_certain(void **state)
{
	static const struct {
		struct span text;
		enum method method;
	} heads[] = {
		{SPAN_INIT(""), METHOD_OTHER},
		{SPAN_INIT("HEAD"), METHOD_OTHER},
		{SPAN_INIT("HEAD "), METHOD_HEAD},
		{SPAN_INIT("\r\nHEAD "), METHOD_HEAD},
		{SPAN_INIT("HEAD /a b"), METHOD_HEAD},
		{SPAN_INIT("HEAD / HTTP/1.1\r\nX : y"), METHOD_HEAD},
		{SPAN_INIT("HEAD\t/ HTTP/1.1\r\n"), METHOD_OTHER},
		{SPAN_INIT("HEADS / HTTP/1.1\r\n"), METHOD_OTHER},
		{SPAN_INIT("GET / HTTP/1.1\n"), METHOD_GET},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(heads); i++) {
		struct h1_head head;
		bool complete = false;

		h1_head_init(&head, MESSAGE_REQUEST, METHOD_OTHER, &case_limits_default);
		(void)!h1_head_scan(&head, heads[i].text, &complete);
		assert_int_equal(h1_head_method(&head, heads[i].text), heads[i].method);
	}
}

static void test_each_allocation_that_fails(void **state)
{
	static const struct span texts[] = {
		SPAN_INIT("GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"),
		SPAN_INIT("GET http://a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		enum error error = ERROR_OUT_OF_MEMORY;

		for (long successes = 0; error == ERROR_OUT_OF_MEMORY; successes++) {
			struct arena arena;
			struct message message = {.status = 7};

			assert_true(successes < 100);
			arena_init(&arena, NULL, ARENA_SIZE_MAX);
			memory_fail_after(successes);
			error = head_read(MESSAGE_REQUEST, METHOD_OTHER, texts[i], &arena, &message);
			memory_fail_after(-1);
			assert_true(error == OK || (error == ERROR_OUT_OF_MEMORY && message.status == 7));
			arena_done(&arena);
		}
		assert_int_equal(error, OK);
	}
}

static void test_arena_too_small_at_each_size(void **state)
{
	static const struct span texts[] = {
		SPAN_INIT("POST http://b:81/c?d HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"),
		SPAN_INIT("GET http://a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		enum error error = ERROR_OUT_OF_MEMORY;

		for (size_t max = 0; error == ERROR_OUT_OF_MEMORY; max++) {
			struct arena arena;
			struct message message;

			assert_true(max < ARENA_SIZE_MAX);
			arena_init(&arena, NULL, max);
			error = head_read(MESSAGE_REQUEST, METHOD_OTHER, texts[i], &arena, &message);
			assert_true(error || message.path_query.data[0] == '/');
			arena_done(&arena);
		}
		assert_int_equal(error, OK);
	}
}

/* Each status that an error or the proxy may answer with has its reason. */
static void test_reasons(void **state)
{
	(void)state;
	for (int i = OK + 1; i < ERROR_COUNT; i++) {
		for (int side = SIDE_CLIENT; side < SIDE_COUNT; side++) {
			int status = error_status((enum error)i, (enum side)side);

			assert_true(status == 0 || status_reason(status).size > 0);
		}
	}
	assert_span(status_reason(431), "Request Header Fields Too Large");
	assert_int_equal(status_reason(299).size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_copied_once),
		cmocka_unit_test(test_hosts_and_ports),
		cmocka_unit_test(test_size_and_beginning),
		cmocka_unit_test(test_results_stay_when_it_fails),
		cmocka_unit_test(test_method_as_far_as_it_is_certain),
		cmocka_unit_test(test_each_allocation_that_fails),
		cmocka_unit_test(test_arena_too_small_at_each_size),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
