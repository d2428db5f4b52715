/* What proxy_header_write() writes is what the specification shows, and reads as the same again. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/proxy_header.h"

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(span_of_string(text), &address), OK);
	return address;
}

static struct proxy_header header_of(const char *source, const char *destination)
{
	return (struct proxy_header){
		.has_addresses = true,
		.source = address_of(source),
		.destination = address_of(destination),
	};
}

static void assert_bytes(const char *bytes, size_t size, const char *wanted, size_t wanted_size)
{
	assert_int_equal(size, wanted_size);
	assert_memory_equal(bytes, wanted, wanted_size);
}

/* What is written is read as the same. */
static void assert_round(enum proxy_version version, const struct proxy_header *header,
                         const struct proxy_tls *tls)
{
	char bytes[PROXY_HEADER_WRITTEN_MAX];
	struct proxy_header again;
	size_t size = proxy_header_write(version, header, tls, bytes);
	size_t taken = 0;

	assert_int_equal(proxy_header_read(span_of(bytes, size), sizeof(bytes), &again, &taken), OK);
	assert_int_equal(taken, size);
	assert_true(again.has_addresses);
	assert_true(address_equal(&again.source, &header->source));
	assert_true(address_equal(&again.destination, &header->destination));
}

static void test_writes_version_1(void **state)
{
	char bytes[PROXY_HEADER_WRITTEN_MAX];
	struct proxy_header ipv4 = header_of("192.0.2.1:56324", "198.51.100.2:443");
	struct proxy_header ipv6 = header_of("[2001:db8::1]:1", "[2001:db8::2]:65535");
	const char line4[] = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n";
	const char line6[] = "PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n";

	(void)state;
	assert_bytes(bytes, proxy_header_write(PROXY_VERSION_1, &ipv4, NULL, bytes), line4,
	             strlen(line4));
	assert_bytes(bytes, proxy_header_write(PROXY_VERSION_1, &ipv6, NULL, bytes), line6,
	             strlen(line6));
	assert_round(PROXY_VERSION_1, &ipv4, NULL);
	assert_round(PROXY_VERSION_1, &ipv6, NULL);
}

static void test_writes_version_2(void **state)
{
	static const char wanted[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
								 "\xc0\0\2\1\xc6\x33\x64\2\xdc\4\1\xbb";
	char bytes[PROXY_HEADER_WRITTEN_MAX];
	struct proxy_header ipv4 = header_of("192.0.2.1:56324", "198.51.100.2:443");
	struct proxy_header ipv6 = header_of("[2001:db8::1]:1", "[2001:db8::2]:65535");

	(void)state;
	assert_bytes(bytes, proxy_header_write(PROXY_VERSION_2, &ipv4, NULL, bytes), wanted,
	             sizeof(wanted) - 1);
	assert_round(PROXY_VERSION_2, &ipv4, NULL);
	assert_round(PROXY_VERSION_2, &ipv6, NULL);
}

/* ALPN, the name asked for, and in the part of TLS its version and suite. */
static void test_writes_what_the_client_spoke(void **state)
{
	static const char wanted[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x30" /* 48 bytes follow */
								 "\xc0\0\2\1\xc6\x33\x64\2\xdc\4\1\xbb"
								 "\1\0\2h1"
								 "\2\0\1a"
								 "\x20\0\x18" /* 24 bytes in it */
								 "\1\0\0\0\1"
								 "\x21\0\7TLSv1.3"
								 "\x23\0\6SUITE1";
	const struct proxy_tls tls = {
		.version = SPAN("TLSv1.3"),
		.suite = SPAN("SUITE1"),
		.server_name = SPAN("a"),
		.protocol = SPAN("h1"),
	};
	char bytes[PROXY_HEADER_WRITTEN_MAX];
	struct proxy_header ipv4 = header_of("192.0.2.1:56324", "198.51.100.2:443");

	(void)state;
	assert_bytes(bytes, proxy_header_write(PROXY_VERSION_2, &ipv4, &tls, bytes), wanted,
	             sizeof(wanted) - 1);
	assert_round(PROXY_VERSION_2, &ipv4, &tls);
}

static void test_leaves_out_what_is_not_known(void **state)
{
	static const char wanted[] = "\r\n\r\n\0\r\nQUIT\n\x21\0\0\x08"
								 "\x20\0\5\1\0\0\0\1";
	const struct proxy_tls nothing = {0};
	const struct proxy_header unknown = {.has_addresses = false};
	char bytes[PROXY_HEADER_WRITTEN_MAX];
	char names[300];
	struct proxy_tls long_name = {.server_name = span_of(names, sizeof(names))};

	(void)state;
	memset(names, 'a', sizeof(names));
	assert_bytes(bytes, proxy_header_write(PROXY_VERSION_2, &unknown, &nothing, bytes), wanted,
	             sizeof(wanted) - 1);
	assert_bytes(bytes, proxy_header_write(PROXY_VERSION_2, &unknown, &long_name, bytes), wanted,
	             sizeof(wanted) - 1);
}

/* A client on a unix socket, and addresses of two versions. */
static void test_tells_no_addresses_of_two_kinds(void **state)
{
	const char line[] = "PROXY UNKNOWN\r\n";
	struct proxy_header headers[] = {
		header_of("192.0.2.1:1", "[2001:db8::2]:2"),
		header_of("unix:/a", "unix:/b"),
		header_of("unix:/a", "192.0.2.1:1"),
		{.has_addresses = false},
	};
	char bytes[PROXY_HEADER_WRITTEN_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
		assert_bytes(bytes, proxy_header_write(PROXY_VERSION_1, &headers[i], NULL, bytes), line,
		             strlen(line));
		assert_bytes(bytes, proxy_header_write(PROXY_VERSION_2, &headers[i], NULL, bytes),
		             "\r\n\r\n\0\r\nQUIT\n\x21\0\0\0", 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes_version_1),
		cmocka_unit_test(test_writes_version_2),
		cmocka_unit_test(test_writes_what_the_client_spoke),
		cmocka_unit_test(test_leaves_out_what_is_not_known),
		cmocka_unit_test(test_tells_no_addresses_of_two_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
