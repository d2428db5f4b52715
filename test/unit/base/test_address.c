#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sys/un.h>

#include "base/address.h"

static struct address parsed(const char *text)
{
	struct address address = {.kind = ADDRESS_KIND_COUNT};

	if (address_parse(span_of_string(text), &address))
		fail_msg("%s: %s", text, address_problem(span_of_string(text)));
	assert_null(address_problem(span_of_string(text)));
	return address;
}

static struct address_block parsed_block(const char *text)
{
	struct address_block block = {.kind = ADDRESS_KIND_COUNT};

	if (address_block_parse(span_of_string(text), &block))
		fail_msg("%s: %s", text, address_block_problem(span_of_string(text)));
	assert_null(address_block_problem(span_of_string(text)));
	return block;
}

static void check_round_trip(const char *text, const char *formatted)
{
	struct address address = parsed(text);
	char out[ADDRESS_TEXT_SIZE];

	address_format(&address, out, sizeof(out));
	assert_string_equal(out, formatted);
	assert_true(address_equal(&address, &(struct address[]){parsed(out)}[0]));
}

static void test_reads_and_writes(void **state)
{
	(void)state;
	check_round_trip("1.2.3.4:80", "1.2.3.4:80");
	check_round_trip("0.0.0.0:1", "0.0.0.0:1");
	check_round_trip("255.255.255.255:65535", "255.255.255.255:65535");
	check_round_trip("[::1]:80", "[::1]:80");
	check_round_trip("[0:0:0:0:0:0:0:1]:80", "[::1]:80");
	check_round_trip("[2001:DB8::A]:443", "[2001:db8::a]:443");
	check_round_trip("[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]:80");
	check_round_trip("Legacy.Internal:8080", "legacy.internal:8080");
	check_round_trip("localhost:1", "localhost:1");
	check_round_trip("3com.example:1", "3com.example:1");
	check_round_trip("unix:/run/a b.sock", "unix:/run/a b.sock");
}

static void test_knows_the_kind(void **state)
{
	static const unsigned char four[16] = {1, 2, 3, 4};
	static const unsigned char six[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
	static const unsigned char none[16];

	(void)state;
	assert_int_equal(parsed("1.2.3.4:80").kind, ADDRESS_IPV4);
	assert_int_equal(parsed("1.2.3.4:80").port, 80);
	assert_string_equal(parsed("1.2.3.4:80").host, "1.2.3.4");
	assert_memory_equal(parsed("1.2.3.4:80").bytes, four, 16);
	assert_int_equal(parsed("[2001:db8::1]:443").kind, ADDRESS_IPV6);
	assert_memory_equal(parsed("[2001:db8::1]:443").bytes, six, 16);
	assert_int_equal(parsed("a.b:65535").kind, ADDRESS_NAME);
	assert_int_equal(parsed("a.b:65535").port, 65535);
	assert_memory_equal(parsed("1.2.3.x:1").bytes, none, 16);
	assert_int_equal(parsed("unix:/x").kind, ADDRESS_UNIX);
	assert_int_equal(parsed("unix:/x").port, 0);
}

/* clang-format off */
static const char *const no_addresses[] = {
	"", ":", ":80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:00", "1.2.3.4:080",
	"1.2.3.4:65536", "1.2.3.4:99999999999999999999999", "1.2.3.4:-1", "1.2.3.4:+1",
	"1.2.3.4: 80", " 1.2.3.4:80", "1.2.3.4:80 ", "1.2.3.4:http", "1.2.3:80", "1.2.3.256:80",
	"01.2.3.4:80", "::1:80", "[::1]", "[::1]:", "[::1", "[::1]80", "[]:80", "[1.2.3.4]:80",
	"[::1%eth0]:80", "[::g]:1", "a b:80", "a~b:80", "-a:80", "a-:80", "a..b:80", ".a:80",
	"a.:80", "*:80", "http://a:80", "unix:", "unix:a", "unix:a/b", "/a", "8080", "a:b:1",
	"b\xc3\xbc:80",
};
/* clang-format on */

static void test_refuses_what_is_no_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(no_addresses); i++) {
		struct address address = {.port = 4711};

		if (address_parse(span_of_string(no_addresses[i]), &address) != ERROR_ADDRESS_INVALID)
			fail_msg("taken: %s", no_addresses[i]);
		assert_int_equal(address.port, 4711);
		assert_non_null(address_problem(span_of_string(no_addresses[i])));
	}
	assert_int_equal(address_parse(SPAN("1.2.3.4\0:80"), &(struct address){0}),
	                 ERROR_ADDRESS_INVALID);
	assert_int_equal(address_parse(SPAN("unix:/a\0b"), &(struct address){0}),
	                 ERROR_ADDRESS_INVALID);
}

static void test_limits_names_and_paths(void **state)
{
	char name[300];
	char path[200];

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t i = 63; i < sizeof(name); i += 64)
		name[i] = '.';
	assert_true(address_is_name(span_of(name, 63)));
	assert_false(address_is_name(span_of(name, 64)));
	assert_true(address_is_name(span_of(name, ADDRESS_NAME_MAX)));
	assert_false(address_is_name(span_of(name, ADDRESS_NAME_MAX + 1)));
	memset(name, 'a', sizeof(name));
	assert_false(address_is_name(span_of(name, 64)));
	assert_false(address_is_name(SPAN("1.2.3.4")));
	assert_false(address_is_name(SPAN("127")));
	assert_true(address_is_name(SPAN("1.2.3.4a")));

	memset(path, 'x', sizeof(path));
	memcpy(path, "unix:/", 6);

	struct address address;
	struct sockaddr_storage socket;

	assert_int_equal(address_parse(span_of(path, 5 + ADDRESS_PATH_MAX), &address), OK);
	assert_int_equal(address_to_socket(&address, &socket), sizeof(struct sockaddr_un));
	assert_int_equal(address_parse(span_of(path, 6 + ADDRESS_PATH_MAX), &address),
	                 ERROR_ADDRESS_INVALID);
}

static void test_format_cuts(void **state)
{
	struct address address = parsed("[::1]:65535");
	char out[12];

	(void)state;
	for (size_t size = 1; size < sizeof(out); size++) {
		memset(out, '!', sizeof(out));
		address_format(&address, out, size);
		assert_int_equal(strlen(out), size - 1);
		assert_memory_equal(out, "[::1]:65535", size - 1);
	}
	out[0] = '!';
	address_format(&address, out, 0);
	assert_int_equal(out[0], '!');
}

static void test_goes_through_sockets(void **state)
{
	static const char *const texts[] = {"1.2.3.4:80", "[2001:db8::1]:443", "unix:/run/a.sock"};
	struct sockaddr_storage socket;
	char out[ADDRESS_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct address address = parsed(texts[i]);
		socklen_t length = address_to_socket(&address, &socket);
		struct address back;

		assert_true(length > 0);
		assert_int_equal(address_from_socket((struct sockaddr *)&socket, length, &back), OK);
		assert_true(address_equal(&address, &back));
		address_format(&back, out, sizeof(out));
		assert_string_equal(out, texts[i]);
	}

	struct address name = parsed("a.b:1");

	assert_int_equal(address_to_socket(&name, &socket), 0);
}

static void test_takes_odd_sockets(void **state)
{
	struct address mapped = parsed("[::ffff:1.2.3.4]:80");
	struct sockaddr_storage socket;
	socklen_t length = address_to_socket(&mapped, &socket);
	struct address back;

	(void)state;
	assert_int_equal(address_from_socket((struct sockaddr *)&socket, length, &back), OK);
	assert_int_equal(back.kind, ADDRESS_IPV4);
	assert_string_equal(back.host, "1.2.3.4");
	assert_int_equal(address_from_socket((struct sockaddr *)&socket, length - 1, &back),
	                 ERROR_ADDRESS_INVALID);
	assert_int_equal(address_from_socket((struct sockaddr *)&socket, 1, &back),
	                 ERROR_ADDRESS_INVALID);

	struct sockaddr_un unnamed = {.sun_family = AF_UNIX};

	assert_int_equal(address_from_socket((struct sockaddr *)&unnamed, sizeof(sa_family_t), &back),
	                 OK);
	assert_int_equal(back.kind, ADDRESS_UNIX);
	assert_string_equal(back.host, "");
	memset(unnamed.sun_path, 'x', sizeof(unnamed.sun_path)); /* the kernel may leave out the NUL */
	assert_int_equal(address_from_socket((struct sockaddr *)&unnamed, sizeof(unnamed), &back), OK);
	assert_int_equal(strlen(back.host), sizeof(unnamed.sun_path));
	unnamed.sun_family = AF_UNSPEC;
	assert_int_equal(address_from_socket((struct sockaddr *)&unnamed, sizeof(unnamed), &back),
	                 ERROR_ADDRESS_INVALID);
}

static void test_compares(void **state)
{
	struct address a = parsed("1.2.3.4:80");
	struct address mapped = parsed("[::ffff:1.2.3.4]:80");
	struct address port = parsed("1.2.3.4:81");
	struct address name = parsed("A.b:80");
	struct address same_name = parsed("a.B:80");
	struct address socket = parsed("unix:/a");
	struct address other_socket = parsed("unix:/b");

	(void)state;
	assert_true(address_equal(&a, &mapped));
	assert_false(address_equal(&a, &port));
	assert_false(address_equal(&a, &name));
	assert_true(address_equal(&name, &same_name));
	assert_false(address_equal(&socket, &other_socket));
}

static bool contains(const char *block_text, const char *address_text)
{
	struct address_block block = parsed_block(block_text);
	struct address address = parsed(address_text);

	return address_block_contains(&block, &address);
}

static void test_blocks_contain(void **state)
{
	(void)state;
	assert_true(contains("10.0.0.0/8", "10.255.255.255:1"));
	assert_false(contains("10.0.0.0/8", "11.0.0.0:1"));
	assert_true(contains("10.1.2.3", "10.1.2.3:1"));
	assert_false(contains("10.1.2.3", "10.1.2.4:1"));
	assert_true(contains("192.168.4.0/23", "192.168.5.255:1"));
	assert_false(contains("192.168.4.0/23", "192.168.6.0:1"));
	assert_true(contains("0.0.0.0/0", "255.1.1.1:1"));
	assert_false(contains("0.0.0.0/0", "[::1]:1"));
	assert_true(contains("::1", "[::1]:1"));
	assert_true(contains("fd00::/8", "[fdff::1]:1"));
	assert_false(contains("fd00::/8", "[fe00::1]:1"));
	assert_true(contains("::/0", "[2001::1]:1"));
	assert_true(contains("10.0.0.0/8", "[::ffff:10.1.1.1]:1"));
	assert_true(contains("::ffff:10.0.0.0/104", "10.1.1.1:1"));
	assert_false(contains("0.0.0.0/0", "a.b:1"));
	assert_false(contains("0.0.0.0/0", "unix:/a"));
}

static void test_refuses_what_is_no_block(void **state)
{
	static const char *const texts[] = {
		"",
		"/8",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/08",
		"10.0.0.0/8/8",
		"10.0.0.1/8",
		"10.0.0.0/0x8",
		"::1/129",
		"::1/127",
		"fd00::1/8",
		"[::1]",
		"a.b",
		"10.0.0",
		"10.0.0.0:80",
		" 10.0.0.0/8",
		"::/",
		"1.2.3.4/31x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct address_block block = {.prefix = 4711};

		if (address_block_parse(span_of_string(texts[i]), &block) != ERROR_ADDRESS_INVALID)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(block.prefix, 4711);
		assert_non_null(address_block_problem(span_of_string(texts[i])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_and_writes),
		cmocka_unit_test(test_knows_the_kind),
		cmocka_unit_test(test_refuses_what_is_no_address),
		cmocka_unit_test(test_limits_names_and_paths),
		cmocka_unit_test(test_format_cuts),
		cmocka_unit_test(test_goes_through_sockets),
		cmocka_unit_test(test_takes_odd_sockets),
		cmocka_unit_test(test_compares),
		cmocka_unit_test(test_blocks_contain),
		cmocka_unit_test(test_refuses_what_is_no_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
