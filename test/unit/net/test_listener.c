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
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "net/listener.h"
#include "unit/net/binding.h"
#include "unit/net/peer.h"
#include "unit/net/rig.h"

enum { RETRY_MS = 200, ACCEPTED_MAX = 256 };

/* A listener's owner. */
struct door {
	struct listener *listener;
	bool is_full;
	bool closes; /* in the next call of on_accept or on_exhausted */
	unsigned asked;
	unsigned exhausted;
	int system_error;
	unsigned accepted;
	int fds[ACCEPTED_MAX];
	struct address peer;
};

static void close_if_wanted(struct door *door)
{
	if (!door->closes)
		return;
	listener_close(door->listener);
	door->listener = NULL;
}

static bool may_accept(void *owner)
{
	struct door *door = owner;

	assert_non_null(door->listener);
	door->asked++;
	return !door->is_full;
}

static void on_accept(void *owner, int fd, const struct address *peer)
{
	struct door *door = owner;

	assert_non_null(door->listener);
	door->fds[door->accepted++ % ACCEPTED_MAX] = fd;
	door->peer = *peer;
	close_if_wanted(door);
}

static void on_exhausted(void *owner, int system_error)
{
	struct door *door = owner;

	door->exhausted++;
	door->system_error = system_error;
	close_if_wanted(door);
}

static const struct listener_events door_events = {may_accept, on_accept, on_exhausted};

static void door_open(struct door *door, int fd)
{
	*door = (struct door){0};
	assert_int_equal(listener_open(rig_loop, fd, &door_events, door, &door->listener), OK);
}

static void door_close(struct door *door)
{
	listener_close(door->listener);
	door->listener = NULL;
	for (unsigned i = 0; i < door->accepted; i++)
		(void)close(door->fds[i]);
}

/* --- Accepting -------------------------------------------------------------------------------- */

static void test_accepts(void **state)
{
	struct address address = binding_loopback(0);
	int fd = binding_somewhere(&address);
	struct door door;
	int client;
	int on = 0;
	socklen_t size = sizeof(on);
	struct sockaddr_storage storage;
	socklen_t storage_size = sizeof(storage);
	struct address own;

	(void)state;
	door_open(&door, fd);
	client = peer_connect(&address);
	RIG_UNTIL(door.accepted == 1);
	assert_int_equal(getsockname(client, (struct sockaddr *)&storage, &storage_size), 0);
	assert_int_equal(address_from_socket((struct sockaddr *)&storage, storage_size, &own), OK);
	assert_true(address_equal(&door.peer, &own));
	assert_true(fcntl(door.fds[0], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(door.fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(getsockopt(door.fds[0], IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
	assert_int_equal(on, 1);
	door_close(&door);
	(void)close(client);
	listener_unbind(&address, fd, false);
}

static void test_a_stale_unix_socket_is_replaced(void **state)
{
	struct address address;
	int fd;

	(void)state;
	peer_unix_address(&address);
	(void)close(peer_listen_unix(&address));
	(void)binding_expect(&address, false, EADDRINUSE);
	fd = binding_expect(&address, true, 0);

	struct door door;
	int client;

	door_open(&door, fd);
	client = peer_connect(&address);
	RIG_UNTIL(door.accepted == 1);
	assert_int_equal(door.peer.kind, ADDRESS_UNIX);
	assert_string_equal(door.peer.host, "");
	door_close(&door);
	(void)close(client);
	listener_unbind(&address, fd, true);
	assert_int_equal(access(address.host, F_OK), -1);
	peer_unix_remove(&address);
}

static void test_two_sockets_share_an_address(void **state)
{
	enum { CLIENTS = 64 };
	struct address address = binding_loopback(0);
	int fds[2] = {binding_somewhere(&address)};
	struct door doors[2];
	int clients[CLIENTS];

	(void)state;
	fds[1] = binding_expect(&address, false, 0);
	door_open(&doors[0], fds[0]);
	door_open(&doors[1], fds[1]);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = peer_connect(&address);
	RIG_UNTIL(doors[0].accepted + doors[1].accepted == CLIENTS);
	/* The kernel spreads them by a hash of ports that it chose: both get some, but for a miracle.
	 * */
	assert_true(doors[0].accepted > 0 && doors[1].accepted > 0);
	for (int i = 0; i < 2; i++) {
		door_close(&doors[i]);
		listener_unbind(&address, fds[i], false);
	}
	for (int i = 0; i < CLIENTS; i++)
		(void)close(clients[i]);
}

static void test_pauses_while_the_owner_is_full(void **state)
{
	struct address address = binding_loopback(0);
	int fd = binding_somewhere(&address);
	struct door door;
	int client;

	(void)state;
	door_open(&door, fd);
	door.is_full = true;
	rig_hold_clock(true);
	client = peer_connect(&address);
	RIG_UNTIL(door.asked > 0);
	rig_turns();
	/* It does not ask on and on, but again after a while. */
	assert_int_equal(door.asked, 1);
	rig_skip_ms(RETRY_MS);
	RIG_UNTIL(door.asked > 1);
	assert_int_equal(door.accepted, 0);
	door.is_full = false;
	rig_skip_ms(RETRY_MS);
	RIG_UNTIL(door.accepted == 1);
	assert_int_equal(door.exhausted, 0);
	door_close(&door);
	(void)close(client);
	listener_unbind(&address, fd, false);
}

static void test_a_flood_leaves_turns_for_others(void **state)
{
	enum { CLIENTS = 100 };
	struct address address = binding_loopback(0);
	int fd = binding_somewhere(&address);
	struct door door;
	int clients[CLIENTS];

	(void)state;
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = peer_connect(&address);
	door_open(&door, fd);
	RIG_UNTIL(door.accepted > 0);
	assert_true(door.accepted < CLIENTS);
	RIG_UNTIL(door.accepted == CLIENTS);
	door_close(&door);
	for (int i = 0; i < CLIENTS; i++)
		(void)close(clients[i]);
	listener_unbind(&address, fd, false);
}

/* --- Out of descriptors ----------------------------------------------------------------------- */

static struct rlimit limit_before;

/* The highest descriptor in use is `highest`: no more can be opened. */
static void forbid_descriptors(int highest)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit_before), 0);
	limit = limit_before;
	limit.rlim_cur = (rlim_t)highest + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void allow_descriptors(void)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit_before), 0);
}

/* The lowest free descriptor is above all others: as good as none is free below. */
static int fill_gaps(int *ret_fillers, unsigned *ret_count)
{
	int highest = fcntl(0, F_DUPFD_CLOEXEC, 200);
	unsigned count = 0;
	int fd;

	assert_true(highest >= 0);
	while ((fd = dup(highest)) < highest)
		ret_fillers[count++] = fd;
	(void)close(fd);
	ret_fillers[count++] = highest;
	*ret_count = count;
	return highest;
}

static void test_out_of_descriptors(void **state)
{
	struct address address = binding_loopback(0);
	int fd = binding_somewhere(&address);
	struct door door;
	int clients[2];
	int fillers[256];
	unsigned count;

	(void)state;
	door_open(&door, fd);
	rig_turns(); /* what libuv opens for itself */
	clients[0] = peer_connect(&address);
	clients[1] = peer_connect(&address);

	int highest = fill_gaps(fillers, &count);

	forbid_descriptors(highest);
	rig_hold_clock(true);
	RIG_UNTIL(door.exhausted == 1);
	assert_int_equal(door.system_error, EMFILE);
	rig_turns();
	assert_int_equal(door.asked, 1);
	for (int i = 0; i < 3; i++) {
		unsigned asked = door.asked;

		rig_skip_ms(RETRY_MS);
		RIG_UNTIL(door.asked > asked);
	}
	assert_int_equal(door.exhausted, 1);
	assert_int_equal(door.accepted, 0);
	/* One is free again: one client gets in, and then the lack is told anew. */
	(void)close(fillers[0]);
	rig_skip_ms(RETRY_MS);
	RIG_UNTIL(door.exhausted == 2);
	assert_int_equal(door.accepted, 1);
	allow_descriptors();
	rig_skip_ms(RETRY_MS);
	RIG_UNTIL(door.accepted == 2);
	assert_int_equal(door.exhausted, 2);
	door_close(&door);
	for (unsigned i = 1; i < count; i++)
		(void)close(fillers[i]);
	(void)close(clients[0]);
	(void)close(clients[1]);
	listener_unbind(&address, fd, false);
}

static void test_closing_when_descriptors_run_out(void **state)
{
	struct address address = binding_loopback(0);
	int fd = binding_somewhere(&address);
	struct door door;
	int client;
	int fillers[256];
	unsigned count;

	(void)state;
	door_open(&door, fd);
	rig_turns();
	client = peer_connect(&address);
	forbid_descriptors(fill_gaps(fillers, &count));
	door.closes = true;
	RIG_UNTIL(!door.listener);
	allow_descriptors();
	rig_skip_ms(RETRY_MS);
	rig_turns();
	assert_int_equal(door.exhausted, 1);
	assert_int_equal(door.accepted, 0);
	for (unsigned i = 0; i < count; i++)
		(void)close(fillers[i]);
	(void)close(client);
	listener_unbind(&address, fd, false);
}

/* --- Closing ---------------------------------------------------------------------------------- */

static void test_closing_in_on_accept(void **state)
{
	struct address address = binding_loopback(0);
	int fd = binding_somewhere(&address);
	struct door door;
	int clients[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		clients[i] = peer_connect(&address);
	door_open(&door, fd);
	door.closes = true;
	RIG_UNTIL(!door.listener);
	rig_turns();
	assert_int_equal(door.accepted, 1);
	/* The socket is still bound: the others wait for the next listener. */
	assert_true(peer_is_asked(fd));
	(void)close(door.fds[0]);
	door_open(&door, fd);
	RIG_UNTIL(door.accepted == 2);
	door_close(&door);
	for (int i = 0; i < 3; i++)
		(void)close(clients[i]);
	listener_unbind(&address, fd, false);
}

static void test_closing_while_paused(void **state)
{
	struct address address = binding_loopback(0);
	int fd = binding_somewhere(&address);
	struct door door;
	int client;

	(void)state;
	door_open(&door, fd);
	door.is_full = true;
	rig_hold_clock(true);
	client = peer_connect(&address);
	RIG_UNTIL(door.asked > 0);
	door_close(&door);
	listener_unbind(&address, fd, false);
	rig_skip_ms(RETRY_MS);
	rig_turns();
	listener_close(NULL);
	(void)close(client);
}

static void test_open_without_memory(void **state)
{
	struct address address = binding_loopback(0);
	int fd = binding_somewhere(&address);
	struct listener *listener = NULL;

	(void)state;
	memory_fail_after(0);
	assert_int_equal(listener_open(rig_loop, fd, &door_events, NULL, &listener),
	                 ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_int_equal(listener_open(rig_loop, 100000, &door_events, NULL, &listener), ERROR_SYSTEM);
	assert_null(listener);
	listener_unbind(&address, fd, false);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_stale_unix_socket_is_replaced),
		TEST(test_accepts),
		TEST(test_two_sockets_share_an_address),
		TEST(test_pauses_while_the_owner_is_full),
		TEST(test_a_flood_leaves_turns_for_others),
		TEST(test_out_of_descriptors),
		TEST(test_closing_when_descriptors_run_out),
		TEST(test_closing_in_on_accept),
		TEST(test_closing_while_paused),
		TEST(test_open_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
