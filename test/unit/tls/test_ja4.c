/*
 * JA4: the published example, computed from its lists, and the corners of the definition.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tls/ja4.h"
#include "tls/library.h"

/* Clients send them in any order, and GREASE among them. */
#define CHROME_SUITES                                                                  \
	"\x3a\x3a\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9\xcc\xa8" \
	"\xc0\x13\xc0\x14\x00\x9c\x00\x9d\x00\x2f\x00\x35"
#define CHROME_EXTENSIONS                                                              \
	"\x1a\x1a\x00\x00\x00\x00\x00\x00\x00\x17\x00\x00\xff\x01\x00\x00\x00\x0a\x00\x00" \
	"\x00\x0b\x00\x00\x00\x23\x00\x00\x00\x10\x00\x00\x00\x05\x00\x00\x00\x0d\x00\x00" \
	"\x00\x12\x00\x00\x00\x33\x00\x00\x00\x2d\x00\x00\x00\x2b\x00\x00\x00\x1b\x00\x00" \
	"\x44\x69\x00\x00\xba\xba\x00\x00\x00\x15\x00\x00"
#define CHROME_SIGNATURES "\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01"

static struct tls_hello chrome(void)
{
	return (struct tls_hello){
		.version = 0x0303,
		.suites = SPAN(CHROME_SUITES),
		.extensions = SPAN(CHROME_EXTENSIONS),
		.server_name = SPAN("app.example.com"),
		.versions = SPAN("\x5a\x5a\x03\x04\x03\x03"),
		.signatures = SPAN(CHROME_SIGNATURES),
		.protocols = SPAN("\x02h2\x08http/1.1"),
	};
}

static void expect(const struct tls_hello *hello, const char *expected)
{
	char ja4[TLS_JA4_SIZE];

	assert_int_equal(tls_ja4(hello, ja4), OK);
	assert_string_equal(ja4, expected);
}

static void test_published_example(void **state)
{
	struct tls_hello hello = chrome();

	(void)state;
	expect(&hello, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

static void test_no_lists(void **state)
{
	struct tls_hello hello = {.version = 0x0301};

	(void)state;
	expect(&hello, "t10i000000_000000000000_000000000000");
}

static void test_versions(void **state)
{
	struct tls_hello hello = {.version = 0x0300};

	(void)state;
	expect(&hello, "ts3i000000_000000000000_000000000000");
	hello.version = 0x0002;
	expect(&hello, "ts2i000000_000000000000_000000000000");
	hello.version = 0x7f12; /* a draft */
	expect(&hello, "t00i000000_000000000000_000000000000");
	hello.version = 0x0303;
	hello.versions = SPAN("\xfa\xfa\x03\x02\x03\x01"); /* supported_versions alone counts */
	expect(&hello, "t11i000000_000000000000_000000000000");
}

static void test_protocols(void **state)
{
	struct tls_hello hello = {.version = 0x0303, .protocols = SPAN("\x08http/1.1")};

	(void)state;
	expect(&hello, "t12i0000h1_000000000000_000000000000");
	hello.protocols = SPAN("\x01h");
	expect(&hello, "t12i0000hh_000000000000_000000000000");
	hello.protocols = SPAN("\x02\xab\xcd"); /* not text */
	expect(&hello, "t12i0000ad_000000000000_000000000000");
	hello.protocols = SPAN("\x00");
	expect(&hello, "t12i000000_000000000000_000000000000");
}

static void test_counts_have_two_digits(void **state)
{
	static char suites[2 * 120];
	struct tls_hello hello = {.version = 0x0303, .suites = {suites, sizeof(suites)}};
	char ja4[TLS_JA4_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(suites); i++)
		suites[i] = (char)(i / 2 % 10);
	assert_int_equal(tls_ja4(&hello, ja4), OK);
	assert_memory_equal(ja4, "t12i990000_", 11);
}

static void test_no_memory(void **state)
{
	struct tls_hello hello = chrome();
	char ja4[TLS_JA4_SIZE] = "before";
	long successes = 0;
	enum error error;

	(void)state;
	do {
		memory_fail_after(successes++);
		error = tls_ja4(&hello, ja4);
		memory_fail_after(-1);
		if (error)
			assert_string_equal(ja4, "before");
	} while (error == ERROR_OUT_OF_MEMORY);
	assert_int_equal(error, OK);
	assert_true(successes > 2);
}

static int open_library(void **state)
{
	(void)state;
	return tls_library_open() ? -1 : 0;
}

static int close_library(void **state)
{
	(void)state;
	tls_library_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_example),
		cmocka_unit_test(test_no_lists),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_counts_have_two_digits),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, open_library, close_library);
}
