#include "unit/net/peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int bind_loopback(struct address *ret_address)
{
	struct sockaddr_in bound = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(bound);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&bound, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &size), 0);
	assert_int_equal(address_from_socket((const struct sockaddr *)&bound, size, ret_address), OK);
	return fd;
}

int peer_refuse(struct address *ret_address)
{
	return bind_loopback(ret_address);
}

int peer_listen(struct address *ret_address)
{
	int fd = bind_loopback(ret_address);

	assert_int_equal(listen(fd, 128), 0);
	return fd;
}

void peer_unix_address(struct address *ret_address)
{
	char folder[] = "/tmp/sallyport-XXXXXX";

	assert_non_null(mkdtemp(folder));
	*ret_address = (struct address){.kind = ADDRESS_UNIX};
	(void)snprintf(ret_address->host, sizeof(ret_address->host), "%s/socket", folder);
}

void peer_unix_remove(const struct address *address)
{
	char folder[ADDRESS_HOST_SIZE];

	(void)unlink(address->host);
	(void)snprintf(folder, sizeof(folder), "%s", address->host);
	*strrchr(folder, '/') = '\0';
	assert_int_equal(rmdir(folder), 0);
}

static int open_socket(const struct address *address, struct sockaddr_storage *ret_socket,
                       socklen_t *ret_size)
{
	*ret_size = address_to_socket(address, ret_socket);

	int fd = socket(ret_socket->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	return fd;
}

int peer_listen_unix(const struct address *address)
{
	struct sockaddr_storage storage;
	socklen_t size;
	int fd = open_socket(address, &storage, &size);

	assert_int_equal(bind(fd, (const struct sockaddr *)&storage, size), 0);
	assert_int_equal(listen(fd, 128), 0);
	return fd;
}

int peer_accept(int listening)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

int peer_connect(const struct address *address)
{
	struct sockaddr_storage storage;
	socklen_t size;
	int fd = open_socket(address, &storage, &size);

	assert_int_equal(connect(fd, (const struct sockaddr *)&storage, size), 0);
	return fd;
}

_Bool peer_is_asked(int listening)
{
	struct pollfd readable = {.fd = listening, .events = POLLIN};

	return poll(&readable, 1, 0) == 1;
}

void peer_send(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

void peer_expect(int fd, const char *text)
{
	char got[256] = {0};
	size_t size = strlen(text);

	assert_true(size < sizeof(got));
	assert_int_equal(recv(fd, got, size, MSG_WAITALL), size);
	assert_string_equal(got, text);
}

void peer_expect_end(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

void peer_expect_reset(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

void peer_reset(int fd)
{
	struct linger linger = {.l_onoff = 1};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	(void)close(fd);
}
