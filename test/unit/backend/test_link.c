#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/link.h"
#include "base/memory.h"
#include "unit/backend/site.h"
#include "unit/net/peer.h"
#include "unit/net/rig.h"

static struct user user;

static int set_up(void **state)
{
	user = (struct user){0};
	return site_set_up(state);
}

/* An idle link, and the backend's end of it. */
static struct link *pool_one(int *ret_peer)
{
	struct link *link = site_take(&user);

	*ret_peer = site_accept(link);
	link_give_back(link);
	return link;
}

static void test_a_new_link_is_not_reused(void **state)
{
	struct link *link;
	int peer;

	(void)state;
	site_open(1);
	link = site_take(&user);
	peer = site_accept(link);
	assert_false(link->reused);
	assert_int_equal(user.events, 1);
	assert_int_equal(site_clusters->references, 2);
	link_drop(link);
	link_drop(NULL);
	assert_int_equal(site_clusters->references, 1);
	peer_expect_end(peer);
	(void)close(peer);
}

static void test_back_and_out_again(void **state)
{
	struct user second = {0};
	struct link *link;
	struct link *again;
	int peer;

	(void)state;
	site_open(1);
	link = pool_one(&peer);
	assert_int_equal(site_cluster->idle_count, 1);
	rig_turns();
	assert_int_equal(rig_pool.taken, 0);
	user.events = 0;
	again = site_take(&second);
	assert_ptr_equal(again, link);
	assert_true(link->reused);
	assert_int_equal(site_cluster->idle_count, 0);
	/* Its events are for the second now, and the idle timeout is off. */
	rig_skip_ms(SITE_IDLE_MS + SITE_SLACK_MS);
	rig_turns();
	transport_want_read(&link->transport, true);
	peer_send(peer, "x");
	RIG_UNTIL(second.events > 0);
	assert_int_equal(user.events, 0);
	link_drop(link);
	(void)close(peer);
}

/* Whatever it is: what a backend says unasked must not answer the next request. */
static void test_a_byte_closes_an_idle_link(void **state)
{
	int peer;

	(void)state;
	site_open(1);
	(void)pool_one(&peer);
	peer_send(peer, "HTTP/1.1 408 Request Timeout\r\n\r\n");
	RIG_UNTIL(site_cluster->idle_count == 0);
	assert_int_equal(site_clusters->references, 1);
	(void)close(peer);
}

static void test_the_end_closes_an_idle_link(void **state)
{
	int peer;

	(void)state;
	site_open(1);
	(void)pool_one(&peer);
	(void)close(peer);
	RIG_UNTIL(site_cluster->idle_count == 0);
	(void)pool_one(&peer);
	peer_reset(peer);
	RIG_UNTIL(site_cluster->idle_count == 0);
}

static void test_a_byte_closes_an_idle_link_without_memory(void **state)
{
	int peer;

	(void)state;
	site_open(1);
	(void)pool_one(&peer);
	rig_use_up_memory();
	peer_send(peer, "x");
	rig_turns();
	rig_skip_ms(SITE_SLACK_MS);
	RIG_UNTIL(site_cluster->idle_count == 0);
	rig_refill_memory();
	(void)close(peer);
}

static void test_the_idle_timeout(void **state)
{
	int peer;

	(void)state;
	site_open(1);
	(void)pool_one(&peer);
	rig_skip_ms(SITE_IDLE_MS - SITE_SLACK_MS);
	rig_turns();
	assert_int_equal(site_cluster->idle_count, 1);
	rig_skip_ms(2 * SITE_SLACK_MS);
	RIG_UNTIL(site_cluster->idle_count == 0);
	peer_expect_end(peer);
	(void)close(peer);
}

/* An idle link whose last response said this; it must be gone after `limit_ms`, and not before. */
static void expect_kept_for(const char *keep_alive, uint64_t limit_ms)
{
	struct field field = {.value = span_of_string(keep_alive), .id = FIELD_KEEP_ALIVE};
	struct message response = {.kind = MESSAGE_RESPONSE, .fields = &field, .field_count = 1};
	struct link *link = site_take(&user);
	int peer = site_accept(link);

	link_note_response(link, &response);
	link_give_back(link);
	assert_int_equal(site_cluster->idle_count, 1);
	rig_skip_ms(limit_ms - 200);
	rig_turns();
	assert_int_equal(site_cluster->idle_count, 1);
	rig_skip_ms(400);
	RIG_UNTIL(site_cluster->idle_count == 0);
	peer_expect_end(peer);
	(void)close(peer);
}

static void test_the_time_that_the_backend_announces(void **state)
{
	(void)state;
	site_open(1);
	expect_kept_for("timeout=5, max=100", 4000);
	expect_kept_for("timeout=2", 1000);
	expect_kept_for("timeout=1000", SITE_IDLE_MS);
}

static void test_the_last_that_the_backend_announces(void **state)
{
	struct field field = {.value = SPAN("timeout=5, max=0"), .id = FIELD_KEEP_ALIVE};
	struct message response = {.kind = MESSAGE_RESPONSE, .fields = &field, .field_count = 1};
	struct link *link;
	int peer;

	(void)state;
	site_open(1);
	link = site_take(&user);
	peer = site_accept(link);
	link_note_response(link, &response);
	link_give_back(link);
	assert_int_equal(site_cluster->idle_count, 0);
	peer_expect_end(peer);
	(void)close(peer);
}

/* A backend that tells nothing, and closes what was idle for 20 s. */
static void test_the_time_that_closes_show(void **state)
{
	int peer;

	(void)state;
	site_open(1);
	for (int i = 0; i < 2; i++) {
		(void)pool_one(&peer);
		rig_skip_ms(20000);
		rig_turns();
		assert_int_equal(site_cluster->idle_count, 1);
		(void)close(peer);
		RIG_UNTIL(site_cluster->idle_count == 0);
	}
	expect_kept_for("", 19000);
}

static void test_the_oldest_makes_room(void **state)
{
	struct link *links[SITE_IDLE_MAX + 1];
	int peers[SITE_IDLE_MAX + 1];

	(void)state;
	/* Over all backends of the cluster. */
	site_open(2);
	for (int i = 0; i < SITE_IDLE_MAX + 1; i++) {
		links[i] = site_take(&user);
		peers[i] = site_accept(links[i]);
	}
	assert_int_not_equal(site_index(links[0]), site_index(links[1]));
	/* The second comes first. */
	link_give_back(links[1]);
	rig_skip_ms(100);
	rig_turn();
	for (int i = 0; i < SITE_IDLE_MAX + 1; i++) {
		if (i == 1)
			continue;
		link_give_back(links[i]);
		rig_skip_ms(100);
		rig_turn();
	}
	assert_int_equal(site_cluster->idle_count, SITE_IDLE_MAX);
	peer_expect_end(peers[1]);
	for (int i = 0; i < SITE_IDLE_MAX + 1; i++)
		(void)close(peers[i]);
}

static void test_no_pool_at_all(void **state)
{
	int peer;

	(void)state;
	site_cluster_config.pool.idle_max = 0;
	site_open(1);
	(void)pool_one(&peer);
	assert_int_equal(site_cluster->idle_count, 0);
	assert_int_equal(site_clusters->references, 1);
	peer_expect_end(peer);
	(void)close(peer);
}

/* --- Links that are not fit for another request ----------------------------------------------- */

static void expect_dropped(struct link *link, int peer)
{
	char bytes[256];

	link_give_back(link);
	assert_int_equal(site_cluster->idle_count, 0);
	assert_int_equal(site_clusters->references, 1);
	while (peer >= 0 && recv(peer, bytes, sizeof(bytes), 0) > 0)
		;
	(void)close(peer);
}

static void test_with_bytes_left_over(void **state)
{
	struct link *link;
	int peer;

	(void)state;
	site_open(1);
	link = site_take(&user);
	peer = site_accept(link);
	transport_want_read(&link->transport, true);
	peer_send(peer, "too much");
	RIG_UNTIL(!buffer_is_empty(transport_in(&link->transport)));
	expect_dropped(link, peer);
}

static void test_with_bytes_not_written(void **state)
{
	struct link *link;
	int peer;

	(void)state;
	site_open(1);
	link = site_take(&user);
	peer = site_accept(link);
	assert_int_equal(buffer_put(transport_out(&link->transport, 0), SPAN("GET")), 3);
	expect_dropped(link, peer);
}

static void test_with_the_end_of_the_backend(void **state)
{
	struct link *link;
	int peer;

	(void)state;
	site_open(1);
	link = site_take(&user);
	peer = site_accept(link);
	transport_want_read(&link->transport, true);
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	RIG_UNTIL(transport_in_ended(&link->transport));
	expect_dropped(link, peer);
}

static void test_with_our_end(void **state)
{
	struct link *link;
	int peer;

	(void)state;
	site_open(1);
	link = site_take(&user);
	peer = site_accept(link);
	transport_end(&link->transport);
	(void)transport_advance(&link->transport);
	expect_dropped(link, peer);
}

static void test_with_a_reset(void **state)
{
	struct link *link;

	(void)state;
	site_open(1);
	link = site_take(&user);
	transport_want_read(&link->transport, true);
	peer_reset(site_accept(link));
	RIG_UNTIL(link->transport.wire->phase == WIRE_FAILED);
	expect_dropped(link, -1);
}

static void test_not_connected_yet(void **state)
{
	struct attempts attempts;
	struct link *link;

	(void)state;
	site_open(1);
	cluster_begin(site_cluster, &attempts);
	assert_int_equal(cluster_take(site_cluster, &attempts, false, on_user_event, &user, &link), OK);
	expect_dropped(link, -1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, site_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_new_link_is_not_reused),
		TEST(test_back_and_out_again),
		TEST(test_a_byte_closes_an_idle_link),
		TEST(test_the_end_closes_an_idle_link),
		TEST(test_a_byte_closes_an_idle_link_without_memory),
		TEST(test_the_idle_timeout),
		TEST(test_the_time_that_the_backend_announces),
		TEST(test_the_last_that_the_backend_announces),
		TEST(test_the_time_that_closes_show),
		TEST(test_the_oldest_makes_room),
		TEST(test_no_pool_at_all),
		TEST(test_with_bytes_left_over),
		TEST(test_with_bytes_not_written),
		TEST(test_with_the_end_of_the_backend),
		TEST(test_with_our_end),
		TEST(test_with_a_reset),
		TEST(test_not_connected_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
