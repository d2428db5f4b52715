/*
 * The backend of scripts/bench: an HTTP/1.1 server that costs next to nothing. One thread, one
 * epoll. `GET /1024` is answered with 1024 bytes; the body of a request is read whole, then
 * answered. Prints its port, and runs until stdin ends.
 *
 * It trusts its peer: only proxies under test talk to it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024, HEAD_MAX = 8192, EVENTS = 256 };

struct connection {
	int socket;
	char head[HEAD_MAX];
	size_t head_size;
	bool is_chunked;
	bool is_answering;
	size_t tail; /* chunked: how much of the last chunk's bytes has been seen */
	uint64_t request_left;
	char answer[128]; /* its head */
	size_t answer_size;
	uint64_t sent;
	uint64_t whole; /* head and body */
	bool watches_out;
};

static int poller;
static char block[BLOCK];
static char waste[BLOCK];

static void watch(struct connection *connection, bool out)
{
	struct epoll_event event = {.events = out ? EPOLLOUT : EPOLLIN, .data.ptr = connection};

	if (connection->watches_out != out)
		(void)epoll_ctl(poller, EPOLL_CTL_MOD, connection->socket, &event);
	connection->watches_out = out;
}

static void hang_up(struct connection *connection)
{
	(void)close(connection->socket);
	free(connection);
}

/* --- Answers ------------------------------------------------------------------------------ */

/* False: the connection is gone. */
static bool send_answer(struct connection *connection)
{
	while (connection->sent < connection->whole) {
		struct iovec parts[2];
		int count = 0;
		uint64_t left = connection->whole - connection->sent;

		if (connection->sent < connection->answer_size) {
			parts[count].iov_base = connection->answer + connection->sent;
			parts[count++].iov_len = connection->answer_size - connection->sent;
			left -= connection->answer_size - connection->sent;
		}
		if (left > 0) {
			parts[count].iov_base = block;
			parts[count++].iov_len = left < BLOCK ? left : BLOCK;
		}

		ssize_t size = writev(connection->socket, parts, count);

		if (size < 0 && errno == EAGAIN) {
			watch(connection, true);
			return true;
		}
		if (size <= 0) {
			hang_up(connection);
			return false;
		}
		connection->sent += (uint64_t)size;
	}
	connection->is_answering = false;
	watch(connection, false);
	return true;
}

static bool answer(struct connection *connection)
{
	uint64_t size = strtoull(strchr(connection->head, '/') + 1, NULL, 10);
	int head = snprintf(connection->answer, sizeof(connection->answer),
	                    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
	                    "Content-Length: %llu\r\n\r\n",
	                    (unsigned long long)size);

	connection->answer_size = (size_t)head;
	connection->whole = connection->answer_size + size;
	connection->sent = 0;
	connection->is_answering = true;
	return send_answer(connection);
}

/* --- Requests ----------------------------------------------------------------------------- */

/* Chunked bodies are not taken apart: their end is looked for, which a body of x can not hold. */
static void take_body(struct connection *connection, const char *bytes, size_t size)
{
	static const char end[] = "0\r\n\r\n";

	if (!connection->is_chunked) {
		connection->request_left -=
			size < connection->request_left ? size : connection->request_left;
		return;
	}
	size_t from = size > 8 ? size - 8 : 0;

	for (size_t i = from; i < size; i++) {
		connection->tail =
			bytes[i] == end[connection->tail] ? connection->tail + 1 : (size_t)(bytes[i] == '0');
		if (end[connection->tail] == 0) {
			connection->request_left = 0;
			connection->tail = 0;
		}
	}
}

/* True once the head is complete; what follows it counts as body. */
static bool take_head(struct connection *connection)
{
	connection->head[connection->head_size] = 0;

	char *end = strstr(connection->head, "\r\n\r\n");

	if (!end)
		return false;

	const char *length = strcasestr(connection->head, "\r\ncontent-length:");

	connection->is_chunked = strcasestr(connection->head, "\r\ntransfer-encoding:") != NULL;
	connection->request_left = connection->is_chunked ? 1
	                           : length               ? strtoull(length + 17, NULL, 10)
	                                                  : 0;
	end += 4;
	take_body(connection, end, connection->head_size - (size_t)(end - connection->head));
	return true;
}

static bool read_more(struct connection *connection, bool *ret_complete)
{
	bool in_head = connection->request_left == 0;
	char *to = in_head ? connection->head + connection->head_size : waste;
	size_t room = in_head ? HEAD_MAX - 1 - connection->head_size : BLOCK;
	ssize_t size = recv(connection->socket, to, room, 0);

	*ret_complete = false;
	if (size < 0 && errno == EAGAIN)
		return false;
	if (size <= 0) {
		hang_up(connection);
		return false;
	}
	if (in_head) {
		connection->head_size += (size_t)size;
		*ret_complete = take_head(connection) && connection->request_left == 0;
	} else {
		take_body(connection, to, (size_t)size);
		*ret_complete = connection->request_left == 0;
	}
	return true;
}

static void serve(struct connection *connection)
{
	bool is_complete;

	if (connection->is_answering) {
		(void)send_answer(connection);
		return;
	}
	if (!read_more(connection, &is_complete) || !is_complete)
		return;
	connection->head_size = 0;
	(void)answer(connection);
}

/* --- The loop ----------------------------------------------------------------------------- */

static void accept_all(int door)
{
	for (;;) {
		int socket = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		int one = 1;

		if (socket < 0)
			return;

		struct connection *connection = calloc(1, sizeof(*connection));
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

		if (!connection)
			abort();
		connection->socket = socket;
		(void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		(void)epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event);
	}
}

static int open_door(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (door < 0 || bind(door, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(door, 4096) != 0 || getsockname(door, (struct sockaddr *)&address, &size) != 0) {
		perror("origin");
		exit(1);
	}
	printf("%u\n", (unsigned)ntohs(address.sin_port));
	(void)fflush(stdout);
	return door;
}

int main(void)
{
	static int door_mark, stdin_mark;
	struct epoll_event of_door = {.events = EPOLLIN, .data.ptr = &door_mark};
	struct epoll_event of_stdin = {.events = EPOLLIN, .data.ptr = &stdin_mark};
	int door = open_door();

	(void)signal(SIGPIPE, SIG_IGN);
	memset(block, 'x', sizeof(block));
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(poller, EPOLL_CTL_ADD, door, &of_door) != 0 ||
	    epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &of_stdin) != 0) {
		perror("origin");
		return 1;
	}
	for (;;) {
		struct epoll_event events[EVENTS];
		int count = epoll_wait(poller, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == &stdin_mark)
				return 0;
			if (events[i].data.ptr == &door_mark)
				accept_all(door);
			else
				serve(events[i].data.ptr);
		}
	}
}
