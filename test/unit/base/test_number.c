#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"

static const uint64_t untouched = 0x5a5a5a5a5a5a5a5a;

struct row {
	struct span text;
	uint64_t max;
	enum error error;
	uint64_t number; /* if there is no error */
};

#define GOOD(text, number)                      \
	{                                           \
		SPAN_INIT(text), UINT64_MAX, OK, number \
	}
#define MALFORMED(text)                                        \
	{                                                          \
		SPAN_INIT(text), UINT64_MAX, ERROR_NUMBER_MALFORMED, 0 \
	}
#define TOO_LARGE(text, max)                            \
	{                                                   \
		SPAN_INIT(text), max, ERROR_NUMBER_TOO_LARGE, 0 \
	}

static void assert_rows(enum error (*read)(struct span, uint64_t, uint64_t *),
                        const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t number = untouched;
		enum error error = read(rows[i].text, rows[i].max, &number);

		if (error != rows[i].error || number != (error ? untouched : rows[i].number))
			fail_msg("'%s' gives %s and %llu", rows[i].text.data, error_code(error),
			         (unsigned long long)number);
	}
}

static void test_decimal(void **state)
{
	static const struct row rows[] = {
		GOOD("0", 0),
		GOOD("7", 7),
		GOOD("0000000000000000000000000000000000042", 42),
		GOOD("18446744073709551615", UINT64_MAX),
		{SPAN_INIT("100"), 100, OK, 100},
		{SPAN_INIT("0"), 0, OK, 0},
		TOO_LARGE("101", 100),
		TOO_LARGE("1", 0),
		TOO_LARGE("18446744073709551615", UINT64_MAX - 1),
		TOO_LARGE("18446744073709551616", UINT64_MAX),
		TOO_LARGE("18446744073709551620", UINT64_MAX),
		TOO_LARGE("99999999999999999999999999999999999999", UINT64_MAX),
		MALFORMED(""),
		MALFORMED("-1"),
		MALFORMED("+1"),
		MALFORMED(" 1"),
		MALFORMED("1 "),
		MALFORMED("1\n"),
		MALFORMED("1\0"),
		MALFORMED("0x1"),
		MALFORMED("1a"),
		MALFORMED("1.0"),
		MALFORMED("1,000"),
		MALFORMED("1e3"),
		MALFORMED("1_000"),
		MALFORMED("\xd9\xa1"), /* ARABIC-INDIC DIGIT ONE */
		{SPAN_INIT("200x"), 100, ERROR_NUMBER_MALFORMED, 0},
		MALFORMED("99999999999999999999999999x"),
	};
	uint64_t number = untouched;

	(void)state;
	assert_rows(number_decimal, rows, ARRAY_LENGTH(rows));
	assert_int_equal(number_decimal(span_of(NULL, 0), 9, &number), ERROR_NUMBER_MALFORMED);
	assert_int_equal(number, untouched);
}

static void test_hex(void **state)
{
	static const struct row rows[] = {
		GOOD("0", 0),
		GOOD("1aF", 0x1af),
		GOOD("0000000000000001", 1),
		GOOD("ffffffffffffffff", UINT64_MAX),
		TOO_LARGE("00000000000000001", UINT64_MAX),
		TOO_LARGE("10000000000000000", UINT64_MAX),
		TOO_LARGE("11", 0x10),
		MALFORMED(""),
		MALFORMED("0x1"),
		MALFORMED("1g"),
		MALFORMED("1;a"),
		MALFORMED("-1"),
		MALFORMED(" 1"),
		MALFORMED("nothing like a number"),
	};

	(void)state;
	assert_rows(number_hex, rows, ARRAY_LENGTH(rows));
}

static void test_size(void **state)
{
	static const struct row rows[] = {
		GOOD("0", 0),
		GOOD("1500", 1500),
		GOOD("7B", 7),
		GOOD("1KiB", 1024),
		GOOD("3MiB", 3 << 20),
		GOOD("2GiB", (uint64_t)2 << 30),
		GOOD("1KB", 1000),
		GOOD("1MB", 1000000),
		GOOD("1GB", 1000000000),
		GOOD("17179869183GiB", (uint64_t)17179869183 << 30),
		{SPAN_INIT("1KiB"), 1024, OK, 1024},
		TOO_LARGE("1KiB", 1023),
		TOO_LARGE("17179869184GiB", UINT64_MAX),
		TOO_LARGE("99999999999999999999", UINT64_MAX),
		MALFORMED(""),
		MALFORMED("KiB"),
		MALFORMED("1 KiB"),
		MALFORMED("1kib"),
		MALFORMED("1KIB"),
		MALFORMED("1K"),
		MALFORMED("1KiBs"),
		MALFORMED("1.5MiB"),
		MALFORMED("-1KiB"),
		MALFORMED("1s"),
	};

	(void)state;
	assert_rows(number_size, rows, ARRAY_LENGTH(rows));
}

static void test_duration(void **state)
{
	static const struct row rows[] = {
		GOOD("0", 0),
		GOOD("0s", 0),
		GOOD("1ms", 1),
		GOOD("90s", 90000),
		GOOD("5m", 300000),
		GOOD("2h", 7200000),
		GOOD("1d", 86400000),
		GOOD("2w", 1209600000),
		GOOD("1y", 31536000000),
		{SPAN_INIT("1s"), 1000, OK, 1000},
		TOO_LARGE("1s", 999),
		TOO_LARGE("1001ms", 1000),
		TOO_LARGE("584942418y", UINT64_MAX),
		MALFORMED(""),
		MALFORMED("5"),
		MALFORMED("s"),
		MALFORMED("1 s"),
		MALFORMED("1S"),
		MALFORMED("1M"),
		MALFORMED("1sec"),
		MALFORMED("1m30s"),
		MALFORMED("0.5s"),
		MALFORMED("-1s"),
	};

	(void)state;
	assert_rows(number_duration, rows, ARRAY_LENGTH(rows));
}

static void test_hex_digit(void **state)
{
	static const char digits[] = "0123456789abcdef";

	(void)state;
	for (int c = 0; c < 256; c++) {
		char lower = c >= 'A' && c <= 'F' ? (char)(c + 0x20) : (char)c;
		const char *at = lower ? strchr(digits, lower) : NULL;

		assert_int_equal(number_hex_digit((char)c), at ? at - digits : -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimal),   cmocka_unit_test(test_hex),
		cmocka_unit_test(test_size),      cmocka_unit_test(test_duration),
		cmocka_unit_test(test_hex_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
