#include "net/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/loop.h"
#include "net/wire_private.h"

enum {
	WRITE_LATER_MAX = 16 << 10, /* bytes that the kernel holds at a time while it is full */
	STARVED_RETRY_MS = 50,      /* until a wire that found no block to read into looks again */
};

void wire_fail(struct owned_wire *w, enum error error, int uv_status)
{
	if (w->wire.phase == WIRE_FAILED)
		return;
	w->wire.phase = WIRE_FAILED;
	w->wire.failed = error;
	w->wire.system_error = -uv_status;
	if (w->reading)
		(void)uv_read_stop(&w->socket->uv.stream);
	w->reading = false;
}

/* A write failed. What the peer had sent before may still be there to be read. */
static void fail_out(struct owned_wire *w, int uv_status)
{
	w->wire.out_failed = true;
	w->wire.system_error = -uv_status;
	buffer_taken(&w->wire.out, buffer_size(&w->wire.out));
	buffer_rest(&w->wire.out, w->pool);
}

static void on_closed(uv_handle_t *handle)
{
	struct socket *socket = handle->data;

	buffer_close(&socket->orphan, socket->pool);
	memory_free(socket);
}

void wire_abandon(struct owned_wire *w)
{
	struct socket *socket = w->socket;

	w->socket = NULL;
	w->reading = false;
	if (!socket)
		return;
	socket->wire = NULL;
	if (w->writing_bytes > 0) {
		socket->orphan = w->wire.out;
		w->wire.out = (struct buffer){0};
		w->writing_bytes = 0;
	}
	if (!uv_is_closing(&socket->uv.handle))
		uv_close(&socket->uv.handle, on_closed);
}

enum error wire_open_socket(struct owned_wire *w, bool is_unix)
{
	struct socket *socket = memory_new(1, sizeof(*socket));

	if (!socket)
		return ERROR_OUT_OF_MEMORY;

	int status = is_unix ? uv_pipe_init(&w->loop->uv, &socket->uv.pipe, 0)
	                     : uv_tcp_init(&w->loop->uv, &socket->uv.tcp);

	if (status) {
		memory_free(socket);
		return ERROR_SYSTEM;
	}
	socket->uv.handle.data = socket;
	socket->wire = w;
	socket->pool = w->pool;
	w->socket = socket;
	return OK;
}

struct owned_wire *wire_new(struct loop *loop, struct pool *pool, wire_event *on_event, void *owner)
{
	struct owned_wire *w = memory_new(1, sizeof(*w));

	if (!w)
		return NULL;
	w->loop = loop;
	w->pool = pool;
	w->on_event = on_event;
	w->owner = owner;
	w->in_size = BLOCK_RECORD;
	w->wire.moved_ms = w->sent_ms = loop_now_ms(loop);
	list_init(&w->starved);
	return w;
}

enum error wire_accept(struct loop *loop, struct pool *pool, int fd, bool is_unix,
                       wire_event *on_event, void *owner, struct wire **ret_wire)
{
	struct owned_wire *w = wire_new(loop, pool, on_event, owner);
	enum error error = w ? wire_open_socket(w, is_unix) : ERROR_OUT_OF_MEMORY;
	int status = 0;

	if (error) {
		(void)close(fd);
		memory_free(w);
		return error;
	}
	status = is_unix ? uv_pipe_open(&w->socket->uv.pipe, fd) : uv_tcp_open(&w->socket->uv.tcp, fd);
	if (status) {
		(void)close(fd);
		wire_close(&w->wire);
		return ERROR_SYSTEM;
	}
	if (!is_unix)
		(void)uv_tcp_nodelay(&w->socket->uv.tcp, 1);
	w->wire.phase = WIRE_OPEN;
	*ret_wire = &w->wire;
	return OK;
}

void wire_set_owner(struct wire *wire, wire_event *on_event, void *owner)
{
	wire_owned(wire)->on_event = on_event;
	wire_owned(wire)->owner = owner;
}

/* Takes a block. While memory is short, a small one that is there beats a large one that is not. */
static bool open_buffer(struct owned_wire *w, struct buffer *buffer, enum block_size size)
{
	return buffer_open(buffer, w->pool, size) == OK ||
	       buffer_open(buffer, w->pool, BLOCK_RECORD) == OK;
}

/* What came last filled all its room: part of a record or head that is still there moves along to
 * a larger block, or there would never be one while bytes keep coming. */
static void open_in(struct owned_wire *w)
{
	struct buffer *in = &w->wire.in;

	if (!in->data)
		(void)open_buffer(w, in, w->in_size);
	else if (in->capacity < block_bytes(w->in_size) && !in->pinned &&
	         buffer_grow(in, w->pool, w->in_size))
		w->in_size = block_size_of(in->capacity);
}

/* So much of this turn's share is left. */
static size_t turn_left(struct owned_wire *w)
{
	if (w->turn != w->loop->turn)
		w->turn_bytes = 0;
	w->turn = w->loop->turn;
	return w->turn_bytes < WIRE_TURN_MAX ? WIRE_TURN_MAX - w->turn_bytes : 0;
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
	struct socket *socket = handle->data;
	struct owned_wire *w = socket->wire;
	struct buffer *in = w ? &w->wire.in : NULL;

	(void)suggested;
	*ret_buffer = uv_buf_init(NULL, 0);
	if (!w)
		return;
	/* Nothing is offered for want of room, of a block, or of time: libuv then reports ENOBUFS. */
	w->yields = turn_left(w) == 0;
	if (w->yields)
		return;
	open_in(w);
	w->offered = buffer_room(in) < WIRE_READ_MAX ? buffer_room(in) : WIRE_READ_MAX;
	*ret_buffer = uv_buf_init(buffer_room_at(in), (unsigned)w->offered);
}

static void stop_reading(struct owned_wire *w)
{
	if (w->reading)
		(void)uv_read_stop(&w->socket->uv.stream);
	w->reading = false;
}

static void on_no_block(struct owned_wire *w)
{
	stop_reading(w);
	if (w->wire.in.data)
		return; /* Only full: the owner will ask again once there is room. */
	list_remove(&w->starved);
	list_add_last(&w->loop->starved, &w->starved);
	if (w->loop->starved_again.at_ms == DEADLINE_NEVER)
		loop_set_deadline(w->loop, &w->loop->starved_again, STARVED_RETRY_MS);
}

/* libuv reports the end also for a reset right behind the last bytes; the kernel knows better. */
static ssize_t look_behind_end(struct socket *socket)
{
	uv_os_fd_t fd = -1;
	char byte;

	if (uv_fileno(&socket->uv.handle, &fd) == 0 &&
	    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno != EAGAIN)
		return -errno;
	return UV_EOF;
}

/* The next block is a larger one if this read filled its room, a smaller one if it was little. */
static void take_in(struct owned_wire *w, size_t size)
{
	struct buffer *in = &w->wire.in;

	buffer_filled(in, size);
	w->wire.received_bytes += size;
	w->wire.moved_ms = loop_now_ms(w->loop);
	w->turn_bytes += size;
	if (size == w->offered && in->capacity == block_bytes(w->in_size) && w->in_size < BLOCK_HUGE)
		w->in_size++;
	else if (buffer_size(in) == size)
		w->in_size = block_size_next(w->in_size, size, in->capacity);
	wire_emit(w);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct socket *socket = stream->data;
	struct owned_wire *w = socket->wire;

	(void)buffer;
	if (!w)
		return;
	if (size > 0) {
		take_in(w, (size_t)size);
		return;
	}
	if (size == UV_ENOBUFS) {
		if (!w->yields)
			on_no_block(w);
		return;
	}
	buffer_rest(&w->wire.in, w->pool);
	if (size == 0)
		return;
	stop_reading(w);
	if (size == UV_EOF)
		/* A write that failed has used up the error: the end after it is no clean one. */
		size = w->wire.out_failed ? UV_ECONNRESET : look_behind_end(socket);
	if (size == UV_EOF)
		w->wire.in_ended = true;
	else
		wire_fail(w, ERROR_CONNECTION_RESET, (int)size);
	wire_emit(w);
}

void wire_starved_again(void *owner)
{
	struct loop *loop = owner;
	struct list waiting = loop->starved;

	if (list_is_empty(&loop->starved))
		return;
	waiting.next->previous = &waiting;
	waiting.previous->next = &waiting;
	list_init(&loop->starved);
	while (!list_is_empty(&waiting)) {
		struct owned_wire *w = LIST_OBJECT(waiting.next, struct owned_wire, starved);

		list_remove(&w->starved);
		wire_emit(w);
	}
}

void wire_want_read(struct wire *wire, bool wanted)
{
	struct owned_wire *w = wire_owned(wire);
	bool has_room = !wire->in.data || buffer_room(&wire->in) > 0;
	bool read = wanted && has_room && wire->phase == WIRE_OPEN && !wire->in_ended;

	w->want_read = wanted;
	if (read == w->reading)
		return;
	if (!read) {
		stop_reading(w);
		return;
	}
	if (!list_is_empty(&w->starved))
		return; /* There was no block a moment ago. */
	w->reading = uv_read_start(&w->socket->uv.stream, on_allocate, on_read) == 0;
}

bool wire_is_quiet(const struct wire *wire)
{
	const struct owned_wire *w = (const struct owned_wire *)(const void *)wire;
	uv_os_fd_t fd = -1;
	char byte;

	return wire->phase == WIRE_OPEN && buffer_is_empty(&wire->in) && !wire->in_ended &&
	       uv_fileno(&w->socket->uv.handle, &fd) == 0 &&
	       recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

enum error wire_local_address(const struct wire *wire, struct address *ret_address)
{
	const struct owned_wire *w = (const struct owned_wire *)(const void *)wire;
	struct sockaddr_storage socket = {.ss_family = AF_UNSPEC};
	socklen_t length = sizeof(socket);
	uv_os_fd_t fd = -1;

	if (uv_fileno(&w->socket->uv.handle, &fd) != 0 ||
	    getsockname(fd, (struct sockaddr *)&socket, &length) < 0)
		return ERROR_SYSTEM;
	return address_from_socket((const struct sockaddr *)&socket, length, ret_address);
}

/* What is on its way and the peer has not taken yet. */
static size_t untaken_bytes(const struct owned_wire *w)
{
	uv_os_fd_t fd = -1;
	int queued = 0;

	if (uv_fileno(&w->socket->uv.handle, &fd) != 0 || ioctl(fd, TIOCOUTQ, &queued) < 0)
		queued = 0;
	return uv_stream_get_write_queue_size(&w->socket->uv.stream) + (size_t)queued;
}

uint64_t wire_taken_bytes(const struct wire *wire)
{
	const struct owned_wire *w = (const struct owned_wire *)(const void *)wire;
	size_t untaken = untaken_bytes(w);

	return wire->given_bytes > untaken ? wire->given_bytes - untaken : 0;
}

uint64_t wire_unsent_ms(const struct wire *wire)
{
	const struct owned_wire *w = (const struct owned_wire *)(const void *)wire;

	return loop_now_ms(w->loop) - w->sent_ms;
}

/* The kernel tells that it can take more only when a good part of its own buffer is empty, which
 * with a slow reader is long after it began to read. */
void wire_note_progress(struct wire *wire)
{
	struct owned_wire *w = wire_owned(wire);
	size_t untaken = w->writing_bytes > 0 ? untaken_bytes(w) : 0;

	if (untaken < w->untaken_bytes)
		wire->moved_ms = loop_now_ms(w->loop);
	w->untaken_bytes = untaken;
}

bool wire_open_out(struct wire *wire, size_t wanted)
{
	return open_buffer(wire_owned(wire), &wire->out, block_size_for(wanted));
}

static void wrote(struct owned_wire *w, size_t bytes)
{
	buffer_taken(&w->wire.out, bytes);
	w->wire.sent_bytes += bytes;
	w->wire.moved_ms = w->sent_ms = loop_now_ms(w->loop);
}

static void on_write(uv_write_t *request, int status)
{
	struct socket *socket = request->data;
	struct owned_wire *w = socket->wire;

	socket->orphan.pinned = false;
	if (!w)
		return;

	size_t bytes = w->writing_bytes;

	w->writing_bytes = 0;
	w->wire.out.pinned = false;
	if (status == 0)
		wrote(w, bytes);
	else
		fail_out(w, status);
	wire_emit(w);
}

static void write_rest_later(struct owned_wire *w)
{
	/* Only a piece: so a slow reader is seen to read. The rest follows at once when it has. */
	struct span rest = span_cut(buffer_content(&w->wire.out), 0, WRITE_LATER_MAX);
	uv_buf_t buffer = uv_buf_init(w->wire.out.data + w->wire.out.start, (unsigned)rest.size);

	w->socket->write.data = w->socket;
	w->writing_bytes = rest.size;
	w->wire.given_bytes += rest.size;
	w->wire.out.pinned = true;

	int status = uv_write(&w->socket->write, &w->socket->uv.stream, &buffer, 1, on_write);

	if (status) {
		w->writing_bytes = 0;
		w->wire.out.pinned = false;
		fail_out(w, status);
		return;
	}
	w->untaken_bytes = untaken_bytes(w);
}

static void end_now(struct owned_wire *w)
{
	uv_os_fd_t fd = -1;

	w->wire.out_ended = true;
	if (uv_fileno(&w->socket->uv.handle, &fd) == 0)
		(void)shutdown(fd, SHUT_WR);
}

void wire_flush(struct wire *wire)
{
	struct owned_wire *w = wire_owned(wire);

	if (wire->out_failed && w->writing_bytes == 0)
		buffer_taken(&wire->out, buffer_size(&wire->out));
	if (wire->phase != WIRE_OPEN || w->writing_bytes > 0)
		return;
	if (!buffer_is_empty(&wire->out)) {
		struct span content = buffer_content(&wire->out);
		uv_buf_t buffer = uv_buf_init(wire->out.data + wire->out.start, (unsigned)content.size);
		int written = uv_try_write(&w->socket->uv.stream, &buffer, 1);

		if (written < 0 && written != UV_EAGAIN) {
			fail_out(w, written);
			return;
		}
		if (written > 0) {
			wire->given_bytes += (size_t)written;
			wrote(w, (size_t)written);
		}
		if (!buffer_is_empty(&wire->out)) {
			write_rest_later(w);
			return;
		}
	}
	buffer_rest(&wire->out, w->pool);
	if (w->end_wanted && !wire->out_ended && !wire->out_failed)
		end_now(w);
}

void wire_end(struct wire *wire)
{
	wire_owned(wire)->end_wanted = true;
	wire_flush(wire);
}

void wire_close(struct wire *wire)
{
	if (!wire)
		return;

	struct owned_wire *w = wire_owned(wire);

	list_remove(&w->starved);
	wire_abandon(w);
	buffer_close(&wire->in, w->pool);
	buffer_close(&wire->out, w->pool);
	memory_free(w->addresses);
	memory_free(w);
}

void wire_reset(struct wire *wire)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	uv_os_fd_t fd = -1;

	if (wire && wire_owned(wire)->socket &&
	    uv_fileno(&wire_owned(wire)->socket->uv.handle, &fd) == 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	wire_close(wire);
}
