#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "route/clients.h"

enum { CLIENTS = 64, INTERVAL_US = 1000000, NOW_US = 5000000, THREADS = 4 };

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(span_of_string(text), &address), OK);
	return address;
}

static struct clients *open_clients(void)
{
	struct clients *clients;

	assert_int_equal(clients_new(CLIENTS, &clients), OK);
	return clients;
}

/* How many tokens it gets until it has to wait. */
static unsigned take_all(struct clients *clients, const char *text, uint64_t now_us, uint64_t burst,
                         uint64_t *ret_wait_us)
{
	struct address address = address_of(text);

	for (unsigned taken = 0; taken < 1000; taken++)
		if (clients_take(clients, &address, now_us, INTERVAL_US, burst, ret_wait_us))
			return taken;
	return 1000;
}

static void test_a_bucket_holds_its_burst_and_fills_again(void **state)
{
	struct clients *clients = open_clients();
	uint64_t wait_us = 0;

	(void)state;
	assert_int_equal(take_all(clients, "192.0.2.1:1", NOW_US, 5, &wait_us), 5);
	assert_int_equal(wait_us, INTERVAL_US);
	assert_int_equal(take_all(clients, "192.0.2.1:1", NOW_US + INTERVAL_US - 1, 5, &wait_us), 0);
	assert_int_equal(wait_us, 1);
	assert_int_equal(take_all(clients, "192.0.2.1:1", NOW_US + INTERVAL_US, 5, &wait_us), 1);
	assert_int_equal(take_all(clients, "192.0.2.1:1", NOW_US + 3 * INTERVAL_US, 5, &wait_us), 2);
	assert_int_equal(take_all(clients, "192.0.2.1:1", NOW_US + 900ul * INTERVAL_US, 5, &wait_us),
	                 5);
	clients_unref(clients);
}

static void test_a_client_is_an_address_or_an_ipv6_network(void **state)
{
	struct clients *clients = open_clients();
	uint64_t wait_us;

	(void)state;
	assert_int_equal(take_all(clients, "192.0.2.1:1", NOW_US, 2, &wait_us), 2);
	assert_int_equal(take_all(clients, "192.0.2.1:2", NOW_US, 2, &wait_us), 0);
	assert_int_equal(take_all(clients, "192.0.2.2:1", NOW_US, 2, &wait_us), 2);
	assert_int_equal(take_all(clients, "[2001:db8::1]:1", NOW_US, 2, &wait_us), 2);
	assert_int_equal(take_all(clients, "[2001:db8::ffff:1]:1", NOW_US, 2, &wait_us), 0);
	assert_int_equal(take_all(clients, "[2001:db8:0:1::1]:1", NOW_US, 2, &wait_us), 2);
	assert_int_equal(take_all(clients, "unix:/a", NOW_US, 2, &wait_us), 2);
	assert_int_equal(take_all(clients, "unix:/b", NOW_US, 2, &wait_us), 0);
	clients_unref(clients);
}

/* Past its size the table forgets, and refuses nobody. */
static void test_more_clients_than_there_is_room_for(void **state)
{
	struct clients *clients = open_clients();
	uint64_t wait_us;

	(void)state;
	for (unsigned i = 0; i < 20 * CLIENTS; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "10.0.%u.%u:1", i / 256, i % 256);
		assert_true(take_all(clients, text, NOW_US, 1, &wait_us) == 1);
	}
	clients_unref(clients);
}

static void test_counts_the_requests_of_each(void **state)
{
	struct clients *clients = open_clients();
	struct address a = address_of("192.0.2.1:1");
	struct address b = address_of("192.0.2.2:1");

	(void)state;
	assert_int_equal(clients_enter(clients, &a, 2), OK);
	assert_int_equal(clients_enter(clients, &a, 2), OK);
	assert_int_equal(clients_enter(clients, &a, 2), ERROR_CLIENT_BUSY);
	assert_int_equal(clients_enter(clients, &b, 2), OK);
	clients_leave(clients, &a);
	assert_int_equal(clients_enter(clients, &a, 2), OK);
	clients_leave(clients, &a);
	clients_leave(clients, &a);
	clients_leave(clients, &b);
	clients_unref(clients);
}

/* A client that can not be counted is not let in: it could have any number. */
static void test_counts_no_more_clients_than_there_is_room_for(void **state)
{
	struct clients *clients = open_clients();
	unsigned entered = 0;
	bool inside[20 * CLIENTS];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(inside); i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "10.0.%u.%u:1", i / 256, i % 256);

		struct address address = address_of(text);
		enum error error = clients_enter(clients, &address, 3);

		assert_true(error == OK || error == ERROR_ROUTE_BUSY);
		inside[i] = error == OK;
		entered += inside[i];
	}
	assert_true(entered <= CLIENTS && entered >= CLIENTS / 2);
	for (unsigned i = 0; i < ARRAY_LENGTH(inside); i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "10.0.%u.%u:1", i / 256, i % 256);

		struct address address = address_of(text);

		if (inside[i])
			clients_leave(clients, &address);
	}
	clients_unref(clients);
}

static void *take_from_thread(void *argument)
{
	uint64_t wait_us;

	return (void *)(uintptr_t)take_all(argument, "192.0.2.1:1", NOW_US, 500, &wait_us);
}

static void test_the_limit_holds_for_all_threads_together(void **state)
{
	struct clients *clients = open_clients();
	pthread_t threads[THREADS];
	uintptr_t taken = 0;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_from_thread, clients), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *result;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		taken += (uintptr_t)result;
	}
	assert_int_equal(taken, 500);
	clients_unref(clients);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_bucket_holds_its_burst_and_fills_again),
		cmocka_unit_test(test_a_client_is_an_address_or_an_ipv6_network),
		cmocka_unit_test(test_more_clients_than_there_is_room_for),
		cmocka_unit_test(test_counts_the_requests_of_each),
		cmocka_unit_test(test_counts_no_more_clients_than_there_is_room_for),
		cmocka_unit_test(test_the_limit_holds_for_all_threads_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
