#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/pool.h"
#include "http/h1_body.h"
#include "http/h1_write.h"
#include "unit/http/case_reader.h"
#include "unit/http/heads.h"

#define assert_text(span, literal) assert_string_equal(printed(span), literal)

enum { ARENA_SIZE_MAX = 1 << 20, ROOM_MAX = 5000 };

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static const char *printed(struct span bytes)
{
	struct span copy;

	assert_int_equal(arena_copy(&arena, bytes, &copy), OK);
	return copy.data;
}

static struct span written(const struct message *message)
{
	struct span bytes;

	assert_int_equal(h1_write_head(message, &arena, &bytes), OK);
	return bytes;
}

static void test_request(void **state)
{
	struct message message = request_of("POST /a?b HTTP/1.1\r\nHost: c:1\r\nConnection: close\r\n"
	                                    "Content-Length: 5\r\nX-A: b\r\nTE: trailers\r\n\r\n",
	                                    &arena);

	(void)state;
	message.keep_alive = true;
	assert_text(written(&message),
	            "POST /a?b HTTP/1.1\r\nHost: c:1\r\nX-A: b\r\nContent-Length: 5\r\n\r\n");
	message.keep_alive = false;
	message.framing = BODY_CHUNKED;
	message.expects_continue = true;
	assert_text(written(&message), "POST /a?b HTTP/1.1\r\nHost: c:1\r\nX-A: b\r\n"
	                               "Expect: 100-continue\r\nConnection: close\r\n"
	                               "Transfer-Encoding: chunked\r\n\r\n");
	message.framing = BODY_NONE;
	message.expects_continue = false;
	message.upgrade = UPGRADE_WEBSOCKET;
	assert_text(written(&message), "POST /a?b HTTP/1.1\r\nHost: c:1\r\nX-A: b\r\n"
	                               "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
}

static void test_response(void **state)
{
	struct message message = response_of("HTTP/1.1 404 Not Found\r\nDate: x\r\n"
	                                     "Transfer-Encoding: chunked\r\n\r\n",
	                                     METHOD_GET, &arena);

	(void)state;
	assert_text(written(&message),
	            "HTTP/1.1 404 Not Found\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	message.framing = BODY_LENGTH;
	message.length = UINT64_MAX;
	message.version = HTTP_VERSION_1_0;
	assert_text(written(&message), "HTTP/1.1 404 Not Found\r\nDate: x\r\nConnection: keep-alive\r\n"
	                               "Content-Length: 18446744073709551615\r\n\r\n");
	message.framing = BODY_UNTIL_CLOSE;
	assert_text(written(&message),
	            "HTTP/1.1 404 Not Found\r\nDate: x\r\nConnection: close\r\n\r\n");
	message.framing = BODY_NONE;
	message.length = 7;
	message.keep_alive = false;
	message.reason = SPAN("");
	assert_text(written(&message), "HTTP/1.1 404 \r\nDate: x\r\nConnection: close\r\n\r\n");
	message.length_stated = true;
	assert_text(written(&message),
	            "HTTP/1.1 404 \r\nDate: x\r\nConnection: close\r\nContent-Length: 7\r\n\r\n");
}

static void test_upgrade_is_written_in_a_101_only(void **state)
{
	struct message message = {.kind = MESSAGE_RESPONSE,
	                          .version = HTTP_VERSION_1_1,
	                          .status = 101,
	                          .reason = SPAN("Switching Protocols"),
	                          .upgrade = UPGRADE_WEBSOCKET};

	(void)state;
	assert_text(written(&message), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	                               "Connection: Upgrade\r\n\r\n");
	message.status = 103;
	message.upgrade = UPGRADE_NONE;
	assert_text(written(&message), "HTTP/1.1 103 Switching Protocols\r\n\r\n");
	message.upgrade = UPGRADE_WEBSOCKET;
	message.status = 426;
	message.framing = BODY_LENGTH;
	assert_text(written(&message), "HTTP/1.1 426 Switching Protocols\r\nConnection: close\r\n"
	                               "Content-Length: 0\r\n\r\n");
}

static void test_no_memory(void **state)
{
	struct message message = request_of("GET / HTTP/1.1\r\nHost: c\r\n\r\n", &arena);
	struct arena small;
	struct span bytes = SPAN("?");

	(void)state;
	arena_init(&small, NULL, ARENA_SIZE_MAX);
	memory_fail_after(0);
	assert_int_equal(h1_write_head(&message, &small, &bytes), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_text(bytes, "?");
	arena_done(&small);
}

static bool is_copied(const struct field *field)
{
	return (field_traits(field->id) & (FIELD_WRITTEN | FIELD_HOP)) == 0;
}

/* The fields that are copied are the same in both, in the same order. */
static void compare_fields(const struct message *a, const struct message *b)
{
	size_t j = 0;

	for (size_t i = 0; i < a->field_count; i++) {
		if (!is_copied(&a->fields[i]))
			continue;
		while (j < b->field_count && !is_copied(&b->fields[j]))
			j++;
		assert_true(j < b->field_count);
		assert_true(span_equal(a->fields[i].name, b->fields[j].name));
		assert_true(span_equal(a->fields[i].value, b->fields[j].value));
		j++;
	}
}

static size_t round_trips;

/* What is written is read again as the same message, whatever it was made of. */
static void write_and_read(enum message_kind kind, const struct test_case *test)
{
	struct message message;
	struct message again;
	const bool good = head_read(kind, test->to, text_span(&test->bytes), &arena, &message) == OK;

	if (good) {
		if (kind == MESSAGE_REQUEST && message.authority.size == 0)
			message.authority = SPAN("default");
		if (kind == MESSAGE_REQUEST)
			message.target = message.path_query;
		if (message.framing == BODY_CHUNKED)
			message.version = HTTP_VERSION_1_1;
		assert_int_equal(head_read(kind, test->to, written(&message), &arena, &again), OK);
		assert_int_equal(again.version, HTTP_VERSION_1_1);
		assert_int_equal(again.framing, message.framing);
		assert_int_equal(again.length, message.length);
		assert_true(span_equal(again.method_token, message.method_token));
		assert_true(span_equal(again.authority, message.authority));
		assert_true(span_equal(again.path_query, message.path_query));
		assert_int_equal(again.status, message.status);
		assert_int_equal(again.expects_continue, message.expects_continue);
		compare_fields(&message, &again);
		round_trips++;
	}
	arena_done(&arena);
}

static void write_and_read_request(const struct test_case *test)
{
	write_and_read(MESSAGE_REQUEST, test);
}

static void write_and_read_response(const struct test_case *test)
{
	write_and_read(MESSAGE_RESPONSE, test);
}

static void test_what_is_written_is_read_as_the_same(void **state)
{
	(void)state;
	round_trips = 0;
	cases_each("test/cases/request", write_and_read_request);
	cases_each("test/cases/response", write_and_read_response);
	assert_true(round_trips > 100);
}

static size_t read_chunks(struct span in, char *payload)
{
	const struct message message = {.framing = BODY_CHUNKED};
	struct h1_body body;
	size_t size = 0;

	assert_int_equal(h1_body_init(&body, &message, &case_limits_default), OK);
	while (!h1_body_is_done(&body)) {
		size_t taken;
		struct span run;

		assert_int_equal(h1_body_read(&body, in, SIZE_MAX, &taken, &run), OK);
		assert_true(taken > 0);
		if (run.size > 0)
			memcpy(payload + size, run.data, run.size);
		size += run.size;
		in = span_from(in, taken);
	}
	assert_int_equal(in.size, 0);
	return size;
}

/* For each size of the room: as much as fits, never more, at most one byte of room wasted. */
static void test_chunks_fit_into_any_room(void **state)
{
	static char memory[ROOM_MAX + 5];
	static char payload[ROOM_MAX];
	static char back[ROOM_MAX];

	(void)state;
	for (size_t i = 0; i < ROOM_MAX; i++)
		payload[i] = (char)i;
	for (size_t room = 0; room < ROOM_MAX; room += 1 + room / 300) {
		struct buffer buffer = {.data = memory, .capacity = room};
		size_t taken = h1_write_chunk(&buffer, span_of(payload, ROOM_MAX));

		assert_true(taken > 0 || room < 6);
		assert_true(room < 6 || buffer_room(&buffer) <= 1);
		buffer.capacity = sizeof(memory);
		assert_true(h1_write_last_chunk(&buffer));
		assert_int_equal(read_chunks(buffer_content(&buffer), back), taken);
		assert_memory_equal(back, payload, taken);
	}
}

static void test_each_size_of_payload(void **state)
{
	static char memory[ROOM_MAX + 100];
	static char payload[ROOM_MAX];
	static char back[ROOM_MAX];

	(void)state;
	for (size_t size = 0; size < ROOM_MAX; size += 1 + size / 300) {
		struct buffer buffer = {.data = memory, .capacity = sizeof(memory)};

		assert_int_equal(h1_write_chunk(&buffer, span_of(payload, size)), size);
		assert_true(h1_write_last_chunk(&buffer));
		assert_true(buffer_size(&buffer) <= size + H1_CHUNK_OVERHEAD_MAX + 5);
		assert_int_equal(read_chunks(buffer_content(&buffer), back), size);
	}
}

/* Payload that would fit by itself, but not with its framing. */
static void test_payload_about_as_large_as_the_room(void **state)
{
	static char memory[ROOM_MAX];
	static char payload[ROOM_MAX];

	(void)state;
	for (size_t room = 6; room < 600; room++) {
		for (size_t size = room > 12 ? room - 12 : 1; size < room + 3; size++) {
			struct buffer buffer = {.data = memory, .capacity = room};
			size_t taken = h1_write_chunk(&buffer, span_of(payload, size));

			assert_true(taken > 0 && taken <= size && buffer.end <= room);
			assert_true(taken == size || buffer_room(&buffer) <= 1);
		}
	}
}

static void test_last_chunk_needs_its_room(void **state)
{
	char memory[5];
	struct buffer buffer = {.data = memory, .capacity = 4};

	(void)state;
	assert_false(h1_write_last_chunk(&buffer));
	assert_true(buffer_is_empty(&buffer));
	buffer.capacity = 5;
	assert_true(h1_write_last_chunk(&buffer));
	assert_memory_equal(memory, "0\r\n\r\n", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_request, begin, end),
		cmocka_unit_test_setup_teardown(test_response, begin, end),
		cmocka_unit_test_setup_teardown(test_upgrade_is_written_in_a_101_only, begin, end),
		cmocka_unit_test_setup_teardown(test_no_memory, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_written_is_read_as_the_same, begin, end),
		cmocka_unit_test(test_chunks_fit_into_any_room),
		cmocka_unit_test(test_each_size_of_payload),
		cmocka_unit_test(test_payload_about_as_large_as_the_room),
		cmocka_unit_test(test_last_chunk_needs_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
