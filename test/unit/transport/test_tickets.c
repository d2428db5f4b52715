/*
 * Tickets wait for the answer if the request has come already, and for nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "transport/transport.h"
#include "unit/net/ends.h"
#include "unit/net/peer.h"
#include "unit/net/rig.h"
#include "unit/transport/fake_tls.h"

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

static int tear_down(void **state)
{
	transport_done(&transport, false);
	(void)close(peer);
	return rig_tear_down(state);
}

static void put(const char *text)
{
	struct buffer *out = transport_out(&transport, 0);

	assert_non_null(out);
	assert_int_equal(buffer_put(out, span_of_string(text)), strlen(text));
}

static void expect_in(const char *text)
{
	RIG_UNTIL(span_equal(buffer_content(transport_in(&transport)), span_of_string(text)));
	buffer_taken(transport_in(&transport), strlen(text));
}

static void open_with_ticket(const char *first)
{
	end_open(&end, &peer);
	wire_set_owner(end.wire, on_event, NULL);
	transport_init(&transport, end.wire, fake_tls_new(), &rig_pool);
	pump();
	peer_send(peer, first);
	RIG_UNTIL(transport_is_open(&transport));
}

static void test_a_ticket_goes_at_once_if_nothing_was_asked(void **state)
{
	(void)state;
	open_with_ticket("T");
	peer_expect(peer, "t");
}

/* Nothing else is written, and nobody is told that the client does not read. */
static void test_a_ticket_goes_with_the_answer(void **state)
{
	(void)state;
	open_with_ticket("Tr\4PING");
	expect_in("ping");
	pump();
	assert_int_equal(end.wire->sent_bytes, 0);
	assert_true(transport_is_flushed(&transport));
	put("pong");
	assert_false(transport_is_flushed(&transport));
	pump();
	peer_expect(peer, "tr\4PONG");
	assert_true(transport_is_flushed(&transport));
}

static void test_a_ticket_goes_before_the_end(void **state)
{
	(void)state;
	open_with_ticket("Tr\4PING");
	expect_in("ping");
	transport_end(&transport);
	pump();
	peer_expect(peer, "tc");
	assert_true(transport_out_ended(&transport));
}

static void test_a_ticket_goes_before_an_alert(void **state)
{
	(void)state;
	open_with_ticket("Tr\4PING");
	expect_in("ping");
	peer_send(peer, "!");
	RIG_UNTIL(transport.error);
	peer_expect(peer, "ta");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_ticket_goes_at_once_if_nothing_was_asked),
		TEST(test_a_ticket_goes_with_the_answer),
		TEST(test_a_ticket_goes_before_the_end),
		TEST(test_a_ticket_goes_before_an_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
