/* Binding: what is refused, and what is left alone. */
#include <errno.h>
#include <fcntl.h>
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

#include "net/listener.h"
#include "unit/net/binding.h"
#include "unit/net/peer.h"
#include "unit/net/rig.h"

/* --- Binding ---------------------------------------------------------------------------------- */

static void test_an_address_in_use_is_refused(void **state)
{
	struct address address;
	int other = peer_listen(&address);

	(void)state;
	(void)binding_expect(&address, true, EADDRINUSE);
	(void)close(other);
	(void)close(binding_expect(&address, true, 0));
}

static void test_is_refused_even_if_the_other_shares(void **state)
{
	struct address address = binding_loopback(0);
	/* As another proxy would have it: a listening socket with SO_REUSEPORT. */
	int other = binding_somewhere(&address);
	int shares = 0;
	socklen_t size = sizeof(shares);

	(void)state;
	assert_int_equal(getsockopt(other, SOL_SOCKET, SO_REUSEPORT, &shares, &size), 0);
	assert_int_equal(shares, 1);
	(void)binding_expect(&address, true, EADDRINUSE);
	listener_unbind(&address, other, true);
}

static void test_an_address_that_is_not_here(void **state)
{
	struct address address;

	(void)state;
	/* TEST-NET-3 (RFC 5737). */
	assert_int_equal(address_parse(SPAN("203.0.113.7:80"), &address), OK);
	(void)binding_expect(&address, true, EADDRNOTAVAIL);
	(void)binding_expect(&address, false, EADDRNOTAVAIL);
}

static void test_binding_without_descriptors(void **state)
{
	struct address address = binding_loopback(0);
	struct rlimit before;
	struct rlimit none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	(void)binding_expect(&address, true, EMFILE);
	address.port = 9;
	(void)binding_expect(&address, true, EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void test_the_socket_is_ready_for_a_loop(void **state)
{
	struct address address = binding_loopback(0);
	int fd = binding_somewhere(&address);

	(void)state;
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	listener_unbind(&address, fd, false);
}

static void test_ipv6_leaves_ipv4_alone(void **state)
{
	struct address four = binding_loopback(0);
	struct address six;
	int fd_four = binding_somewhere(&four);
	int fd_six = -1;
	int error = 0;

	(void)state;
	assert_int_equal(address_parse(SPAN("[::]:1"), &six), OK);
	six.port = four.port;
	/* A machine without IPv6 has nothing to test here. */
	if (listener_bind(&six, true, &fd_six, &error) == OK)
		(void)close(fd_six);
	else
		assert_true(error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
	(void)close(fd_four);
}

/* --- Unix sockets ----------------------------------------------------------------------------- */

static void test_a_living_unix_socket_is_refused(void **state)
{
	struct address address;
	int other;

	(void)state;
	peer_unix_address(&address);
	other = peer_listen_unix(&address);
	(void)binding_expect(&address, true, EADDRINUSE);
	assert_int_equal(access(address.host, F_OK), 0);
	listener_unbind(&address, other, false);
	assert_int_equal(access(address.host, F_OK), 0);
	peer_unix_remove(&address);
}

static void test_a_busy_unix_socket_does_not_hold_us_up(void **state)
{
	struct address address;
	struct sockaddr_storage storage;
	int clients[8];
	unsigned count = 0;
	bool is_full = false;

	(void)state;
	peer_unix_address(&address);

	int other = peer_listen_unix(&address);
	socklen_t size = address_to_socket(&address, &storage);

	assert_int_equal(listen(other, 0), 0);
	while (!is_full && count < 8) {
		clients[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		is_full = connect(clients[count++], (struct sockaddr *)&storage, size) < 0;
	}
	assert_true(is_full);
	(void)binding_expect(&address, true, EADDRINUSE);
	while (count > 0)
		(void)close(clients[--count]);
	(void)close(other);
	peer_unix_remove(&address);
}

static void test_a_file_that_is_no_socket_stays(void **state)
{
	struct address address;
	int file;

	(void)state;
	peer_unix_address(&address);
	file = open(address.host, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	(void)close(file);
	(void)binding_expect(&address, true, EADDRINUSE);
	assert_int_equal(access(address.host, F_OK), 0);
	peer_unix_remove(&address);
}

static void test_a_unix_socket_in_no_folder(void **state)
{
	struct address address = {.kind = ADDRESS_UNIX, .host = "/tmp/sallyport-none/none/socket"};

	(void)state;
	(void)binding_expect(&address, true, ENOENT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_address_in_use_is_refused),
		TEST(test_is_refused_even_if_the_other_shares),
		TEST(test_an_address_that_is_not_here),
		TEST(test_binding_without_descriptors),
		TEST(test_the_socket_is_ready_for_a_loop),
		TEST(test_ipv6_leaves_ipv4_alone),
		TEST(test_a_living_unix_socket_is_refused),
		TEST(test_a_busy_unix_socket_does_not_hold_us_up),
		TEST(test_a_file_that_is_no_socket_stays),
		TEST(test_a_unix_socket_in_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
