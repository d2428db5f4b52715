/*
 * The floor of scripts/bench: what the kernel alone costs a proxy. Each connection is joined to
 * one of its own to the backend, and bytes go both ways in blocks of 256 KiB; nothing is parsed,
 * nothing encrypted. One thread, one epoll.
 *
 *     relay BACKEND_PORT      prints its port, and runs until stdin ends
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024, EVENTS = 256 };

/* One of the two sockets of a pair. What `other` could not take waits in `held`. */
struct end {
	struct end *other;
	int socket;
	char *held;
	size_t held_from, held_size;
	uint32_t watched;
	bool is_dead;
};

static int poller;
static struct sockaddr_in backend;
static char block[BLOCK];
static struct end *graveyard; /* freed after the turn: events may still name them */

static void watch(struct end *end, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = end};

	if (end->watched != events)
		(void)epoll_ctl(poller, EPOLL_CTL_MOD, end->socket, &event);
	end->watched = events;
}

static void close_pair(struct end *end)
{
	struct end *other = end->other;

	if (end->is_dead)
		return;
	end->is_dead = other->is_dead = true;
	(void)close(end->socket);
	(void)close(other->socket);
	free(end->held);
	free(other->held);
	/* The pair is one allocation, the first half first. */
	end = end < other ? end : other;
	end->held = (char *)graveyard;
	graveyard = end;
}

static void bury(void)
{
	while (graveyard) {
		struct end *next = (struct end *)(void *)graveyard->held;

		free(graveyard);
		graveyard = next;
	}
}

/* What did not fit is kept, and `end` not read until it is gone. */
static void hold(struct end *end, const char *bytes, size_t size)
{
	end->held = malloc(size);
	if (!end->held)
		abort();
	memcpy(end->held, bytes, size);
	end->held_from = 0;
	end->held_size = size;
	watch(end, 0);
	watch(end->other, EPOLLOUT);
}

static void flush_held(struct end *end)
{
	ssize_t size = send(end->other->socket, end->held + end->held_from,
	                    end->held_size - end->held_from, MSG_NOSIGNAL);

	if (size < 0 && errno != EAGAIN) {
		close_pair(end);
		return;
	}
	if (size > 0)
		end->held_from += (size_t)size;
	if (end->held_from < end->held_size)
		return;
	free(end->held);
	end->held = NULL;
	watch(end, EPOLLIN);
	watch(end->other, end->other->held ? 0 : EPOLLIN);
}

static void move(struct end *end)
{
	ssize_t size = recv(end->socket, block, sizeof(block), 0);

	if (size < 0 && errno == EAGAIN)
		return;
	if (size <= 0) {
		close_pair(end);
		return;
	}

	ssize_t sent = send(end->other->socket, block, (size_t)size, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN) {
		close_pair(end);
		return;
	}
	if (sent < 0)
		sent = 0;
	if (sent < size)
		hold(end, block + sent, (size_t)(size - sent));
}

static void serve(struct end *end, uint32_t events)
{
	if (end->is_dead)
		return;
	if ((events & EPOLLOUT) != 0 && end->other->held)
		flush_held(end->other);
	else if (!end->held)
		move(end);
	else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		close_pair(end);
}

static void add(struct end *end)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
	int one = 1;

	(void)setsockopt(end->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)epoll_ctl(poller, EPOLL_CTL_ADD, end->socket, &event);
	end->watched = EPOLLIN;
}

static void accept_one(int door)
{
	int socket_in = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (socket_in < 0)
		return;

	int socket_out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct end *pair = calloc(2, sizeof(*pair));

	if (socket_out < 0 || !pair)
		abort();
	/* It blocks: a connection on loopback is there at once. */
	if (connect(socket_out, (struct sockaddr *)&backend, sizeof(backend)) != 0) {
		perror("relay");
		exit(1);
	}
	pair[0] = (struct end){.other = &pair[1], .socket = socket_in};
	pair[1] = (struct end){.other = &pair[0], .socket = socket_out};
	/* Non-blocking from here on, by the flag of each call being set on the socket. */
	(void)fcntl(socket_out, F_SETFL, O_NONBLOCK);
	add(&pair[0]);
	add(&pair[1]);
}

int main(int count, char **arguments)
{
	static int door_mark, stdin_mark;
	struct epoll_event of_door = {.events = EPOLLIN, .data.ptr = &door_mark};
	struct epoll_event of_stdin = {.events = EPOLLIN, .data.ptr = &stdin_mark};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (count != 2) {
		fprintf(stderr, "usage: relay BACKEND_PORT\n");
		return 2;
	}
	backend = address;
	backend.sin_port = htons((uint16_t)atoi(arguments[1]));
	(void)signal(SIGPIPE, SIG_IGN);
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (door < 0 || bind(door, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(door, 4096) != 0 || getsockname(door, (struct sockaddr *)&address, &size) != 0 ||
	    epoll_ctl(poller, EPOLL_CTL_ADD, door, &of_door) != 0 ||
	    epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &of_stdin) != 0) {
		perror("relay");
		return 1;
	}
	printf("%u\n", (unsigned)ntohs(address.sin_port));
	(void)fflush(stdout);
	for (;;) {
		struct epoll_event events[EVENTS];
		int ready = epoll_wait(poller, events, EVENTS, -1);

		for (int i = 0; i < ready; i++) {
			if (events[i].data.ptr == &stdin_mark)
				return 0;
			if (events[i].data.ptr == &door_mark)
				accept_one(door);
			else
				serve(events[i].data.ptr, events[i].events);
		}
		bury();
	}
}
