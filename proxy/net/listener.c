#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "base/memory.h"
#include "net/loop.h"
#include "net/loop_private.h"

enum {
	BACKLOG = 4096,        /* the kernel cuts it down to net.core.somaxconn */
	ACCEPTS_PER_TURN = 64, /* so that a flood of connections leaves turns for those that are open */
	RETRY_MS = 50,         /* until accepting is tried again after a pause */
};

/* Owner: the loop, from listener_open() until libuv's close callback. */
struct listener {
	uv_poll_t poll;
	struct loop *loop;
	struct listener_events events;
	void *owner;
	struct deadline again;
	int fd;
	bool is_exhausted;
};

static enum error bind_socket(const struct address *address, bool reuse_port, int *ret_fd)
{
	struct sockaddr_storage storage;
	socklen_t size = address_to_socket(address, &storage);
	int on = 1;
	int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return ERROR_SYSTEM;
	if (address->kind != ADDRESS_UNIX) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (reuse_port)
			(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
		/* The accepted sockets inherit it: no system call per connection. */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	if (address->kind == ADDRESS_IPV6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&storage, size) < 0) {
		int bind_error = errno;

		(void)close(fd);
		errno = bind_error;
		return ERROR_SYSTEM;
	}
	*ret_fd = fd;
	return OK;
}

/* A unix socket's file outlives its process: removes it if nobody listens there any more. */
static void remove_stale_file(const struct address *address)
{
	struct sockaddr_storage storage;
	socklen_t size = address_to_socket(address, &storage);
	struct stat facts;

	/* Connecting to a file that is no socket is refused as well: that one is not ours to remove. */
	if (lstat(address->host, &facts) < 0 || !S_ISSOCK(facts.st_mode))
		return;

	/* Does not wait, should there be somebody whose backlog is full. */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)&storage, size) < 0 && errno == ECONNREFUSED)
		(void)unlink(address->host);
	(void)close(fd);
}

enum error listener_bind(const struct address *address, bool first, int *ret_fd,
                         int *ret_system_error)
{
	int fd = -1;

	if (first && address->kind == ADDRESS_UNIX)
		remove_stale_file(address);
	if (first && address->kind != ADDRESS_UNIX && address->port != 0) {
		/* Without SO_REUSEPORT the kernel tells whether another process is there. */
		if (bind_socket(address, false, &fd)) {
			*ret_system_error = errno;
			return ERROR_SYSTEM;
		}
		(void)close(fd);
	}
	if (bind_socket(address, true, &fd)) {
		*ret_system_error = errno;
		return ERROR_SYSTEM;
	}
	if (listen(fd, BACKLOG) < 0) {
		*ret_system_error = errno;
		(void)close(fd);
		return ERROR_SYSTEM;
	}
	*ret_fd = fd;
	return OK;
}

void listener_refuse(int fd)
{
	(void)shutdown(fd, SHUT_RDWR);
}

void listener_unbind(const struct address *address, int fd, bool remove)
{
	if (remove && address->kind == ADDRESS_UNIX)
		(void)unlink(address->host);
	(void)close(fd);
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void pause_accepting(struct listener *listener)
{
	(void)uv_poll_stop(&listener->poll);
	loop_set_deadline(listener->loop, &listener->again, RETRY_MS);
}

static void on_again(void *owner)
{
	struct listener *listener = owner;

	(void)uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

static void tell_exhausted(struct listener *listener, int system_error)
{
	bool is_told = listener->is_exhausted;

	listener->is_exhausted = true;
	pause_accepting(listener);
	/* Last: the owner may close the listener. */
	if (!is_told)
		listener->events.on_exhausted(listener->owner, system_error);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;

	(void)status;
	(void)events;
	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage storage = {0};
		socklen_t size = sizeof(storage);
		struct address peer;

		if (!listener->events.may_accept(listener->owner)) {
			pause_accepting(listener);
			return;
		}

		int fd =
			accept4(listener->fd, (struct sockaddr *)&storage, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
				tell_exhausted(listener, errno);
			/* Else nothing waits, or the one that waited is gone (accept(2), "Error handling"). */
			return;
		}
		listener->is_exhausted = false;
		if (address_from_socket((const struct sockaddr *)&storage, size, &peer))
			(void)close(fd);
		else
			listener->events.on_accept(listener->owner, fd, &peer);
		if (uv_is_closing((uv_handle_t *)poll))
			return;
	}
}

enum error listener_open(struct loop *loop, int fd, const struct listener_events *events,
                         void *owner, struct listener **ret_listener)
{
	struct listener *listener = memory_new(1, sizeof(*listener));

	if (!listener)
		return ERROR_OUT_OF_MEMORY;
	listener->loop = loop;
	listener->fd = fd;
	listener->events = *events;
	listener->owner = owner;
	deadline_init(&listener->again, on_again, listener);
	if (uv_poll_init(&loop->uv, &listener->poll, fd)) {
		memory_free(listener);
		return ERROR_SYSTEM;
	}
	listener->poll.data = listener;
	(void)uv_poll_start(&listener->poll, UV_READABLE, on_readable);
	*ret_listener = listener;
	return OK;
}

static void on_closed(uv_handle_t *handle)
{
	memory_free(handle->data);
}

void listener_close(struct listener *listener)
{
	if (!listener)
		return;
	deadline_clear(&listener->again);
	uv_close((uv_handle_t *)&listener->poll, on_closed);
}
