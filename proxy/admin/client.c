#include "admin/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/page.h"
#include "admin/socket.h"
#include "base/arena.h"
#include "base/clock.h"
#include "http/h1_body.h"
#include "http/h1_head.h"

enum { READ_MAX = 16384, ARENA_MAX = 256 << 10, REQUEST_MAX = 4096 };

static const struct h1_limits limits = {
	.head_size_max = 16384,
	.field_count_max = 100,
	.target_size_max = 8192,
	.body_size_max = ADMIN_ANSWER_MAX,
};

struct call {
	int fd;
	uint64_t due_us;
	struct text in; /* what has come */
	bool ended;
};

/* Waits until the socket is ready for `events`. ERROR_IDLE_TIMEOUT, ERROR_SYSTEM. */
static enum error wait_for(const struct call *call, short events)
{
	struct pollfd one = {.fd = call->fd, .events = events};

	for (;;) {
		uint64_t now_us = clock_now_us();
		int count;

		if (now_us >= call->due_us)
			return ERROR_IDLE_TIMEOUT;
		count = poll(&one, 1, (int)((call->due_us - now_us) / 1000) + 1);
		if (count > 0)
			return OK;
		if (count < 0 && errno != EINTR)
			return ERROR_SYSTEM;
	}
}

static enum error connect_one(struct call *call, const struct address *address)
{
	struct sockaddr_storage storage;
	socklen_t size = address_to_socket(address, &storage);
	int failure = 0;
	socklen_t failure_size = sizeof(failure);
	enum error error;

	call->fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (call->fd < 0)
		return ERROR_SYSTEM;
	if (connect(call->fd, (const struct sockaddr *)&storage, size) == 0)
		return OK;
	if (errno == EINPROGRESS) {
		error = wait_for(call, POLLOUT);
		if (!error && getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size) == 0 &&
		    failure == 0)
			return OK;
		errno = error == ERROR_IDLE_TIMEOUT ? ETIMEDOUT : failure;
	}
	failure = errno;
	(void)close(call->fd);
	call->fd = -1;
	errno = failure;
	return ERROR_CONNECT_REFUSED;
}

static enum error connect_any(struct call *call, const struct address *addresses,
                              size_t address_count, struct text *why)
{
	for (size_t i = 0; i < address_count; i++) {
		char text[ADDRESS_TEXT_SIZE];

		address_format(&addresses[i], text, sizeof(text));
		if (connect_one(call, &addresses[i]) == OK)
			return OK;
		text_printf(why, "%s%s: %s", why->size > 0 ? "; " : "", text, strerrordesc_np(errno));
	}
	return ERROR_CONNECT_REFUSED;
}

static enum error send_question(struct call *call, const struct admin_question *question)
{
	struct text request;
	size_t sent = 0;
	enum error error = OK;

	text_init(&request, REQUEST_MAX);
	text_printf(&request,
	            "%s %s HTTP/1.1\r\nHost: localhost\r\nX-Requested-With: sallyport\r\n"
	            "Connection: close\r\n%s\r\n",
	            question->method == METHOD_POST ? "POST" : "GET", question->target,
	            question->method == METHOD_POST ? "Content-Length: 0\r\n" : "");
	while (!error && sent < request.size) {
		ssize_t size = send(call->fd, request.data + sent, request.size - sent, MSG_NOSIGNAL);

		if (size > 0)
			sent += (size_t)size;
		else if (size < 0 && (errno == EAGAIN || errno == EINTR))
			error = wait_for(call, POLLOUT);
		else
			break; /* It may have answered all the same. */
	}
	error = error ? error : request.cut ? ERROR_TOO_LARGE : OK;
	text_done(&request);
	return error;
}

static enum error read_some(struct call *call)
{
	char bytes[READ_MAX];

	for (;;) {
		ssize_t size = read(call->fd, bytes, sizeof(bytes));

		if (size > 0) {
			text_put(&call->in, span_of(bytes, (size_t)size));
			return call->in.cut ? ERROR_TOO_LARGE : OK;
		}
		if (size == 0) {
			call->ended = true;
			return OK;
		}
		if (errno != EAGAIN && errno != EINTR)
			return ERROR_CONNECTION_CLOSED;

		enum error error = wait_for(call, POLLIN);

		if (error)
			return error;
	}
}

static enum error read_head(struct call *call, enum method method, struct arena *arena,
                            struct message *ret_message)
{
	struct h1_head head;
	bool is_complete = false;
	enum error error;

	h1_head_init(&head, MESSAGE_RESPONSE, method, &limits);
	do {
		error = call->ended ? ERROR_CONNECTION_CLOSED : read_some(call);
		if (!error)
			error = h1_head_scan(&head, text_span(&call->in), &is_complete);
	} while (!error && !is_complete);
	if (!error)
		error = h1_head_finish(&head, text_span(&call->in), arena, ret_message);
	if (!error)
		text_taken(&call->in, head.size);
	return error;
}

static enum error read_body(struct call *call, const struct message *message, struct text *content)
{
	struct h1_body body;
	enum error error = h1_body_init(&body, message, &limits);

	while (!error && !h1_body_is_done(&body)) {
		struct span payload;
		size_t taken;

		error = h1_body_read(&body, text_span(&call->in), SIZE_MAX, &taken, &payload);
		if (error)
			break;
		text_put(content, payload);
		text_taken(&call->in, taken);
		if (taken > 0)
			continue;
		error = call->ended ? h1_body_end_of_stream(&body) : read_some(call);
	}
	return error;
}

enum error admin_client_ask(const struct address *addresses, size_t address_count,
                            const struct admin_question *question, int *ret_status,
                            struct text *ret_content, struct text *why)
{
	struct call call = {.fd = -1, .due_us = clock_now_us() + question->within_ms * 1000};
	struct message message = {0};
	struct arena arena;
	enum error error = connect_any(&call, addresses, address_count, why);

	if (error)
		return error;
	arena_init(&arena, NULL, ARENA_MAX);
	text_init(&call.in, ADMIN_ANSWER_MAX + limits.head_size_max);
	error = send_question(&call, question);
	if (!error)
		error = read_head(&call, question->method, &arena, &message);
	if (!error)
		error = read_body(&call, &message, ret_content);
	if (!error)
		*ret_status = message.status;
	else
		text_put_string(why, error_words(error));
	text_done(&call.in);
	arena_done(&arena);
	(void)close(call.fd);
	return error;
}
