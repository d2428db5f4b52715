#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

/* Every error but OK. */
#define FOR_EACH_ERROR(each) \
	for (enum error each = (enum error)1; each < ERROR_COUNT; each = (enum error)(each + 1))

static void test_ok(void **state)
{
	(void)state;
	assert_int_equal(OK, 0);
	assert_string_equal(error_code(OK), "ok");
	assert_int_equal(error_status(OK, SIDE_CLIENT), 0);
	assert_int_equal(error_status(OK, SIDE_BACKEND), 0);
	assert_int_equal(error_retry(OK), RETRY_NEVER);
}

static void test_codes_are_words_with_underscores(void **state)
{
	(void)state;
	FOR_EACH_ERROR(error)
	{
		const char *code = error_code(error);

		assert_non_null(code);
		assert_in_range(strlen(code), 5, 40);
		assert_int_equal(strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(code));
		assert_int_not_equal(code[0], '_');
		assert_int_not_equal(code[strlen(code) - 1], '_');
	}
}

static void test_codes_and_words_are_unique(void **state)
{
	(void)state;
	FOR_EACH_ERROR(a)
	{
		for (enum error b = OK; b < a; b = (enum error)(b + 1)) {
			assert_string_not_equal(error_code(a), error_code(b));
			assert_string_not_equal(error_words(a), error_words(b));
		}
	}
}

static void test_words_are_one_clause(void **state)
{
	(void)state;
	FOR_EACH_ERROR(error)
	{
		const char *words = error_words(error);

		assert_non_null(words);
		assert_in_range(strlen(words), 5, 60);
		assert_null(strpbrk(words, "\r\n\t\"\\"));
		assert_non_null(strchr(words, ' '));
		assert_int_not_equal(words[strlen(words) - 1], '.');
		assert_int_not_equal(words[strlen(words) - 1], ' ');
	}
}

/* A client is told 4xx, or that we do not do it; what a backend did wrong is a gateway's error. */
static void test_statuses_are_plausible(void **state)
{
	(void)state;
	FOR_EACH_ERROR(error)
	{
		int client = error_status(error, SIDE_CLIENT);
		int backend = error_status(error, SIDE_BACKEND);

		if (client >= 500)
			assert_true(client == 501 || client == 503 || client == 505);
		else if (client != 0)
			assert_in_range(client, 400, 431);
		assert_true(backend == 0 || (backend >= 502 && backend <= 504));
		assert_int_equal(error_status(error, SIDE_NONE), 0);
		assert_int_equal(error_status(error, SIDE_PROXY), 503);
	}
}

static void test_statuses_of_the_rfcs(void **state)
{
	(void)state;
	/* RFC 9112 §2.3, §3.2, §6; RFC 6585 §5; RFC 9110 §10.1.1, §15.5, §15.6. */
	assert_int_equal(error_status(ERROR_VERSION_UNSUPPORTED, SIDE_CLIENT), 505);
	assert_int_equal(error_status(ERROR_HOST_MISSING, SIDE_CLIENT), 400);
	assert_int_equal(error_status(ERROR_HOST_REPEATED, SIDE_CLIENT), 400);
	assert_int_equal(error_status(ERROR_CODING_UNSUPPORTED, SIDE_CLIENT), 501);
	assert_int_equal(error_status(ERROR_LENGTH_WITH_CODING, SIDE_CLIENT), 400);
	assert_int_equal(error_status(ERROR_LENGTH_MALFORMED, SIDE_CLIENT), 400);
	assert_int_equal(error_status(ERROR_LENGTH_MALFORMED, SIDE_BACKEND), 502);
	assert_int_equal(error_status(ERROR_HEAD_TOO_LARGE, SIDE_CLIENT), 431);
	assert_int_equal(error_status(ERROR_TOO_MANY_FIELDS, SIDE_CLIENT), 431);
	assert_int_equal(error_status(ERROR_EXPECTATION_UNSUPPORTED, SIDE_CLIENT), 417);
	assert_int_equal(error_status(ERROR_HEAD_TIMEOUT, SIDE_CLIENT), 408);
	assert_int_equal(error_status(ERROR_BODY_TOO_LARGE, SIDE_CLIENT), 413);
	assert_int_equal(error_status(ERROR_FIRST_BYTE_TIMEOUT, SIDE_BACKEND), 504);
	assert_int_equal(error_status(ERROR_CONNECT_TIMEOUT, SIDE_BACKEND), 504);
	assert_int_equal(error_status(ERROR_MISDIRECTED, SIDE_CLIENT), 421);
	assert_int_equal(error_status(ERROR_TLS_UNKNOWN_NAME, SIDE_CLIENT), 421);
}

/* A time that ran out is 408 to the client, 504 for the backend, wherever anybody is answered. */
static void test_timeouts_have_the_status_of_timeouts(void **state)
{
	(void)state;
	FOR_EACH_ERROR(error)
	{
		if (!strstr(error_code(error), "timeout") || error == ERROR_DRAIN_TIMEOUT)
			continue;
		assert_true(error_status(error, SIDE_CLIENT) == 0 ||
		            error_status(error, SIDE_CLIENT) == 408);
		assert_true(error_status(error, SIDE_BACKEND) == 0 ||
		            error_status(error, SIDE_BACKEND) == 504);
	}
}

/*
 * Sending a request twice is dangerous: the errors that allow it are listed here once more, so
 * that no row gets the right by a slip.
 */
static void test_retries(void **state)
{
	(void)state;
	FOR_EACH_ERROR(error)
	{
		switch (error) {
		case ERROR_NAME_UNRESOLVED:
		case ERROR_CONNECT_REFUSED:
		case ERROR_CONNECT_FAILED:
		case ERROR_CONNECT_TIMEOUT:
			assert_int_equal(error_retry(error), RETRY_ALWAYS);
			break;
		case ERROR_CONNECTION_RESET:
		case ERROR_CONNECTION_CLOSED:
			assert_int_equal(error_retry(error), RETRY_IF_REUSED);
			break;
		default:
			assert_int_equal(error_retry(error), RETRY_NEVER);
		}
	}
}

static void test_what_is_retried_is_the_backends_fault(void **state)
{
	(void)state;
	FOR_EACH_ERROR(error)
	{
		if (error_retry(error) != RETRY_NEVER)
			assert_int_not_equal(error_status(error, SIDE_BACKEND), 0);
		if (error_retry(error) == RETRY_ALWAYS)
			assert_int_equal(error_status(error, SIDE_CLIENT), 0);
	}
}

static void test_side_names(void **state)
{
	(void)state;
	assert_string_equal(side_name(SIDE_NONE), "none");
	assert_string_equal(side_name(SIDE_CLIENT), "client");
	assert_string_equal(side_name(SIDE_BACKEND), "backend");
	assert_string_equal(side_name(SIDE_PROXY), "proxy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ok),
		cmocka_unit_test(test_codes_are_words_with_underscores),
		cmocka_unit_test(test_codes_and_words_are_unique),
		cmocka_unit_test(test_words_are_one_clause),
		cmocka_unit_test(test_statuses_are_plausible),
		cmocka_unit_test(test_statuses_of_the_rfcs),
		cmocka_unit_test(test_timeouts_have_the_status_of_timeouts),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_what_is_retried_is_the_backends_fault),
		cmocka_unit_test(test_side_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
