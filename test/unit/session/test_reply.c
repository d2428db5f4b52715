#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "http/h1_body.h"
#include "http/h1_head.h"
#include "session/reply.h"

enum { ARENA_MAX = 1 << 20 };

static const struct h1_limits limits = {
	.head_size_max = 4096,
	.field_count_max = 20,
	.target_size_max = 100,
	.chunk_extension_max = 10,
	.trailer_size_max = 10,
};

/* Reads a reply with the parser of responses, as a client would; returns the body's bytes. */
static struct span read_back(struct span bytes, enum method method, struct arena *arena,
                             struct message *ret_message)
{
	struct h1_head head;
	bool is_complete = false;

	h1_head_init(&head, MESSAGE_RESPONSE, method, &limits);
	assert_int_equal(h1_head_scan(&head, bytes, &is_complete), OK);
	assert_true(is_complete);
	assert_int_equal(h1_head_finish(&head, bytes, arena, ret_message), OK);
	return span_from(bytes, head.size);
}

static bool holds(struct span bytes, const char *words)
{
	return memmem(bytes.data, bytes.size, words, strlen(words)) != NULL;
}

static void test_page_tells_reason_and_request(void **state)
{
	struct reply reply = {
		.status = 404, .reason = ERROR_NO_ROUTE, .request_id = SPAN("abc123"), .keep_alive = true};
	struct arena arena;
	struct span bytes;
	struct message message;

	(void)state;
	arena_init(&arena, NULL, ARENA_MAX);
	assert_int_equal(reply_render(&reply, &arena, &bytes), OK);

	struct span page = read_back(bytes, METHOD_GET, &arena, &message);

	assert_int_equal(message.status, 404);
	assert_true(message.keep_alive);
	assert_int_equal(message.length, page.size);
	assert_true(holds(page, "no_route: no route for this host and path."));
	assert_true(holds(page, "abc123"));
	arena_done(&arena);
}

static void test_reply_to_head_has_the_length_only(void **state)
{
	struct reply reply = {.status = 502, .reason = ERROR_CONNECT_REFUSED, .without_body = true};
	struct arena arena;
	struct span bytes;
	struct message message;

	(void)state;
	arena_init(&arena, NULL, ARENA_MAX);
	assert_int_equal(reply_render(&reply, &arena, &bytes), OK);
	assert_int_equal(read_back(bytes, METHOD_HEAD, &arena, &message).size, 0);
	assert_true(message.length_stated);
	assert_true(message.length > 0);
	assert_false(message.keep_alive);
	arena_done(&arena);
}

static void test_redirect_has_its_location(void **state)
{
	struct reply reply = {
		.status = 308, .location = SPAN("https://a.example/x?y"), .keep_alive = true};
	struct arena arena;
	struct span bytes;
	struct message message;

	(void)state;
	arena_init(&arena, NULL, ARENA_MAX);
	assert_int_equal(reply_render(&reply, &arena, &bytes), OK);
	(void)read_back(bytes, METHOD_GET, &arena, &message);

	const struct field *location = message_find(&message, FIELD_LOCATION);

	assert_non_null(location);
	assert_true(span_equal(location->value, SPAN("https://a.example/x?y")));
	arena_done(&arena);
}

/* RFC 6455 §4.2.2: a client of another version is told which one is spoken here. */
static void test_wrong_websocket_version_is_told_ours(void **state)
{
	struct reply reply = {.status = 426, .reason = ERROR_UPGRADE_VERSION};
	struct arena arena;
	struct span bytes;

	(void)state;
	arena_init(&arena, NULL, ARENA_MAX);
	assert_int_equal(reply_render(&reply, &arena, &bytes), OK);
	assert_true(holds(bytes, "\r\nSec-WebSocket-Version: 13\r\n"));
	arena_done(&arena);
}

/* Every error that has a status has a page for it, of the same length as it states. */
static void test_every_error_has_a_page(void **state)
{
	(void)state;
	for (int error = 1; error < ERROR_COUNT; error++) {
		for (int side = SIDE_CLIENT; side <= SIDE_BACKEND; side++) {
			struct reply reply = {.status = error_status((enum error)error, (enum side)side),
			                      .reason = (enum error)error};
			struct arena arena;
			struct span bytes;
			struct message message;

			if (reply.status == 0)
				continue;
			arena_init(&arena, NULL, ARENA_MAX);
			assert_int_equal(reply_render(&reply, &arena, &bytes), OK);

			struct span page = read_back(bytes, METHOD_GET, &arena, &message);

			assert_int_equal(message.length, page.size);
			assert_true(message.reason.size > 0);
			assert_true(holds(page, error_code((enum error)error)));
			arena_done(&arena);
		}
	}
}

static void test_each_allocation_may_fail(void **state)
{
	struct reply reply = {.status = 404, .reason = ERROR_NO_ROUTE, .location = SPAN("/x")};
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	for (long successes = 0; error; successes++) {
		struct arena arena;
		struct span bytes = {0};

		arena_init(&arena, NULL, ARENA_MAX);
		memory_fail_after(successes);
		error = reply_render(&reply, &arena, &bytes);
		memory_fail_after(-1);
		assert_true(error == OK || error == ERROR_OUT_OF_MEMORY);
		assert_int_equal(error == OK, bytes.size > 0);
		arena_done(&arena);
		assert_true(successes < 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_tells_reason_and_request),
		cmocka_unit_test(test_reply_to_head_has_the_length_only),
		cmocka_unit_test(test_redirect_has_its_location),
		cmocka_unit_test(test_wrong_websocket_version_is_told_ours),
		cmocka_unit_test(test_every_error_has_a_page),
		cmocka_unit_test(test_each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
