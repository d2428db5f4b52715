#include <errno.h>
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
#include "transport/transport.h"
#include "unit/net/ends.h"
#include "unit/net/peer.h"
#include "unit/net/rig.h"
#include "unit/transport/fake_tls.h"

/* What the owner's pump does, in each event of the wire and when the test asks for it. */
static struct transport transport;
static struct end end;
static int peer;

static void pump(void)
{
	while (transport_advance(&transport))
		;
	transport_want_read(&transport, true);
}

static void on_event(void *owner)
{
	(void)owner;
	pump();
}

static void open_transport(bool with_tls)
{
	end_open(&end, &peer);
	wire_set_owner(end.wire, on_event, NULL);
	transport_init(&transport, end.wire, with_tls ? fake_tls_new() : NULL, &rig_pool);
	assert_int_equal(transport_is_open(&transport), !with_tls);
	pump();
}

static void open_plain(void)
{
	open_transport(false);
}

static void open_tls(void)
{
	open_transport(true);
	peer_send(peer, "H");
	RIG_UNTIL(transport_is_open(&transport));
	peer_expect(peer, "S");
}

static int tear_down(void **state)
{
	if (transport.wire) {
		transport_done(&transport, false);
		(void)close(peer);
	}
	/* Half-built and done ones are no trouble. */
	transport_done(&transport, true);
	assert_int_equal(fake_tls_count(), 0);
	return rig_tear_down(state);
}

static void put(const char *text)
{
	struct buffer *out = transport_out(&transport, 0);

	assert_non_null(out);
	assert_int_equal(buffer_put(out, span_of_string(text)), strlen(text));
}

static bool in_is(const char *text)
{
	struct span content = buffer_content(transport_in(&transport));

	return span_equal(content, span_of_string(text));
}

static void expect_in(const char *text)
{
	RIG_UNTIL(in_is(text));
	buffer_taken(transport_in(&transport), strlen(text));
}

/* --- Plain ------------------------------------------------------------------------------------ */

static void test_plain_is_the_wire_itself(void **state)
{
	(void)state;
	open_plain();
	assert_ptr_equal(transport_in(&transport), &end.wire->in);
	assert_ptr_equal(transport_out(&transport, 0), &end.wire->out);
	put("ping");
	assert_false(transport_is_flushed(&transport));
	pump();
	assert_true(transport_is_flushed(&transport));
	peer_expect(peer, "ping");
	peer_send(peer, "pong");
	expect_in("pong");
	assert_false(transport_in_ended(&transport));
}

static void test_connecting(void **state)
{
	struct address address;
	int listening = peer_listen(&address);

	(void)state;
	end_connect(&end, &address, 1);
	wire_set_owner(end.wire, on_event, NULL);
	transport_init(&transport, end.wire, NULL, &rig_pool);
	put("early");
	assert_false(transport_advance(&transport));
	assert_false(transport_is_open(&transport));
	RIG_UNTIL(transport_is_open(&transport));
	peer = peer_accept(listening);
	peer_expect(peer, "early");
	(void)close(listening);
}

static void test_connecting_fails(void **state)
{
	struct address address;
	int held = peer_refuse(&address);

	(void)state;
	end_connect(&end, &address, 1);
	wire_set_owner(end.wire, on_event, NULL);
	transport_init(&transport, end.wire, NULL, &rig_pool);
	RIG_UNTIL(transport.error);
	assert_int_equal(transport.error, ERROR_CONNECT_REFUSED);
	assert_false(transport_is_open(&transport));
	assert_true(transport_out_failed(&transport));
	assert_true(transport_out_ended(&transport));
	transport_done(&transport, false);
	(void)close(held);
}

static void test_plain_ends(void **state)
{
	(void)state;
	open_plain();
	put("bye");
	transport_end(&transport);
	assert_false(transport_out_ended(&transport));
	pump();
	assert_true(transport_out_ended(&transport));
	peer_expect(peer, "bye");
	peer_expect_end(peer);
	peer_send(peer, "well");
	expect_in("well");
	assert_false(transport_in_is_final(&transport));
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	RIG_UNTIL(transport_in_ended(&transport));
	assert_true(transport_in_is_final(&transport));
	assert_int_equal(transport.error, OK);
}

static void test_a_failed_wire_can_be_read_to_its_end(void **state)
{
	(void)state;
	open_plain();
	peer_send(peer, "an answer");
	peer_reset(peer);
	RIG_UNTIL(transport.error);
	peer = -1;
	assert_int_equal(transport.error, ERROR_CONNECTION_RESET);
	assert_false(transport_in_ended(&transport));
	assert_true(transport_out_failed(&transport));
	/* Else its owner would take it for one that has never been connected. */
	assert_true(transport_is_open(&transport));
	assert_true(transport_in_is_final(&transport));
	expect_in("an answer");
	pump();
	assert_false(transport_is_open(&transport));
}

static void test_grow_in(void **state)
{
	(void)state;
	open_plain();
	peer_send(peer, "head");
	RIG_UNTIL(in_is("head"));
	memory_fail_after(0);
	assert_int_equal(transport_grow_in(&transport), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_true(in_is("head"));
	assert_int_equal(transport_grow_in(&transport), OK);
	assert_int_equal(transport_in(&transport)->capacity, block_bytes(BLOCK_LARGE));
	assert_int_equal(transport_grow_in(&transport), ERROR_TOO_LARGE);
	expect_in("head");
}

static void test_plain_discard(void **state)
{
	(void)state;
	open_plain();
	peer_send(peer, "junk");
	RIG_UNTIL(in_is("junk"));
	assert_int_equal(transport_discard_in(&transport), 4);
	assert_int_equal(transport_discard_in(&transport), 0);
	transport_rest(&transport);
	assert_int_equal(rig_pool.taken, 0);
}

/* A block as large as what is to go out, or what there is. */
static void test_blocks_by_size(void **state)
{
	(void)state;
	open_plain();
	assert_int_equal(buffer_room(transport_out(&transport, 0)), block_bytes(BLOCK_RECORD));
	transport_rest(&transport);
	assert_int_equal(buffer_room(transport_out(&transport, block_bytes(BLOCK_RECORD) + 1)),
	                 block_bytes(BLOCK_LARGE));
	/* It has one: that stays. */
	assert_int_equal(buffer_room(transport_out(&transport, SIZE_MAX)), block_bytes(BLOCK_LARGE));
	transport_rest(&transport);
	assert_int_equal(buffer_room(transport_out(&transport, SIZE_MAX)), block_bytes(BLOCK_HUGE));
	transport_rest(&transport);
	rig_use_up_memory();
	rig_budget.max = rig_budget.used + block_bytes(BLOCK_RECORD);
	assert_int_equal(buffer_room(transport_out(&transport, SIZE_MAX)), block_bytes(BLOCK_RECORD));
	transport_rest(&transport);
	rig_refill_memory();
}

/* What came in goes out as it is: the very same bytes in memory. */
static void test_hand_over(void **state)
{
	const char *at;

	(void)state;
	open_plain();
	peer_send(peer, "echo");
	RIG_UNTIL(in_is("echo"));
	at = buffer_content(transport_in(&transport)).data;
	assert_true(transport_takes_all(&transport));
	transport_hand_over(&transport, &transport);
	assert_ptr_equal(buffer_content(transport_out(&transport, 0)).data, at);
	assert_true(buffer_is_empty(transport_in(&transport)));
	assert_false(transport_takes_all(&transport));
	pump();
	peer_expect(peer, "echo");
	assert_true(transport_takes_all(&transport));
}

static void test_plain_without_blocks(void **state)
{
	(void)state;
	open_plain();
	rig_use_up_memory();
	assert_null(transport_out(&transport, 0));
	assert_true(transport.starved);
	pump();
	assert_false(transport.starved);
	assert_int_equal(transport.error, OK);
	rig_refill_memory();
	put("now");
	pump();
	peer_expect(peer, "now");
}

static void test_done_with_reset(void **state)
{
	(void)state;
	open_plain();
	transport_done(&transport, true);
	peer_expect_reset(peer);
	(void)close(peer);
}

/* --- TLS -------------------------------------------------------------------------------------- */

static void test_tls_handshake_and_words(void **state)
{
	(void)state;
	open_tls();
	assert_ptr_not_equal(transport_in(&transport), &end.wire->in);
	put("ping");
	assert_false(transport_is_flushed(&transport));
	pump();
	assert_true(transport_is_flushed(&transport));
	peer_expect(peer, "r\4PING");
	/* A record in two pieces. */
	peer_send(peer, "r\4PO");
	RIG_UNTIL(buffer_size(&end.wire->in) == 4);
	assert_true(in_is(""));
	peer_send(peer, "NG");
	expect_in("pong");
	transport_rest(&transport);
	rig_turns();
	assert_int_equal(rig_pool.taken, 0);
}

static void test_tls_before_the_handshake(void **state)
{
	(void)state;
	open_transport(true);
	put("early");
	pump();
	assert_false(transport_is_flushed(&transport));
	peer_send(peer, "H");
	RIG_UNTIL(transport_is_flushed(&transport));
	peer_expect(peer, "Sr\5EARLY");
}

static void test_tls_idle_handshake_owns_no_block(void **state)
{
	(void)state;
	open_transport(true);
	rig_turns();
	assert_int_equal(rig_pool.taken, 0);
}

static void test_tls_peer_closes(void **state)
{
	(void)state;
	open_tls();
	peer_send(peer, "r\4LASTc");
	RIG_UNTIL(in_is("last"));
	RIG_UNTIL(transport_in_ended(&transport));
	assert_true(in_is("last"));
	assert_int_equal(transport.error, OK);
	/* Writing goes on. */
	put("fine");
	pump();
	peer_expect(peer, "r\4FINE");
	expect_in("last");
}

/* close_notify is seen, but bytes before it still wait for room in plain_in. */
static void test_tls_in_has_not_ended_while_bytes_wait(void **state)
{
	size_t filled;

	(void)state;
	open_tls();
	assert_int_equal(buffer_open(&transport.plain_in, &rig_pool, BLOCK_RECORD), OK);
	filled = buffer_room(&transport.plain_in) - 2;
	memset(buffer_room_at(&transport.plain_in), '-', filled);
	buffer_filled(&transport.plain_in, filled);
	peer_send(peer, "r\4LASTc");
	RIG_UNTIL(buffer_room(&transport.plain_in) == 0);
	pump();
	assert_false(transport_in_ended(&transport));
	buffer_taken(&transport.plain_in, filled);
	pump();
	assert_true(transport_in_ended(&transport));
	expect_in("last");
}

static void test_tls_ends_after_its_bytes(void **state)
{
	(void)state;
	open_tls();
	put("bye");
	transport_end(&transport);
	pump();
	assert_true(transport_out_ended(&transport));
	peer_expect(peer, "r\3BYEc");
	peer_expect_end(peer);
	assert_int_equal(transport.error, OK);
}

/* At first, and after a silence of a second, but not in between. */
static void test_tls_begins_small(void **state)
{
	(void)state;
	rig_hold_clock(true);
	open_tls();
	for (unsigned begins = 1; begins <= 3; begins++) {
		put("one");
		pump();
		assert_int_equal(fake_tls_small_begins(transport.tls), begins);
		put("two");
		pump();
		rig_skip_ms(999);
		rig_turn();
		put("three");
		pump();
		assert_int_equal(fake_tls_small_begins(transport.tls), begins);
		rig_skip_ms(1000);
		rig_turn();
	}
	rig_hold_clock(false);
}

/* More than fits at once, sealed: the end waits for all of it. */
static void test_tls_ends_after_many_bytes(void **state)
{
	static char got[2 * (272 << 10)];
	struct buffer *out;
	size_t size = 0;
	size_t filled;

	(void)state;
	open_tls();
	out = transport_out(&transport, block_bytes(BLOCK_HUGE));
	assert_non_null(out);
	filled = buffer_room(out);
	assert_int_equal(filled, block_bytes(BLOCK_HUGE));
	memset(buffer_room_at(out), '-', filled);
	buffer_filled(out, filled);
	transport_end(&transport);
	(void)transport_advance(&transport);
	assert_false(transport_out_ended(&transport));
	pump();
	RIG_UNTIL(transport_out_ended(&transport));
	for (ssize_t more; (more = recv(peer, got + size, sizeof(got) - size, 0)) > 0;)
		size += (size_t)more;
	assert_int_equal(got[size - 1], 'c');
	for (size_t i = 0; i < size; i++)
		filled -= got[i] == '-';
	assert_int_equal(filled, 0);
}

static void test_tls_truncated(void **state)
{
	(void)state;
	open_tls();
	peer_send(peer, "r\2HI");
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	RIG_UNTIL(transport.error);
	assert_int_equal(transport.error, ERROR_TLS_TRUNCATED);
	assert_false(transport_in_ended(&transport));
	assert_true(transport_in_is_final(&transport));
	expect_in("hi");
}

static void test_tls_alert_is_still_sent(void **state)
{
	(void)state;
	open_tls();
	peer_send(peer, "?");
	RIG_UNTIL(transport.error);
	assert_int_equal(transport.error, ERROR_TLS_ALERT);
	transport_end(&transport);
	pump();
	assert_true(transport_out_ended(&transport));
	peer_expect(peer, "a");
	peer_expect_end(peer);
}

static void test_tls_drop(void **state)
{
	(void)state;
	open_transport(true);
	peer_send(peer, "GET / HTTP/1.1");
	RIG_UNTIL(transport.error);
	assert_int_equal(transport.error, ERROR_TLS_PLAIN_HTTP);
	transport_drop_tls(&transport);
	assert_int_equal(transport.error, OK);
	assert_true(transport_is_open(&transport));
	expect_in("GET / HTTP/1.1");
	put("400");
	pump();
	peer_expect(peer, "400");
}

/* A client that is gone in the middle of what it says must not hold a session until a deadline. */
static void test_tls_reset_within_a_record(void **state)
{
	(void)state;
	open_tls();
	peer_send(peer, "r\4HE");
	peer_reset(peer);
	RIG_UNTIL(transport.error);
	peer = -1;
	assert_int_equal(transport.error, ERROR_CONNECTION_RESET);
}

static void test_tls_reset_after_whole_records(void **state)
{
	(void)state;
	open_tls();
	peer_send(peer, "r\5WHOLEr\5HAL");
	peer_reset(peer);
	RIG_UNTIL(end.wire->phase == WIRE_FAILED);
	peer = -1;
	assert_true(in_is("whole"));
	expect_in("whole");
	pump();
	assert_int_equal(transport.error, ERROR_CONNECTION_RESET);
}

static void test_tls_without_blocks(void **state)
{
	(void)state;
	open_tls();
	rig_use_up_memory();
	assert_null(transport_out(&transport, 0));
	assert_true(transport.starved);
	rig_refill_memory();

	/* One block for what comes in, none for what it says. */
	rig_use_up_memory();
	rig_budget.max = rig_budget.used + block_bytes(BLOCK_RECORD);
	peer_send(peer, "r\4WAIT");
	RIG_UNTIL(transport.starved);
	assert_int_equal(transport.error, OK);
	rig_refill_memory();
	pump();
	assert_false(transport.starved);
	expect_in("wait");
}

static void test_tls_ends_later_without_blocks(void **state)
{
	(void)state;
	open_tls();
	transport_end(&transport);
	rig_use_up_memory();
	pump();
	assert_true(transport.starved);
	assert_false(transport_out_ended(&transport));
	rig_refill_memory();
	pump();
	assert_true(transport_out_ended(&transport));
	peer_expect(peer, "c");
}

static void test_tls_discard(void **state)
{
	(void)state;
	open_tls();
	peer_send(peer, "r\4JUNKr\4HA");
	RIG_UNTIL(in_is("junk") && buffer_size(&end.wire->in) == 4);
	/* Of a living session only what was decrypted. */
	assert_int_equal(transport_discard_in(&transport), 4);
	assert_int_equal(buffer_size(&end.wire->in), 4);
	peer_send(peer, "LF");
	expect_in("half");
	peer_send(peer, "?more");
	RIG_UNTIL(transport.error && buffer_size(&end.wire->in) == 4);
	assert_int_equal(transport_discard_in(&transport), 4);
	assert_true(buffer_is_empty(&end.wire->in));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain_is_the_wire_itself),
		TEST(test_connecting),
		TEST(test_connecting_fails),
		TEST(test_plain_ends),
		TEST(test_a_failed_wire_can_be_read_to_its_end),
		TEST(test_grow_in),
		TEST(test_plain_discard),
		TEST(test_blocks_by_size),
		TEST(test_hand_over),
		TEST(test_plain_without_blocks),
		TEST(test_done_with_reset),
		TEST(test_tls_handshake_and_words),
		TEST(test_tls_before_the_handshake),
		TEST(test_tls_idle_handshake_owns_no_block),
		TEST(test_tls_peer_closes),
		TEST(test_tls_in_has_not_ended_while_bytes_wait),
		TEST(test_tls_ends_after_its_bytes),
		TEST(test_tls_begins_small),
		TEST(test_tls_ends_after_many_bytes),
		TEST(test_tls_truncated),
		TEST(test_tls_alert_is_still_sent),
		TEST(test_tls_drop),
		TEST(test_tls_reset_within_a_record),
		TEST(test_tls_reset_after_whole_records),
		TEST(test_tls_without_blocks),
		TEST(test_tls_ends_later_without_blocks),
		TEST(test_tls_discard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
