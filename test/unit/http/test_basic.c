#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "http/basic.h"
#include "unit/http/heads.h"

static struct arena arena;

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

static enum error read_value(const char *lines, struct basic *ret_basic)
{
	char head[2048];

	(void)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);

	const struct message request = request_of(head, &arena);

	return basic_read(&request, ret_basic);
}

static void test_reads_name_and_password(void **state)
{
	static const struct {
		const char *value;
		const char *user;
		const char *password;
	} rows[] = {
		/* RFC 7617 §2 and §2.1 */
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"},
		{"Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3"},
		{"BASIC YTpi", "a", "b"},
		{"Basic Og==", "", ""},
		{"Basic YTo=", "a", ""},
		{"Basic YTpiOmM=", "a", "b:c"},
		{"Basic Oj8/Pz8+Pg==", "", "\?\?\?\?>>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct basic basic;
		char lines[128];

		(void)snprintf(lines, sizeof(lines), "Authorization: %s\r\n", rows[i].value);
		assert_int_equal(read_value(lines, &basic), OK);
		if (!span_equal(basic.user, span_of_string(rows[i].user)) ||
		    !span_equal(basic.password, span_of_string(rows[i].password)))
			fail_msg("%s", rows[i].value);
	}
}

static void test_refuses_all_else(void **state)
{
	static const struct {
		const char *lines;
		enum error error;
	} rows[] = {
		{"", ERROR_CREDENTIALS_MISSING},
		{"Authorization: Bearer YTpi\r\n", ERROR_CREDENTIALS_MISSING},
		{"Authorization: Basic\r\n", ERROR_CREDENTIALS_MISSING},
		{"Authorization: Basic\tYTpi\r\n", ERROR_CREDENTIALS_MISSING},
		{"Authorization: Basic  YTpi\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic YTp\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic YTpi=\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic ====\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic Y===\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic YTo=YTpi\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic YTp_\r\n", ERROR_CREDENTIALS_WRONG},
		/* Bits after the last byte: another text of the same value. */
		{"Authorization: Basic YTp=\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic Oh==\r\n", ERROR_CREDENTIALS_WRONG},
		/* No colon; a NUL, a line end, DEL. */
		{"Authorization: Basic YWFh\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic YToA\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic YToK\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic YTp/\r\n", ERROR_CREDENTIALS_WRONG},
		{"Authorization: Basic YTpi\r\nAuthorization: Basic YTpi\r\n", ERROR_CREDENTIALS_WRONG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct basic basic;
		enum error error = read_value(rows[i].lines, &basic);

		if (error != rows[i].error)
			fail_msg("%s: %s", rows[i].lines, error_code(error));
	}
}

/* `:` and as many `a` as `groups` of base64 hold after it. */
static enum error read_groups(size_t groups, struct basic *ret_basic)
{
	struct text lines;

	text_init(&lines, 1024);
	text_put_string(&lines, "Authorization: Basic OmFh");
	while (--groups > 0)
		text_put_string(&lines, "YWFh");
	text_put_string(&lines, "\r\n");
	assert_false(lines.cut);

	enum error error = read_value(text_string(&lines), ret_basic);

	text_done(&lines);
	return error;
}

static void test_its_size_is_limited(void **state)
{
	struct basic basic;

	(void)state;
	assert_int_equal(read_groups(BASIC_SIZE_MAX / 3, &basic), OK);
	assert_int_equal(basic.password.size, BASIC_SIZE_MAX / 3 * 3 - 1);
	assert_int_equal(read_groups(BASIC_SIZE_MAX / 3 + 1, &basic), ERROR_CREDENTIALS_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_name_and_password),
		cmocka_unit_test(test_refuses_all_else),
		cmocka_unit_test(test_its_size_is_limited),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
