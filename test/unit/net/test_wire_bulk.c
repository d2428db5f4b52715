/* Wires that carry much, and wires whose pool has nothing to give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/net/ends.h"
#include "unit/net/peer.h"
#include "unit/net/rig.h"

enum { RETRY_MS = 200, BULK = 24 << 20 };

/* Takes and puts as an owner does, in its own time. */
struct owner {
	struct end end;
	struct stream out;
	struct stream in;
	bool has_ended;
};

static void work(struct owner *owner, size_t most)
{
	struct wire *wire = owner->end.wire;

	if (owner->out.left > 0 || !buffer_is_empty(&wire->out)) {
		stream_put(&owner->out, wire);
	} else if (!owner->has_ended) {
		owner->has_ended = true;
		wire_end(wire);
	}
	stream_take(&owner->in, wire, most);
	wire_want_read(wire, true);
}

static bool has_all(const struct owner *owner)
{
	return owner->in.taken == BULK && owner->end.wire->in_ended;
}

static void transfer_both_ways(bool is_unix, size_t most_a, size_t most_b)
{
	struct owner a = {0};
	struct owner b = {0};

	ends_open(&a.end, &b.end, is_unix);
	stream_init(&a.out, BULK, 11);
	stream_init(&b.in, BULK, 11);
	stream_init(&b.out, BULK, 29);
	stream_init(&a.in, BULK, 29);
	while (!has_all(&a) || !has_all(&b)) {
		work(&a, most_a);
		work(&b, most_b);
		/* Backpressure: however slow the reader, a wire has two blocks, and no more. */
		assert_true(rig_pool.taken <= 4);
		rig_turn();
	}
	assert_int_equal(a.end.wire->sent_bytes, BULK);
	assert_int_equal(a.end.wire->received_bytes, BULK);
	assert_int_equal(b.end.wire->sent_bytes, BULK);
	assert_true(a.end.wire->out_ended && b.end.wire->out_ended);
	end_close(&a.end);
	end_close(&b.end);
}

static void test_bulk_both_ways(void **state)
{
	(void)state;
	transfer_both_ways(false, SIZE_MAX, SIZE_MAX);
}

static void test_bulk_with_slow_readers(void **state)
{
	(void)state;
	transfer_both_ways(false, 60000, 150000);
}

static void test_bulk_over_unix_sockets(void **state)
{
	(void)state;
	transfer_both_ways(true, SIZE_MAX, 100000);
}

static void test_a_reader_that_does_not_want_stops_the_writer(void **state)
{
	struct end client;
	struct end server;

	(void)state;
	ends_open(&client, &server, false);
	wire_want_read(server.wire, false);
	end_stuff(&client);

	uint64_t sent = client.wire->sent_bytes;

	rig_turns();
	assert_int_equal(server.wire->received_bytes, 0);
	assert_null(server.wire->in.data);
	assert_int_equal(client.wire->sent_bytes, sent);
	assert_true(client.wire->out.pinned);
	end_close(&client);
	end_close(&server);
}

/* Else one large block would look like a standstill until the last byte of it is read. */
static void test_a_slow_reader_is_seen_to_read(void **state)
{
	enum { PIECE_MAX = 16 << 10 };
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	end_stuff(&end);
	for (int i = 0; i < 5; i++) {
		uint64_t sent = end.wire->sent_bytes;

		rig_skip_ms(1000);

		uint64_t moved_ms = end.wire->moved_ms;

		end.events = 0;
		while (end.events == 0) {
			char bytes[4096];

			(void)recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT);
			rig_turn();
		}
		assert_true(end.wire->sent_bytes > sent);
		assert_true(end.wire->sent_bytes <= sent + PIECE_MAX);
		assert_true(end.wire->moved_ms >= moved_ms + 1000);
		end_stuff(&end);
	}
	end_close(&end);
	(void)close(peer);
}

static void test_a_full_buffer_stops_reading_until_it_is_taken(void **state)
{
	struct owner reader = {0};
	struct end writer;

	(void)state;
	ends_open(&reader.end, &writer, false);
	end_stuff(&writer);
	stream_init(&reader.in, UINT64_MAX, STUFF_SEED);
	wire_want_read(reader.end.wire, true);

	struct buffer *in = &reader.end.wire->in;

	/* The owner wants more, but takes nothing. */
	while (!in->data || buffer_room(in) > 0) {
		wire_want_read(reader.end.wire, true);
		rig_turn();
	}

	unsigned events = reader.end.events;

	wire_want_read(reader.end.wire, true);
	rig_turns();
	assert_int_equal(reader.end.events, events);
	/* The room of one byte is enough to go on. */
	stream_take(&reader.in, reader.end.wire, 1);
	wire_want_read(reader.end.wire, true);
	RIG_UNTIL(buffer_room(in) == 0);
	stream_take(&reader.in, reader.end.wire, SIZE_MAX);
	end_close(&reader.end);
	end_close(&writer);
}

static void test_bulk_gets_larger_blocks_and_few_bytes_a_small_one(void **state)
{
	struct owner a = {0};
	struct owner b = {0};

	(void)state;
	ends_open(&a.end, &b.end, false);
	stream_init(&a.out, BULK, 5);
	stream_init(&b.in, BULK, 5);
	while (b.in.taken < BULK) {
		stream_put(&a.out, a.end.wire);
		stream_take(&b.in, b.end.wire, SIZE_MAX);
		buffer_rest(&b.end.wire->in, &rig_pool);
		wire_want_read(b.end.wire, true);
		rig_turn();
	}
	assert_int_equal(b.in.block_max, block_bytes(BLOCK_HUGE));
	assert_int_equal(a.out.block_max, block_bytes(BLOCK_HUGE));
	for (int i = 0; i < 8; i++) {
		end_send(&a.end, "small");
		end_expect(&b.end, "small");
		buffer_rest(&b.end.wire->in, &rig_pool);
	}
	end_send(&a.end, "x");
	RIG_UNTIL(!buffer_is_empty(&b.end.wire->in));
	assert_int_equal(b.end.wire->in.capacity, block_bytes(BLOCK_RECORD));
	end_close(&a.end);
	end_close(&b.end);
}

/* A byte that always stays, such as the part of a record that waits for its rest, keeps no stream
 * in small blocks. */
static void test_bulk_gets_larger_blocks_while_it_is_never_empty(void **state)
{
	struct owner a = {0};
	struct owner b = {0};

	(void)state;
	ends_open(&a.end, &b.end, false);
	stream_init(&a.out, BULK, 5);
	stream_init(&b.in, BULK, 5);
	while (b.in.block_max < block_bytes(BLOCK_HUGE)) {
		const struct buffer *in = &b.end.wire->in;

		stream_put(&a.out, a.end.wire);
		stream_take(&b.in, b.end.wire, buffer_is_empty(in) ? 0 : buffer_size(in) - 1);
		wire_want_read(b.end.wire, true);
		rig_turn();
	}
	end_close(&a.end);
	end_close(&b.end);
}

static void take_all(void *owner)
{
	struct owner *reader = owner;
	struct buffer *in = &reader->end.wire->in;

	reader->in.taken += buffer_size(in);
	buffer_taken(in, buffer_size(in));
}

/* However much has come: after its share of a turn others come to theirs. */
static void test_a_turn_has_a_share(void **state)
{
	static const char bytes[256 << 10];
	struct owner reader = {0};
	uint64_t most = 0;
	int peer;

	(void)state;
	end_open(&reader.end, &peer);
	wire_set_owner(reader.end.wire, take_all, &reader);
	wire_want_read(reader.end.wire, true);
	while (most < WIRE_TURN_MAX) {
		uint64_t before = reader.in.taken;

		while (send(peer, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
		}
		rig_turn();
		if (reader.in.taken - before > most)
			most = reader.in.taken - before;
	}
	assert_int_equal(most, WIRE_TURN_MAX);
	(void)close(peer);
	RIG_UNTIL(reader.end.wire->in_ended);
	end_close(&reader.end);
}

static void test_an_idle_wire_owns_no_block(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	wire_want_read(end.wire, true);
	rig_turns();
	assert_int_equal(rig_pool.taken, 0);
	peer_send(peer, "hello");
	end_expect(&end, "hello");
	end_send(&end, "hi");
	buffer_rest(&end.wire->in, &rig_pool);
	rig_turns();
	assert_int_equal(rig_pool.taken, 0);
	peer_expect(peer, "hi");
	/* Nor does one whose end has come. */
	(void)close(peer);
	RIG_UNTIL(end.wire->in_ended);
	assert_int_equal(rig_pool.taken, 0);
	end_close(&end);
}

/* --- Nothing in the pool ---------------------------------------------------------------------- */

static void test_a_starved_reader_goes_on_when_there_is_memory(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	rig_use_up_memory();
	rig_hold_clock(true);
	wire_want_read(end.wire, true);
	peer_send(peer, "patience");
	rig_turns();
	wire_want_read(end.wire, true);
	assert_int_equal(end.events, 0);
	for (unsigned tries = 1; tries <= 3; tries++) {
		/* Told that it may try again, it asks, and is starved again. */
		rig_skip_ms(RETRY_MS);
		RIG_UNTIL(end.events >= tries);
		assert_int_equal(end.wire->received_bytes, 0);
		wire_want_read(end.wire, true);
		rig_turns();
	}
	rig_refill_memory();
	rig_skip_ms(RETRY_MS);
	end.events = 0;
	RIG_UNTIL(end.events > 0);
	end_expect(&end, "patience");
	end_close(&end);
	(void)close(peer);
}

static void open_starved(struct end *end, int *ret_peer)
{
	end_open(end, ret_peer);
	wire_want_read(end->wire, true);
	peer_send(*ret_peer, "x");
}

static void test_closing_starved_wires(void **state)
{
	struct end ends[4];
	int peers[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		end_open(&ends[i], &peers[i]);
	rig_use_up_memory();
	rig_hold_clock(true);
	for (int i = 0; i < 4; i++) {
		wire_want_read(ends[i].wire, true);
		peer_send(peers[i], "x");
	}
	rig_turns();
	/* One while it waits; another when it is told, which closes a third that was to be told too. */
	end_close(&ends[0]);
	ends[1].closes = true;
	ends[1].other = &ends[2];
	rig_skip_ms(RETRY_MS);
	RIG_UNTIL(ends[3].events > 0);
	assert_null(ends[1].wire);
	assert_null(ends[2].wire);
	assert_int_equal(ends[2].events, 0);
	end_close(&ends[3]);
	rig_refill_memory();
	for (int i = 0; i < 4; i++)
		(void)close(peers[i]);
}

static void test_a_starved_wire_that_is_not_wanted_any_more(void **state)
{
	struct end end;
	int peer;

	(void)state;
	rig_use_up_memory();
	open_starved(&end, &peer);
	rig_hold_clock(true);
	rig_turns();
	wire_want_read(end.wire, false);
	rig_refill_memory();
	rig_skip_ms(RETRY_MS);
	RIG_UNTIL(end.events > 0);
	rig_turns();
	assert_int_equal(end.wire->received_bytes, 0);
	end_expect(&end, "x");
	end_close(&end);
	(void)close(peer);
}

static void test_no_block_to_write_from(void **state)
{
	struct end end;
	int peer;

	(void)state;
	end_open(&end, &peer);
	rig_use_up_memory();
	assert_false(wire_open_out(end.wire, 0));
	wire_flush(end.wire);
	rig_refill_memory();
	end_send(&end, "now");
	peer_expect(peer, "now");
	end_close(&end);
	(void)close(peer);
}

/* A wire that was fast must not wait for a large block while small ones are there. */
static void test_short_memory_is_met_with_small_blocks(void **state)
{
	struct owner a = {0};
	struct owner b = {0};

	(void)state;
	ends_open(&a.end, &b.end, false);
	stream_init(&a.out, UINT64_MAX, 5);
	stream_init(&b.in, UINT64_MAX, 5);
	while (a.out.block_max < block_bytes(BLOCK_HUGE) || b.in.block_max < block_bytes(BLOCK_HUGE)) {
		buffer_rest(&b.end.wire->in, &rig_pool);
		stream_put(&a.out, a.end.wire);
		wire_want_read(b.end.wire, true);
		rig_turn();
		stream_take(&b.in, b.end.wire, SIZE_MAX);
	}

	size_t small = 2 * block_bytes(BLOCK_RECORD);

	/* All that they have is given back; then there is no more than two small blocks. */
	while (!buffer_is_empty(&a.end.wire->out) || b.in.taken < a.end.wire->sent_bytes) {
		wire_flush(a.end.wire);
		wire_want_read(b.end.wire, true);
		rig_turn();
		stream_take(&b.in, b.end.wire, SIZE_MAX);
	}
	buffer_rest(&a.end.wire->out, &rig_pool);
	buffer_rest(&b.end.wire->in, &rig_pool);
	assert_int_equal(rig_pool.taken, 0);
	rig_budget.max = small;
	for (uint64_t goal = b.in.taken + (1 << 20); b.in.taken < goal;) {
		stream_put(&a.out, a.end.wire);
		wire_want_read(b.end.wire, true);
		rig_skip_ms(RETRY_MS);
		rig_turn();
		stream_take(&b.in, b.end.wire, SIZE_MAX);
		buffer_rest(&b.end.wire->in, &rig_pool);
	}
	end_close(&a.end);
	end_close(&b.end);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bulk_both_ways),
		TEST(test_bulk_with_slow_readers),
		TEST(test_bulk_over_unix_sockets),
		TEST(test_a_reader_that_does_not_want_stops_the_writer),
		TEST(test_a_slow_reader_is_seen_to_read),
		TEST(test_a_full_buffer_stops_reading_until_it_is_taken),
		TEST(test_bulk_gets_larger_blocks_and_few_bytes_a_small_one),
		TEST(test_bulk_gets_larger_blocks_while_it_is_never_empty),
		TEST(test_a_turn_has_a_share),
		TEST(test_an_idle_wire_owns_no_block),
		TEST(test_a_starved_reader_goes_on_when_there_is_memory),
		TEST(test_closing_starved_wires),
		TEST(test_a_starved_wire_that_is_not_wanted_any_more),
		TEST(test_no_block_to_write_from),
		TEST(test_short_memory_is_met_with_small_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
