/*
 * Limits of handshakes at once: in total, for each IPv4 address, for each IPv6 /64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/memory.h"
#include "session/half_open.h"

static struct address parse(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(span_of_string(text), &address), OK);
	return address;
}

static struct half_open *open_limits(size_t total_max, size_t per_address_max)
{
	struct half_open *half_open;

	assert_int_equal(half_open_new(total_max, per_address_max, &half_open), OK);
	return half_open;
}

static uint32_t last; /* place that was entered */

static enum half_open_answer enter(struct half_open *half_open, const char *text)
{
	struct address peer = parse(text);

	return half_open_enter(half_open, &peer, true, &last);
}

static void test_total(void **state)
{
	struct half_open *half_open = open_limits(3, 3);
	uint32_t second;

	(void)state;
	assert_int_equal(enter(half_open, "10.0.0.1:1"), HALF_OPEN_ENTERED);
	assert_int_equal(enter(half_open, "10.0.0.2:1"), HALF_OPEN_ENTERED);
	second = last;
	assert_int_equal(enter(half_open, "10.0.0.3:1"), HALF_OPEN_ENTERED);
	assert_int_equal(enter(half_open, "10.0.0.4:1"), HALF_OPEN_TOTAL_REACHED);
	assert_int_equal(half_open_count(half_open), 3);
	half_open_leave(half_open, second);
	assert_int_equal(enter(half_open, "10.0.0.4:1"), HALF_OPEN_ENTERED);
	half_open_free(half_open);
}

/* The ports do not matter; others are not touched by an address that has all of its own. */
static void test_per_address(void **state)
{
	struct half_open *half_open = open_limits(100, 2);
	uint32_t first;

	(void)state;
	assert_int_equal(enter(half_open, "10.0.0.1:1"), HALF_OPEN_ENTERED);
	first = last;
	assert_int_equal(enter(half_open, "10.0.0.1:2"), HALF_OPEN_ENTERED);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(enter(half_open, "10.0.0.1:3"), HALF_OPEN_ADDRESS_REACHED);
	assert_int_equal(enter(half_open, "10.0.0.2:1"), HALF_OPEN_ENTERED);
	half_open_leave(half_open, first);
	assert_int_equal(enter(half_open, "10.0.0.1:4"), HALF_OPEN_ENTERED);
	assert_int_equal(half_open_count(half_open), 3);
	half_open_free(half_open);
}

/* RFC 6177: who has one address of a /64 has all of them. */
static void test_ipv6_by_network(void **state)
{
	struct half_open *half_open = open_limits(100, 2);

	(void)state;
	assert_int_equal(enter(half_open, "[2001:db8::1]:1"), HALF_OPEN_ENTERED);
	assert_int_equal(enter(half_open, "[2001:db8:0:0:ffff::2]:1"), HALF_OPEN_ENTERED);
	assert_int_equal(enter(half_open, "[2001:db8::3]:1"), HALF_OPEN_ADDRESS_REACHED);
	assert_int_equal(enter(half_open, "[2001:db8:0:1::1]:1"), HALF_OPEN_ENTERED);
	/* An IPv4 address is none of IPv6 with the same bytes. */
	assert_int_equal(enter(half_open, "32.1.13.184:1"), HALF_OPEN_ENTERED);
	half_open_free(half_open);
}

static void test_without_address(void **state)
{
	struct half_open *half_open = open_limits(3, 1);
	struct address proxy = parse("10.0.0.1:1");
	struct address local = parse("unix:/run/x");

	(void)state;
	assert_int_equal(half_open_enter(half_open, &proxy, false, &last), HALF_OPEN_ENTERED);
	assert_int_equal(half_open_enter(half_open, &proxy, false, &last), HALF_OPEN_ENTERED);
	assert_int_equal(half_open_enter(half_open, &local, true, &last), HALF_OPEN_ENTERED);
	assert_int_equal(half_open_enter(half_open, &local, true, &last), HALF_OPEN_TOTAL_REACHED);
	for (int i = 0; i < 3; i++)
		half_open_leave(half_open, last); /* all three without a place of their own */
	assert_int_equal(half_open_count(half_open), 0);
	half_open_free(half_open);
}

/* Every place is used, given back and used again, in another order. */
static void test_many_addresses(void **state)
{
	enum { COUNT = 500 };
	struct half_open *half_open = open_limits(COUNT, 1);
	uint32_t places[COUNT];
	char text[32];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < COUNT; i++) {
			(void)snprintf(text, sizeof(text), "10.%u.%u.%u:1", round, i / 250, i % 250);
			assert_int_equal(enter(half_open, text), HALF_OPEN_ENTERED);
			places[i] = last;
		}
		assert_int_equal(enter(half_open, "10.9.9.9:1"), HALF_OPEN_TOTAL_REACHED);
		for (unsigned i = 0; i < COUNT; i++)
			half_open_leave(half_open, places[i * 7 % COUNT]);
		assert_int_equal(half_open_count(half_open), 0);
	}
	half_open_free(half_open);
}

/* More room while handshakes go on: they keep their places, and the limits go up and down. */
static void test_other_limits(void **state)
{
	struct half_open *half_open = open_limits(3, 2);
	uint32_t places[3];

	(void)state;
	assert_int_equal(enter(half_open, "10.0.0.1:1"), HALF_OPEN_ENTERED);
	places[0] = last;
	assert_int_equal(enter(half_open, "10.0.0.1:2"), HALF_OPEN_ENTERED);
	places[1] = last;
	assert_int_equal(enter(half_open, "10.0.0.2:1"), HALF_OPEN_ENTERED);
	places[2] = last;
	assert_int_equal(enter(half_open, "10.0.0.3:1"), HALF_OPEN_TOTAL_REACHED);

	assert_int_equal(half_open_reserve(half_open, 500), OK);
	half_open_limit(half_open, 500, 3);
	assert_int_equal(enter(half_open, "10.0.0.1:3"), HALF_OPEN_ENTERED);
	assert_int_equal(last, places[0]);
	half_open_leave(half_open, last);
	for (unsigned i = 0; i < 400; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "10.1.%u.%u:1", i / 200, i % 200);
		assert_int_equal(enter(half_open, text), HALF_OPEN_ENTERED);
		half_open_leave(half_open, last);
	}

	half_open_limit(half_open, 1, 1);
	assert_int_equal(enter(half_open, "10.0.0.3:1"), HALF_OPEN_TOTAL_REACHED);
	for (unsigned i = 0; i < 3; i++)
		half_open_leave(half_open, places[i]);
	assert_int_equal(half_open_count(half_open), 0);
	assert_int_equal(enter(half_open, "10.0.0.3:1"), HALF_OPEN_ENTERED);
	half_open_leave(half_open, last);
	half_open_free(half_open);
}

static void test_without_memory(void **state)
{
	struct half_open *half_open = NULL;

	(void)state;
	for (long successes = 0; successes < 3; successes++) {
		memory_fail_after(successes);
		assert_int_equal(half_open_new(10, 10, &half_open), ERROR_OUT_OF_MEMORY);
		memory_fail_after(-1);
		assert_null(half_open);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_total),           cmocka_unit_test(test_per_address),
		cmocka_unit_test(test_ipv6_by_network), cmocka_unit_test(test_without_address),
		cmocka_unit_test(test_other_limits),    cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
