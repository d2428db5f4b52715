#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/cluster.h"
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

static void expect_none(struct attempts *attempts, enum error last)
{
	struct link *link = NULL;

	assert_int_equal(cluster_take(site_cluster, attempts, false, on_user_event, &user, &link),
	                 ERROR_NO_BACKEND);
	assert_null(link);
	assert_int_equal(attempts->last, last);
}

/* --- Choosing --------------------------------------------------------------------------------- */

static void test_round_robin(void **state)
{
	(void)state;
	site_open(3);
	for (size_t i = 0; i < 7; i++) {
		struct link *link = site_take(&user);

		assert_int_equal(site_index(link), i % 3);
		(void)close(site_accept(link));
		link_drop(link);
	}
}

static void test_an_exchange_tries_each_backend_once(void **state)
{
	struct attempts attempts;
	bool seen[3] = {false};

	(void)state;
	site_open(3);
	cluster_begin(site_cluster, &attempts);
	for (size_t i = 0; i < 3; i++) {
		struct link *link = site_take_next(&attempts, &user);
		struct backend *backend = link->backend;

		assert_false(seen[site_index(link)]);
		seen[site_index(link)] = true;
		(void)close(site_accept(link));
		link_drop(link);
		backend_failed(backend, &attempts, ERROR_CONNECT_TIMEOUT);
	}
	expect_none(&attempts, ERROR_CONNECT_TIMEOUT);
	expect_none(&attempts, ERROR_CONNECT_TIMEOUT);
}

static void test_a_refusing_backend(void **state)
{
	struct attempts attempts;
	struct link *link = NULL;

	(void)state;
	(void)close(site_sockets[0]);
	site_sockets[0] = peer_refuse(&site_backends[0].address);
	site_open(1);
	cluster_begin(site_cluster, &attempts);
	assert_int_equal(attempts.last, ERROR_NO_BACKEND);
	assert_int_equal(cluster_take(site_cluster, &attempts, false, on_user_event, &user, &link), OK);
	RIG_UNTIL(user.events > 0);
	(void)transport_advance(&link->transport);
	assert_int_equal(link->transport.error, ERROR_CONNECT_REFUSED);
	backend_failed(link->backend, &attempts, link->transport.error);
	link_drop(link);
	expect_none(&attempts, ERROR_CONNECT_REFUSED);
}

static void fail_backend(size_t index)
{
	struct attempts attempts;

	cluster_begin(site_cluster, &attempts);
	backend_failed(&site_cluster->backends[index], &attempts, ERROR_CONNECT_REFUSED);
}

static size_t take_and_drop(void)
{
	struct link *link = site_take(&user);
	size_t index = site_index(link);

	(void)close(site_accept(link));
	link_drop(link);
	return index;
}

static void test_a_failed_backend_is_avoided_for_a_while(void **state)
{
	unsigned counts[2] = {0, 0};

	(void)state;
	site_open(2);
	rig_turn();
	fail_backend(1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(take_and_drop(), 0);
	rig_skip_ms(SITE_AVOID_MS + SITE_SLACK_MS);
	rig_turn();
	for (int i = 0; i < 4; i++)
		counts[take_and_drop()]++;
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], 2);
}

static void test_failed_backends_are_better_than_none(void **state)
{
	struct attempts attempts;
	bool seen[2] = {false};

	(void)state;
	site_open(2);
	fail_backend(0);
	fail_backend(1);
	cluster_begin(site_cluster, &attempts);
	for (int i = 0; i < 2; i++) {
		struct link *link = site_take_next(&attempts, &user);

		seen[site_index(link)] = true;
		(void)close(site_accept(link));
		link_drop(link);
	}
	assert_true(seen[0] && seen[1]);
	expect_none(&attempts, ERROR_NO_BACKEND);
}

static void test_as_many_backends_as_there_may_be(void **state)
{
	static struct config_backend many[CONFIG_BACKENDS_MAX];
	struct attempts attempts;
	struct link *link;

	(void)state;
	for (size_t i = 0; i < CONFIG_BACKENDS_MAX; i++)
		many[i] = site_backends[i % SITE_BACKENDS_MAX];
	site_cluster_config.backends = many;
	site_open(CONFIG_BACKENDS_MAX);
	for (size_t begin = 0; begin < 3; begin++) {
		cluster_begin(site_cluster, &attempts);
		for (size_t i = 0; i < CONFIG_BACKENDS_MAX; i++) {
			assert_int_equal(
				cluster_take(site_cluster, &attempts, false, on_user_event, &user, &link), OK);
			assert_int_equal(site_index(link), (begin + i) % CONFIG_BACKENDS_MAX);
			link_drop(link);
		}
		expect_none(&attempts, ERROR_NO_BACKEND);
	}
}

static void test_no_clusters(void **state)
{
	(void)state;
	site_config.cluster_count = 0;
	site_config.clusters = NULL;
	site_open(0);
	clusters_close(NULL);
}

/* --- Reusing ---------------------------------------------------------------------------------- */

static void test_the_last_one_back_is_the_first_one_out(void **state)
{
	struct link *links[3];
	int peers[3];
	struct attempts attempts;
	struct link *fresh = NULL;

	(void)state;
	site_open(1);
	for (int i = 0; i < 3; i++) {
		links[i] = site_take(&user);
		peers[i] = site_accept(links[i]);
	}
	link_give_back(links[1]);
	link_give_back(links[0]);
	link_give_back(links[2]);
	assert_ptr_equal(site_take(&user), links[2]);
	assert_ptr_equal(site_take(&user), links[0]);
	/* Whoever wants a fresh one gets it, though one is idle. */
	cluster_begin(site_cluster, &attempts);
	assert_int_equal(cluster_take(site_cluster, &attempts, true, on_user_event, &user, &fresh), OK);
	assert_false(fresh->reused);
	assert_int_equal(site_cluster->idle_count, 1);
	assert_ptr_equal(site_take(&user), links[1]);
	link_drop(fresh);
	for (int i = 0; i < 3; i++) {
		link_drop(links[i]);
		(void)close(peers[i]);
	}
}

static void test_again_is_a_new_link_to_the_same_backend(void **state)
{
	struct link *idle;
	struct link *again = NULL;
	int peer;

	(void)state;
	site_open(2);
	idle = site_take(&user);
	peer = site_accept(idle);

	struct backend *backend = idle->backend;

	link_give_back(idle);
	assert_int_equal(cluster_take_again(backend, on_user_event, &user, &again), OK);
	assert_ptr_not_equal(again, idle);
	assert_ptr_equal(again->backend, backend);
	assert_false(again->reused);
	link_drop(again);
	(void)close(peer);
}

/* --- Names ------------------------------------------------------------------------------------ */

/* The first backend is a name, its address that of the first socket; returns the address. */
static const char *name_first_backend(void)
{
	static char text[ADDRESS_TEXT_SIZE];
	struct address *address = &site_backends[0].address;

	address_format(address, text, sizeof(text));

	uint16_t port = address->port;

	assert_int_equal(address_parse(SPAN("app.internal:1"), address), OK);
	address->port = port;
	return text;
}

static void test_a_name_is_looked_up(void **state)
{
	(void)state;
	site_resolve_to(name_first_backend());
	site_open(1);
	RIG_UNTIL(site_cluster->backends[0].address_count > 0);
	assert_int_equal(take_and_drop(), 0);
	assert_int_equal(site_log_count("backend_"), 0);
}

static void test_an_unresolved_name_recovers(void **state)
{
	const char *text = name_first_backend();
	struct attempts attempts;

	(void)state;
	site_open(1);
	RIG_UNTIL(site_log_count("backend_unresolved") == 1);
	assert_int_equal(site_log_count("\"app\""), 1);
	assert_int_equal(site_log_count("app.internal"), 1);
	cluster_begin(site_cluster, &attempts);
	expect_none(&attempts, ERROR_NAME_UNRESOLVED);
	/* Tried again by itself; the same failure is not told again. */
	for (unsigned tries = 2; tries < 4; tries++) {
		rig_skip_ms(SITE_SLACK_MS);
		RIG_UNTIL(site_asked() >= tries);
		RIG_UNTIL(!site_cluster->backends[0].lookup);
	}
	assert_int_equal(site_log_count("backend_unresolved"), 1);
	site_resolve_to(text);
	rig_skip_ms(SITE_SLACK_MS);
	RIG_UNTIL(site_log_count("backend_resolved") == 1);
	assert_int_equal(take_and_drop(), 0);
}

/* OK and no link: it is worth asking again. */
static void expect_pending(struct attempts *attempts)
{
	struct link *link = NULL;

	assert_int_equal(cluster_take(site_cluster, attempts, false, on_user_event, &user, &link), OK);
	assert_null(link);
}

static void test_the_first_lookup_is_waited_for(void **state)
{
	const char *text = name_first_backend();
	struct attempts attempts;
	struct attempts others;
	struct link *link;

	(void)state;
	site_hold_resolver(true);
	site_resolve_to(text);
	site_open(1);
	cluster_begin(site_cluster, &attempts);
	for (int i = 0; i < 3; i++)
		expect_pending(&attempts);
	site_hold_resolver(false);
	RIG_UNTIL(!site_cluster->backends[0].lookup);
	link = site_take_next(&attempts, &user);
	(void)close(site_accept(link));
	backend_failed(link->backend, &attempts, ERROR_CONNECT_REFUSED);
	link_drop(link);
	expect_none(&attempts, ERROR_CONNECT_REFUSED);
	/* Later lookups are not waited for: it has an address. */
	site_hold_resolver(true);
	rig_skip_ms(SITE_RESOLVE_MS + SITE_SLACK_MS);
	RIG_UNTIL(site_cluster->backends[0].lookup);
	cluster_begin(site_cluster, &others);
	link = site_take_next(&others, &user);
	(void)close(site_accept(link));
	link_drop(link);
}

static void test_a_first_lookup_that_fails_is_not_waited_for_again(void **state)
{
	struct attempts attempts;

	(void)state;
	(void)name_first_backend();
	site_hold_resolver(true);
	site_open(1);
	cluster_begin(site_cluster, &attempts);
	expect_pending(&attempts);
	site_hold_resolver(false);
	RIG_UNTIL(!site_cluster->backends[0].lookup);
	expect_none(&attempts, ERROR_NAME_UNRESOLVED);
	/* Though it is under way again. */
	site_hold_resolver(true);
	rig_skip_ms(SITE_SLACK_MS);
	RIG_UNTIL(site_cluster->backends[0].lookup);
	cluster_begin(site_cluster, &attempts);
	expect_none(&attempts, ERROR_NAME_UNRESOLVED);
}

/* Others come first; then the name is waited for, and none is taken twice. */
static void test_a_pending_name_among_others(void **state)
{
	const char *text = name_first_backend();
	struct attempts attempts;
	struct link *link;

	(void)state;
	site_hold_resolver(true);
	site_resolve_to(text);
	site_open(2);
	cluster_begin(site_cluster, &attempts);
	link = site_take_next(&attempts, &user);
	assert_int_equal(site_index(link), 1);
	(void)close(site_accept(link));
	link_drop(link);
	expect_pending(&attempts);
	expect_pending(&attempts);
	site_hold_resolver(false);
	RIG_UNTIL(!site_cluster->backends[0].lookup);
	link = site_take_next(&attempts, &user);
	assert_int_equal(site_index(link), 0);
	(void)close(site_accept(link));
	link_drop(link);
}

static void test_others_serve_while_a_name_is_unresolved(void **state)
{
	(void)state;
	(void)name_first_backend();
	site_open(2);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take_and_drop(), 1);
}

static void test_names_are_looked_up_again(void **state)
{
	char other[ADDRESS_TEXT_SIZE];
	const char *text = name_first_backend();
	struct backend *backend;
	struct address before;

	(void)state;
	address_format(&site_backends[1].address, other, sizeof(other));
	site_resolve_to(text);
	site_open(1);
	backend = &site_cluster->backends[0];
	RIG_UNTIL(backend->address_count == 1);
	before = backend->addresses[0];
	/* The name has moved. The port stays the configured one. */
	site_resolve_to("127.0.0.2:9");
	rig_skip_ms(SITE_RESOLVE_MS + SITE_SLACK_MS);
	RIG_UNTIL(!address_equal(&backend->addresses[0], &before));
	assert_string_equal(backend->addresses[0].host, "127.0.0.2");
	assert_int_equal(backend->addresses[0].port, before.port);
	/* It is gone: the last address stays in use, and that is told. */
	site_resolve_to(NULL);
	rig_skip_ms(SITE_RESOLVE_MS + SITE_SLACK_MS);
	RIG_UNTIL(site_log_count("backend_unresolved") == 1);
	assert_int_equal(site_log_count("last addresses stay in use"), 1);
	assert_int_equal(backend->address_count, 1);
	assert_string_equal(backend->addresses[0].host, "127.0.0.2");
}

/* --- The end ---------------------------------------------------------------------------------- */

static void test_close_with_links_out(void **state)
{
	struct link *idle;
	struct link *links[2];
	int peers[3];

	(void)state;
	site_open(1);
	for (int i = 0; i < 2; i++) {
		links[i] = site_take(&user);
		peers[i] = site_accept(links[i]);
	}
	idle = site_take(&user);
	peers[2] = site_accept(idle);
	link_give_back(idle);
	site_close();
	/* The idle one is closed; those that are out go on, and are closed instead of given back. */
	peer_expect_end(peers[2]);
	transport_want_read(&links[0]->transport, true);
	peer_send(peers[0], "answer");
	RIG_UNTIL(buffer_size(transport_in(&links[0]->transport)) == 6);
	buffer_taken(transport_in(&links[0]->transport), 6);
	link_give_back(links[0]);
	peer_expect_end(peers[0]);
	link_drop(links[1]);
	peer_expect_end(peers[1]);
	for (int i = 0; i < 3; i++)
		(void)close(peers[i]);
}

static void test_close_while_looking_up(void **state)
{
	(void)state;
	(void)name_first_backend();
	site_hold_resolver(true);
	site_open(1);
	rig_turns();
	site_close();
	site_hold_resolver(false);
	rig_turns();
	assert_int_equal(site_log_count("backend_"), 0);
}

static void test_close_between_lookups(void **state)
{
	(void)state;
	(void)name_first_backend();
	site_open(1);
	RIG_UNTIL(site_log_count("backend_unresolved") == 1);

	unsigned asked = site_asked();

	site_close();
	rig_skip_ms(SITE_SLACK_MS);
	rig_turns();
	assert_int_equal(site_asked(), asked);
}

/* --- Failing allocations ---------------------------------------------------------------------- */

static void test_new_without_memory(void **state)
{
	struct config_cluster two[2];
	struct clusters *clusters = NULL;
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	site_cluster_config.backend_count = 2;
	two[0] = two[1] = site_cluster_config;
	site_config.clusters = two;
	site_config.cluster_count = 2;
	for (long successes = 0; error; successes++) {
		struct log log = {0};

		memory_fail_after(successes);
		error = clusters_new(rig_loop, &rig_pool, site_series, &log, &site_config, &clusters);
		memory_fail_after(-1);
		assert_true(error == OK || (error == ERROR_OUT_OF_MEMORY && !clusters));
		assert_true(successes < 100); /* with those for places to count at */
	}
	clusters_close(clusters);
}

static void test_take_without_memory(void **state)
{
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	site_open(1);
	for (long successes = 0; error; successes++) {
		struct attempts attempts;
		struct link *link = NULL;

		cluster_begin(site_cluster, &attempts);
		memory_fail_after(successes);
		error = cluster_take(site_cluster, &attempts, false, on_user_event, &user, &link);
		memory_fail_after(-1);
		if (error) {
			assert_int_equal(error, ERROR_OUT_OF_MEMORY);
			assert_null(link);
			assert_int_equal(site_clusters->references, 1);
			assert_true(successes < 10);
		} else {
			link_drop(link);
		}
	}
}

static void test_lookup_without_memory(void **state)
{
	(void)state;
	site_resolve_to(name_first_backend());
	site_open(1);
	RIG_UNTIL(site_cluster->backends[0].address_count > 0);
	RIG_UNTIL(!site_cluster->backends[0].lookup);
	rig_skip_ms(SITE_RESOLVE_MS + SITE_SLACK_MS);

	unsigned asked = site_asked();

	memory_fail_after(0);
	rig_turns();
	memory_fail_after(-1);
	assert_int_equal(site_asked(), asked);
	/* It does not give up. */
	rig_skip_ms(SITE_SLACK_MS);
	RIG_UNTIL(site_asked() > asked);
	RIG_UNTIL(!site_cluster->backends[0].lookup);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, site_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_robin),
		TEST(test_an_exchange_tries_each_backend_once),
		TEST(test_a_refusing_backend),
		TEST(test_a_failed_backend_is_avoided_for_a_while),
		TEST(test_failed_backends_are_better_than_none),
		TEST(test_as_many_backends_as_there_may_be),
		TEST(test_no_clusters),
		TEST(test_the_last_one_back_is_the_first_one_out),
		TEST(test_again_is_a_new_link_to_the_same_backend),
		TEST(test_a_name_is_looked_up),
		TEST(test_an_unresolved_name_recovers),
		TEST(test_the_first_lookup_is_waited_for),
		TEST(test_a_first_lookup_that_fails_is_not_waited_for_again),
		TEST(test_a_pending_name_among_others),
		TEST(test_others_serve_while_a_name_is_unresolved),
		TEST(test_names_are_looked_up_again),
		TEST(test_close_with_links_out),
		TEST(test_close_while_looking_up),
		TEST(test_close_between_lookups),
		TEST(test_new_without_memory),
		TEST(test_take_without_memory),
		TEST(test_lookup_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
