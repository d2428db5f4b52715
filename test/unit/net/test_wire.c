#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "net/wire.h"
#include "unit/net/ends.h"
#include "unit/net/peer.h"
#include "unit/net/rig.h"

/* --- Opening ---------------------------------------------------------------------------------- */

static void exchange_words(bool is_unix)
{
	struct end client;
	struct end server;

	ends_open(&client, &server, is_unix);
	assert_int_equal(client.wire->failed, OK);
	end_send(&client, "ping");
	end_expect(&server, "ping");
	end_send(&server, "pong!");
	end_expect(&client, "pong!");
	assert_int_equal(client.wire->sent_bytes, 4);
	assert_int_equal(client.wire->received_bytes, 5);
	assert_int_equal(server.wire->sent_bytes, 5);
	assert_int_equal(server.wire->received_bytes, 4);
	assert_false(client.wire->in_ended || server.wire->in_ended);
	end_close(&client);
	RIG_UNTIL(server.wire->in_ended);
	assert_int_equal(server.wire->phase, WIRE_OPEN);
	end_close(&server);
}

static void test_tcp(void **state)
{
	(void)state;
	exchange_words(false);
}

static void test_unix(void **state)
{
	(void)state;
	exchange_words(true);
}

static void expect_failure(struct end *end, enum error error, int system_error)
{
	RIG_UNTIL(end->wire->phase == WIRE_FAILED);
	assert_int_equal(end->wire->failed, error);
	assert_int_equal(end->wire->system_error, system_error);
	assert_true(end->events <= 1);
	/* Nothing moves any more, and nothing hurts. */
	wire_want_read(end->wire, true);
	wire_flush(end->wire);
	wire_end(end->wire);
	end_close(end);
}

static void test_refused(void **state)
{
	struct address nobody;
	struct end end;
	int held = peer_refuse(&nobody);

	(void)state;
	end_connect(&end, &nobody, 1);
	assert_int_equal(end.wire->phase, WIRE_CONNECTING);
	expect_failure(&end, ERROR_CONNECT_REFUSED, ECONNREFUSED);
	(void)close(held);
}

static void test_unix_refused_and_missing(void **state)
{
	struct address address;
	struct end end;

	(void)state;
	peer_unix_address(&address);
	end_connect(&end, &address, 1);
	expect_failure(&end, ERROR_CONNECT_FAILED, ENOENT);
	(void)close(peer_listen_unix(&address));
	end_connect(&end, &address, 1);
	expect_failure(&end, ERROR_CONNECT_REFUSED, ECONNREFUSED);
	peer_unix_remove(&address);
}

/* 240.0.0.0/4 has no route anywhere: the kernel refuses at once. */
static struct address unreachable(void)
{
	struct address address;

	assert_int_equal(address_parse(SPAN("255.255.255.255:9"), &address), OK);
	return address;
}

static void test_fails_at_once(void **state)
{
	struct address addresses[2] = {unreachable(), unreachable()};
	struct end end;

	(void)state;
	end_connect(&end, addresses, 2);
	assert_int_equal(end.wire->phase, WIRE_FAILED);
	assert_int_equal(end.wire->failed, ERROR_CONNECT_FAILED);
	assert_int_not_equal(end.wire->system_error, 0);
	rig_turns();
	assert_int_equal(end.events, 0);
	end_close(&end);
}

static void test_the_next_address_is_tried(void **state)
{
	struct address addresses[4] = {[1] = unreachable()};
	int held = peer_refuse(&addresses[0]);
	int listening = peer_listen(&addresses[3]);
	struct end end;
	int peer;

	(void)state;
	peer_unix_address(&addresses[2]);
	end_connect(&end, addresses, 4);
	RIG_UNTIL(end.wire->phase != WIRE_CONNECTING);
	assert_int_equal(end.wire->phase, WIRE_OPEN);
	assert_int_equal(end.wire->failed, OK);
	assert_int_equal(end.wire->system_error, 0);
	assert_int_equal(end.events, 1);
	peer = peer_accept(listening);
	peer_send(peer, "here");
	end_expect(&end, "here");
	end_close(&end);
	(void)close(peer);
	(void)close(listening);
	(void)close(held);
	peer_unix_remove(&addresses[2]);
}

static void test_all_addresses_refuse(void **state)
{
	struct address addresses[12];
	int held = peer_refuse(&addresses[0]);
	struct end end;

	(void)state;
	for (int i = 1; i < 12; i++)
		addresses[i] = addresses[0];
	end_connect(&end, addresses, 12);
	expect_failure(&end, ERROR_CONNECT_REFUSED, ECONNREFUSED);
	(void)close(held);
}

static void test_no_more_than_eight_addresses_are_tried(void **state)
{
	struct address addresses[9];
	int held = peer_refuse(&addresses[0]);
	int listening = peer_listen(&addresses[8]);
	struct end end;

	(void)state;
	for (int i = 1; i < 8; i++)
		addresses[i] = addresses[0];
	end_connect(&end, addresses, 9);
	expect_failure(&end, ERROR_CONNECT_REFUSED, ECONNREFUSED);
	assert_false(peer_is_asked(listening));
	(void)close(held);
	(void)close(listening);
}

static void test_closed_while_connecting(void **state)
{
	struct address addresses[2];
	int held = peer_refuse(&addresses[0]);
	int listening = peer_listen(&addresses[1]);
	struct end end;

	(void)state;
	end_connect(&end, addresses, 2);
	end_close(&end);
	end_connect(&end, &addresses[1], 1);
	end_close(&end);
	wire_close(NULL);
	wire_reset(NULL);
	rig_turns();
	(void)close(held);
	(void)close(listening);
}

static void test_what_is_sent_while_connecting_waits(void **state)
{
	struct address address;
	int listening = peer_listen(&address);
	struct end end;
	int peer;

	(void)state;
	end_connect(&end, &address, 1);
	end_send(&end, "early");
	wire_end(end.wire);
	wire_want_read(end.wire, true);
	RIG_UNTIL(end.wire->phase == WIRE_OPEN);
	wire_flush(end.wire);
	peer = peer_accept(listening);
	peer_expect(peer, "early");
	peer_expect_end(peer);
	end_close(&end);
	(void)close(peer);
	(void)close(listening);
}

static void test_small_writes_are_not_delayed(void **state)
{
	struct end end;
	int peer;
	int fds[2];
	struct address address;
	int listening = peer_listen(&address);
	int on = 0;
	socklen_t size = sizeof(on);

	(void)state;
	fds[0] = peer_connect(&address);
	fds[1] = peer_accept(listening);
	end = (struct end){0};
	assert_int_equal(wire_accept(rig_loop, &rig_pool, fds[1], false, on_end_event, &end, &end.wire),
	                 OK);
	assert_int_equal(getsockopt(fds[1], IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
	assert_int_equal(on, 1);
	assert_true(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	peer = fds[0];
	end_close(&end);
	(void)close(peer);
	(void)close(listening);
}

/* --- Failing allocations ---------------------------------------------------------------------- */

static void test_accept_without_memory(void **state)
{
	struct address address;
	int listening = peer_listen(&address);
	bool is_done = false;

	(void)state;
	for (long successes = 0; !is_done; successes++) {
		int client = peer_connect(&address);
		int fd = peer_accept(listening);
		struct end end = {0};

		memory_fail_after(successes);

		enum error error =
			wire_accept(rig_loop, &rig_pool, fd, false, on_end_event, &end, &end.wire);

		memory_fail_after(-1);
		is_done = error == OK;
		if (!is_done) {
			assert_int_equal(error, ERROR_OUT_OF_MEMORY);
			assert_null(end.wire);
		} else {
			end_close(&end);
			RIG_UNTIL(fcntl(fd, F_GETFD) < 0);
		}
		/* The socket is the wire's, also on failure. */
		assert_int_equal(fcntl(fd, F_GETFD), -1);
		(void)close(client);
	}
	(void)close(listening);
}

static void test_accept_of_what_is_no_socket(void **state)
{
	struct wire *wire = NULL;

	(void)state;
	assert_int_equal(wire_accept(rig_loop, &rig_pool, 100000, true, on_end_event, NULL, &wire),
	                 ERROR_SYSTEM);
	assert_null(wire);
}

static void test_connect_without_memory(void **state)
{
	struct address address;
	int listening = peer_listen(&address);
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	for (long successes = 0; error; successes++) {
		struct end end = {0};

		memory_fail_after(successes);
		error = wire_connect(rig_loop, &rig_pool, &address, 1, on_end_event, &end, &end.wire);
		memory_fail_after(-1);
		if (error) {
			assert_int_equal(error, ERROR_OUT_OF_MEMORY);
			assert_null(end.wire);
			assert_true(successes < 10);
		} else {
			end_close(&end);
		}
	}
	(void)close(listening);
}

/* --- Events ----------------------------------------------------------------------------------- */

static void test_events_go_to_the_new_owner(void **state)
{
	struct end before;
	struct end after = {0};
	int peer;

	(void)state;
	end_open(&before, &peer);
	after.wire = before.wire;
	wire_set_owner(after.wire, on_end_event, &after);
	wire_want_read(after.wire, true);
	peer_send(peer, "x");
	RIG_UNTIL(after.events > 0);
	assert_int_equal(before.events, 0);
	end_close(&after);
	(void)close(peer);
}

static void test_moved_ms_tells_the_last_movement(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);

	uint64_t opened_ms = end.wire->moved_ms;

	rig_skip_ms(1000);
	rig_turns();
	assert_int_equal(end.wire->moved_ms, opened_ms);
	peer_send(peer, "x");
	end_expect(&end, "x");
	assert_true(end.wire->moved_ms >= opened_ms + 1000);
	rig_skip_ms(1000);
	rig_turn();
	end_send(&end, "y");
	assert_true(end.wire->moved_ms >= opened_ms + 2000);
	end_close(&end);
	(void)close(peer);
}

static void test_closing_in_the_event_of_a_read(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	wire_want_read(end.wire, true);
	end.closes = true;
	peer_send(peer, "x");
	RIG_UNTIL(!end.wire);
	peer_expect_end(peer);
	assert_int_equal(end.events, 1);
	(void)close(peer);
}

static void test_closing_in_the_event_of_the_end(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	wire_want_read(end.wire, true);
	end.closes = true;
	(void)close(peer);
	RIG_UNTIL(!end.wire);
}

static void test_closing_in_the_event_of_connecting(void **state)
{
	struct address addresses[2];
	int held = peer_refuse(&addresses[0]);
	int listening = peer_listen(&addresses[1]);
	struct end end;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		end_connect(&end, &addresses[i], 1);
		end.closes = true;
		RIG_UNTIL(!end.wire);
	}
	(void)close(held);
	(void)close(listening);
}

static void drain(int peer)
{
	char bytes[65536];

	while (recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void test_closing_in_the_event_of_a_write(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	end_stuff(&end);
	end.closes = true;
	while (end.wire) {
		drain(peer);
		rig_turn();
	}
	(void)close(peer);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tcp),
		TEST(test_unix),
		TEST(test_refused),
		TEST(test_unix_refused_and_missing),
		TEST(test_fails_at_once),
		TEST(test_the_next_address_is_tried),
		TEST(test_all_addresses_refuse),
		TEST(test_no_more_than_eight_addresses_are_tried),
		TEST(test_closed_while_connecting),
		TEST(test_what_is_sent_while_connecting_waits),
		TEST(test_small_writes_are_not_delayed),
		TEST(test_accept_without_memory),
		TEST(test_accept_of_what_is_no_socket),
		TEST(test_connect_without_memory),
		TEST(test_events_go_to_the_new_owner),
		TEST(test_moved_ms_tells_the_last_movement),
		TEST(test_closing_in_the_event_of_a_read),
		TEST(test_closing_in_the_event_of_the_end),
		TEST(test_closing_in_the_event_of_connecting),
		TEST(test_closing_in_the_event_of_a_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
