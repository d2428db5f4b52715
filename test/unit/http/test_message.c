#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "http/message.h"

#define assert_span(span, literal) assert_true(span_equal(span, SPAN(literal)))

enum { ARENA_SIZE_MAX = 1 << 20 };

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

static void test_methods(void **state)
{
	(void)state;
	assert_int_equal(method_of(SPAN("GET")), METHOD_GET);
	assert_int_equal(method_of(SPAN("PATCH")), METHOD_PATCH);
	assert_int_equal(method_of(SPAN("get")), METHOD_OTHER);
	assert_int_equal(method_of(SPAN("OTHER")), METHOD_OTHER);
	assert_int_equal(method_of(SPAN("")), METHOD_OTHER);
	assert_int_equal(method_of(SPAN("GETS")), METHOD_OTHER);
}

/* RFC 9110 §9.2.1 and §9.2.2. */
static void test_safe_methods_are_idempotent(void **state)
{
	(void)state;
	for (int i = 0; i < METHOD_COUNT; i++)
		assert_true(!method_is_safe((enum method)i) || method_is_idempotent((enum method)i));
	assert_true(method_is_safe(METHOD_HEAD));
	assert_false(method_is_safe(METHOD_PUT));
	assert_true(method_is_idempotent(METHOD_PUT));
	assert_true(method_is_idempotent(METHOD_DELETE));
	assert_false(method_is_idempotent(METHOD_POST));
	assert_false(method_is_idempotent(METHOD_PATCH));
	assert_false(method_is_idempotent(METHOD_OTHER));
}

static void change_case(struct span name, char *changed)
{
	for (size_t i = 0; i < name.size; i++) {
		char c = name.data[i];

		changed[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : ascii_lower(c);
	}
}

static void test_each_field_is_found_by_its_name_in_any_case(void **state)
{
	(void)state;
	for (int i = FIELD_OTHER + 1; i < FIELD_COUNT; i++) {
		struct span name = field_name((enum field_id)i);
		char changed[64];

		assert_true(name.size > 0 && name.size < sizeof(changed));
		assert_int_equal(field_id_of(name), i);
		change_case(name, changed);
		assert_int_equal(field_id_of(span_of(changed, name.size)), i);
		changed[name.size - 1] = '!';
		assert_int_equal(field_id_of(span_of(changed, name.size)), FIELD_OTHER);
	}
	assert_int_equal(field_id_of(SPAN("")), FIELD_OTHER);
	assert_int_equal(field_traits(FIELD_OTHER), FIELD_PLAIN);
}

static void test_a_very_long_name_is_no_field_that_we_know(void **state)
{
	char name[260];

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_int_equal(field_id_of(span_of(name, 256 + 4)), FIELD_OTHER);
	memcpy(name, "Host", 4);
	assert_int_equal(field_id_of(span_of(name, 256 + 4)), FIELD_OTHER);
}

static void test_fields_are_added_found_and_removed(void **state)
{
	struct message message = {.kind = MESSAGE_RESPONSE};

	(void)state;
	assert_null(message_find(&message, FIELD_DATE));
	assert_int_equal(message_add_field(&message, &arena, SPAN("date"), SPAN("now")), OK);
	assert_int_equal(message_add_field(&message, &arena, SPAN("X-A"), SPAN("")), OK);
	assert_int_equal(message_add_field(&message, &arena, SPAN("DATE"), SPAN("then")), OK);
	assert_int_equal(message_count(&message, FIELD_DATE), 2);
	assert_span(message_find(&message, FIELD_DATE)->value, "now");
	message_remove_fields(&message, FIELD_DATE);
	assert_int_equal(message.field_count, 1);
	assert_span(message.fields[0].name, "X-A");
	assert_int_equal(message_add_field(&message, &arena, SPAN("X-B"), SPAN("")), OK);
	assert_int_equal(message_add_field(&message, &arena, SPAN("X-C"), SPAN("")), OK);
	message_remove_named(&message, SPAN("x-a"));
	assert_int_equal(message.field_count, 2);
	assert_span(message.fields[0].name, "X-B");
	assert_span(message.fields[1].name, "X-C");
}

static void test_many_fields_keep_their_order(void **state)
{
	static const char digits[] = "0123456789";
	struct message message = {.kind = MESSAGE_RESPONSE};

	(void)state;
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(
			message_add_field(&message, &arena, span_of(digits + i % 10, 1), SPAN("v")), OK);
	assert_int_equal(message.field_count, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(message.fields[i].name.data[0], digits[i % 10]);
}

/* The last defence against what our own rules and variables might bring. */
static void test_what_can_not_be_written_is_not_added(void **state)
{
	static const struct {
		struct span name;
		struct span value;
	} bad[] = {
		{{"", 0}, {"v", 1}},      {{"a b", 3}, {"v", 1}},    {{"a:", 2}, {"v", 1}},
		{{"a\r\n", 3}, {"v", 1}}, {{"a", 1}, {"v\r\nb", 4}}, {{"a", 1}, {"v\n", 2}},
		{{"a", 1}, {"\0", 1}},    {{"a", 1}, {" v", 2}},     {{"a", 1}, {"v\t", 2}},
		{{"a", 1}, {"\x7f", 1}},
	};
	struct message message = {.kind = MESSAGE_RESPONSE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_int_equal(message_add_field(&message, &arena, bad[i].name, bad[i].value),
		                 ERROR_INVALID);
	assert_int_equal(message.field_count, 0);
}

static void test_lists(void **state)
{
	struct message message = {.kind = MESSAGE_REQUEST};

	(void)state;
	assert_int_equal(message_add_field(&message, &arena, SPAN("Connection"), SPAN(", a ,B")), OK);
	assert_int_equal(message_add_field(&message, &arena, SPAN("Connection"), SPAN("c")), OK);
	assert_true(message_lists(&message, FIELD_CONNECTION, SPAN("A")));
	assert_true(message_lists(&message, FIELD_CONNECTION, SPAN("b")));
	assert_true(message_lists(&message, FIELD_CONNECTION, SPAN("c")));
	assert_false(message_lists(&message, FIELD_CONNECTION, SPAN("d")));
	assert_false(message_lists(&message, FIELD_TE, SPAN("a")));
}

static void test_no_memory(void **state)
{
	struct message message = {.kind = MESSAGE_REQUEST};

	(void)state;
	memory_fail_after(0);
	assert_int_equal(message_add_field(&message, &arena, SPAN("a"), SPAN("b")),
	                 ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_int_equal(message.field_count, 0);
	assert_int_equal(message_add_field(&message, &arena, SPAN("a"), SPAN("b")), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_safe_methods_are_idempotent),
		cmocka_unit_test(test_each_field_is_found_by_its_name_in_any_case),
		cmocka_unit_test(test_a_very_long_name_is_no_field_that_we_know),
		cmocka_unit_test_setup_teardown(test_fields_are_added_found_and_removed, begin, end),
		cmocka_unit_test_setup_teardown(test_many_fields_keep_their_order, begin, end),
		cmocka_unit_test_setup_teardown(test_what_can_not_be_written_is_not_added, begin, end),
		cmocka_unit_test_setup_teardown(test_lists, begin, end),
		cmocka_unit_test_setup_teardown(test_no_memory, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
