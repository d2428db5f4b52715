/*
 * The table of alerts: each has words, and numbers that nobody knows do no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "tls/alert.h"

static const int numbers[] = {
#define NUMBER(name, number, words, is_of_certificate, meaning, advice) number,
	TLS_ALERT_TABLE(NUMBER)
#undef NUMBER
};

/* All of RFC 8446 §6, and those of RFC 5246 §7.2 that only older versions send. */
static void test_all_of_the_rfcs(void **state)
{
	static const int wanted[] = {0,  10, 20,  21,  22,  30,  40,  41,  42,  43, 44,
	                             45, 46, 47,  48,  49,  50,  51,  60,  70,  71, 80,
	                             86, 90, 100, 109, 110, 112, 113, 115, 116, 120};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
		assert_string_not_equal(tls_alert_name(wanted[i]), "unknown");
}

static void test_each_has_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		assert_true(i == 0 || numbers[i] > numbers[i - 1]);
		assert_true(strlen(tls_alert_meaning(numbers[i])) > 10);
		assert_true(strlen(tls_alert_advice(numbers[i])) > 10);
		assert_null(strchr("., ", tls_alert_meaning(numbers[i])[0]));
	}
}

static void test_unknown_numbers(void **state)
{
	(void)state;
	for (int number = 122; number < 256; number++) {
		assert_string_equal(tls_alert_name(number), "unknown");
		assert_true(strlen(tls_alert_meaning(number)) > 10);
		assert_false(tls_alert_is_of_certificate(number));
	}
}

static void test_those_of_certificates(void **state)
{
	(void)state;
	assert_true(tls_alert_is_of_certificate(TLS_ALERT_UNKNOWN_CA));
	assert_true(tls_alert_is_of_certificate(TLS_ALERT_CERTIFICATE_EXPIRED));
	assert_false(tls_alert_is_of_certificate(TLS_ALERT_CERTIFICATE_REQUIRED)); /* the client's */
	assert_false(tls_alert_is_of_certificate(TLS_ALERT_HANDSHAKE_FAILURE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_the_rfcs),
		cmocka_unit_test(test_each_has_words),
		cmocka_unit_test(test_unknown_numbers),
		cmocka_unit_test(test_those_of_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
