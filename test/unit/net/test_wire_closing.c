/* How wires end: closed, half closed, failed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/wire.h"
#include "unit/net/ends.h"
#include "unit/net/peer.h"
#include "unit/net/rig.h"

/* --- Closing ---------------------------------------------------------------------------------- */

static void test_closing_while_a_write_is_in_flight(void **state)
{
	(void)state;
	for (int resets = 0; resets < 2; resets++) {
		struct end end;
		int peer;

		end_open(&end, &peer);
		end_stuff(&end);
		assert_int_equal(rig_pool.taken, 1);
		if (resets)
			wire_reset(end.wire);
		else
			wire_close(end.wire);
		end.wire = NULL;
		/* The block is kept for the kernel and comes back later; nobody is told. */
		assert_int_equal(rig_pool.taken, 1);
		RIG_UNTIL(rig_pool.taken == 0);
		assert_int_equal(end.events, 0);
		(void)close(peer);
	}
}

static void test_reset_is_not_a_clean_end(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	end_send(&end, "half an ans");
	peer_expect(peer, "half an ans");
	wire_reset(end.wire);
	peer_expect_reset(peer);
	(void)close(peer);
}

static void test_half_close(void **state)
{
	struct end client;
	struct end server;
	struct stream stream;

	(void)state;
	ends_open(&client, &server, false);
	stream_init(&stream, 3 << 20, 7);
	wire_want_read(server.wire, true);
	/* The end is asked for while bytes wait: they go first. */
	while (stream.left > 0) {
		stream_put(&stream, client.wire);
		stream_take(&stream, server.wire, SIZE_MAX);
		wire_want_read(server.wire, true);
		rig_turn();
	}
	end_send(&client, "last");
	wire_end(client.wire);
	wire_end(client.wire);
	while (!server.wire->in_ended) {
		if (stream.taken < 3 << 20)
			stream_take(&stream, server.wire, (3 << 20) - (size_t)stream.taken);
		wire_want_read(server.wire, true);
		wire_flush(client.wire);
		rig_turn();
	}
	assert_true(client.wire->out_ended);
	end_expect(&server, "last");
	/* The other direction goes on. */
	end_send(&server, "answer");
	assert_false(client.wire->in_ended);
	end_expect(&client, "answer");
	wire_end(server.wire);
	RIG_UNTIL(client.wire->in_ended);
	assert_int_equal(client.wire->phase, WIRE_OPEN);
	/* After the end, wanting to read changes nothing. */
	wire_want_read(client.wire, true);
	rig_turns();
	end_close(&client);
	end_close(&server);
}

/* --- Failing ---------------------------------------------------------------------------------- */

static void test_reset_leaves_the_input_readable(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	peer_send(peer, "the last words");
	peer_reset(peer);
	wire_want_read(end.wire, true);
	RIG_UNTIL(end.wire->phase == WIRE_FAILED);
	assert_int_equal(end.wire->failed, ERROR_CONNECTION_RESET);
	assert_int_equal(end.wire->system_error, ECONNRESET);
	assert_false(end.wire->in_ended);
	assert_int_equal(buffer_size(&end.wire->in), 14);
	end_expect(&end, "the last words");

	unsigned events = end.events;

	wire_want_read(end.wire, true);
	rig_turns();
	assert_int_equal(end.events, events);
	end_close(&end);
}

static void test_reset_while_a_write_is_in_flight(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	end_stuff(&end);
	wire_want_read(end.wire, true);
	peer_reset(peer);
	RIG_UNTIL(!end.wire->out.pinned && end.wire->phase == WIRE_FAILED);
	end_close(&end);
}

static void test_a_failed_write_leaves_the_answer_readable(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	/* A peer that answers without reading what it was sent: closing resets the connection. */
	end_send(&end, "a long request");
	peer_send(peer, "the answer");
	(void)close(peer);
	end_send(&end, "the rest of it");
	assert_true(end.wire->out_failed);
	assert_int_not_equal(end.wire->system_error, 0);
	assert_int_equal(end.wire->phase, WIRE_OPEN);
	assert_true(buffer_is_empty(&end.wire->out));
	end_expect(&end, "the answer");
	/* More is dropped; ending fails in silence. */
	end_send(&end, "and more");
	assert_true(buffer_is_empty(&end.wire->out));
	wire_end(end.wire);
	assert_false(end.wire->out_ended);
	RIG_UNTIL(end.wire->in_ended || end.wire->phase == WIRE_FAILED);
	end_close(&end);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_closing_while_a_write_is_in_flight),
		TEST(test_reset_is_not_a_clean_end),
		TEST(test_half_close),
		TEST(test_reset_leaves_the_input_readable),
		TEST(test_reset_while_a_write_is_in_flight),
		TEST(test_a_failed_write_leaves_the_answer_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
