#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/h1_body.h"
#include "unit/http/case_reader.h"

static struct h1_body body_of(enum framing framing, uint64_t length)
{
	const struct message message = {.framing = framing, .length = length};
	struct h1_body body;

	assert_int_equal(h1_body_init(&body, &message, &case_limits_default), OK);
	return body;
}

static void read_some(struct h1_body *body, struct span in, size_t payload_max, size_t taken,
                      struct span payload)
{
	size_t ret_taken = 99;
	struct span ret_payload = SPAN("?");

	assert_int_equal(h1_body_read(body, in, payload_max, &ret_taken, &ret_payload), OK);
	assert_int_equal(ret_taken, taken);
	assert_true(span_equal(ret_payload, payload));
	assert_true(payload.size == 0 || ret_payload.data == payload.data);
}

static void test_none(void **state)
{
	struct h1_body body = body_of(BODY_NONE, 5);

	(void)state;
	assert_true(h1_body_is_done(&body));
	read_some(&body, SPAN("next"), 100, 0, SPAN(""));
	assert_int_equal(h1_body_end_of_stream(&body), OK);
}

static void test_length(void **state)
{
	const struct span in = SPAN("abcdeNEXT");
	struct h1_body body = body_of(BODY_LENGTH, 5);

	(void)state;
	read_some(&body, span_of(NULL, 0), 100, 0, SPAN(""));
	read_some(&body, in, 0, 0, SPAN(""));
	read_some(&body, in, 2, 2, span_cut(in, 0, 2));
	assert_false(h1_body_is_done(&body));
	assert_int_equal(h1_body_end_of_stream(&body), ERROR_CONNECTION_CLOSED);
	read_some(&body, span_from(in, 2), 100, 3, span_cut(in, 2, 5));
	assert_true(h1_body_is_done(&body));
	read_some(&body, span_from(in, 5), 100, 0, SPAN(""));
	assert_int_equal(h1_body_end_of_stream(&body), OK);
	assert_int_equal(body.size, 5);
}

/* A flaw is seen before anything is taken, as far as it is there. */
static void test_judges_ahead(void **state)
{
	const struct span good = SPAN("3\r\nabc\r\n0\r\n\r\nNEXT");
	const struct span bad = SPAN("3\r\nabc\r\nX");
	struct h1_body body = body_of(BODY_CHUNKED, 0);
	struct h1_body length = body_of(BODY_LENGTH, 3);

	(void)state;
	for (size_t size = 0; size <= good.size; size++)
		assert_int_equal(h1_body_judge(&body, span_cut(good, 0, size)), OK);
	for (size_t size = 0; size < bad.size; size++)
		assert_int_equal(h1_body_judge(&body, span_cut(bad, 0, size)), OK);
	assert_int_equal(h1_body_judge(&body, bad), ERROR_CHUNK_SIZE_MALFORMED);
	assert_int_equal(body.size, 0);
	read_some(&body, good, 100, 13, span_cut(good, 3, 6));
	assert_int_equal(h1_body_judge(&length, SPAN("abcX")), OK);
}

static void test_length_of_zero_is_done_at_once(void **state)
{
	struct h1_body body = body_of(BODY_LENGTH, 0);

	(void)state;
	assert_true(h1_body_is_done(&body));
}

static void test_until_close(void **state)
{
	const struct span in = SPAN("abc");
	struct h1_body body = body_of(BODY_UNTIL_CLOSE, 0);

	(void)state;
	read_some(&body, in, 100, 3, in);
	assert_false(h1_body_is_done(&body));
	assert_int_equal(h1_body_end_of_stream(&body), OK);
	assert_true(h1_body_is_done(&body));
}

/* Framing is taken together with the payload, so that the end is known as soon as it is there. */
static void test_chunks(void **state)
{
	const struct span in = SPAN("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nNEXT");
	struct h1_body body = body_of(BODY_CHUNKED, 0);

	(void)state;
	read_some(&body, in, 0, 3, SPAN(""));
	read_some(&body, span_from(in, 3), 2, 2, span_cut(in, 3, 5));
	read_some(&body, span_from(in, 5), 100, 6, span_cut(in, 5, 6));
	read_some(&body, span_from(in, 11), 2, 9, span_cut(in, 11, 13));
	assert_true(h1_body_is_done(&body));
	assert_int_equal(body.size, 5);
	read_some(&body, span_from(in, 20), 100, 0, SPAN(""));
}

static void test_an_error_comes_after_the_payload_before_it(void **state)
{
	const struct span in = SPAN("3\r\nabcX");
	struct h1_body body = body_of(BODY_CHUNKED, 0);
	size_t taken = 99;
	struct span payload = SPAN("?");

	(void)state;
	read_some(&body, in, 100, 6, span_cut(in, 3, 6));
	assert_int_equal(h1_body_read(&body, span_from(in, 6), 100, &taken, &payload),
	                 ERROR_CHUNK_END_MALFORMED);
	assert_int_equal(taken, 99);
	assert_true(span_equal(payload, SPAN("?")));
}

static void test_a_length_over_the_limit_needs_no_reading(void **state)
{
	const struct message message = {.framing = BODY_LENGTH, .length = 11};
	struct h1_limits limits = case_limits_default;
	struct h1_body body;

	(void)state;
	limits.body_size_max = 10;
	assert_int_equal(h1_body_init(&body, &message, &limits), ERROR_BODY_TOO_LARGE);
	limits.body_size_max = 11;
	assert_int_equal(h1_body_init(&body, &message, &limits), OK);
	limits.body_size_max = 0;
	assert_int_equal(h1_body_init(&body, &message, &limits), OK);
}

static void test_until_close_over_the_limit(void **state)
{
	const struct message message = {.framing = BODY_UNTIL_CLOSE};
	const struct span in = SPAN("abc");
	struct h1_limits limits = case_limits_default;
	struct h1_body body;
	size_t taken;
	struct span payload;

	(void)state;
	limits.body_size_max = 2;
	assert_int_equal(h1_body_init(&body, &message, &limits), OK);
	read_some(&body, in, 100, 2, span_cut(in, 0, 2));
	read_some(&body, span_of(NULL, 0), 100, 0, SPAN(""));
	assert_int_equal(h1_body_read(&body, span_from(in, 2), 100, &taken, &payload),
	                 ERROR_BODY_TOO_LARGE);
	assert_int_equal(h1_body_end_of_stream(&body), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_judges_ahead),
		cmocka_unit_test(test_length_of_zero_is_done_at_once),
		cmocka_unit_test(test_until_close),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_an_error_comes_after_the_payload_before_it),
		cmocka_unit_test(test_a_length_over_the_limit_needs_no_reading),
		cmocka_unit_test(test_until_close_over_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
