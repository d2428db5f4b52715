/*
 * net/wire.h without sockets. It follows proxy/net/wire.c step by step, callbacks included; where
 * that one asks the kernel, this one asks the connection.
 */

#include "sim/fake_wire.h"

#include <errno.h>

#include "base/memory.h"
#include "net/loop.h"
#include "sim/fake_net.h"
#include "sim/trace.h"

enum { ADDRESSES_MAX = 8, STARVED_RETRY_MS = 50, SOCKET_BYTES = 400 };

struct owned_wire {
	struct wire wire;
	struct loop *loop;
	struct pool *pool;
	struct connection *connection; /* NULL: there is no socket now */
	void *socket;                  /* stands for libuv's handle, whose allocation can fail */
	wire_event *on_event;
	void *owner;
	bool reading;
	bool end_wanted;
	size_t writing_bytes; /* at the front of `out`, being written; 0: none */
	size_t written_bytes; /* of them, what the kernel has taken */
	enum block_size in_size;
	uint64_t sent_ms;
	struct list starved;
	struct address *addresses;
	size_t address_count;
	size_t address_next;
};

static struct owned_wire *owned(struct wire *wire)
{
	return (struct owned_wire *)(void *)wire;
}

struct connection *wire_connection(const struct wire *wire)
{
	return ((const struct owned_wire *)(const void *)wire)->connection;
}

static void emit(struct owned_wire *w)
{
	w->on_event(w->owner);
}

static void fail(struct owned_wire *w, enum error error, int system_error)
{
	if (w->wire.phase == WIRE_FAILED)
		return;
	w->wire.phase = WIRE_FAILED;
	w->wire.failed = error;
	w->wire.system_error = system_error;
	w->reading = false;
}

static void fail_out(struct owned_wire *w, int system_error)
{
	w->wire.out_failed = true;
	w->wire.system_error = system_error;
	buffer_taken(&w->wire.out, buffer_size(&w->wire.out));
	buffer_rest(&w->wire.out, w->pool);
}

static struct owned_wire *new_wire(struct loop *loop, struct pool *pool, wire_event *on_event,
                                   void *owner)
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

static enum error open_socket(struct owned_wire *w)
{
	w->socket = memory_new(1, SOCKET_BYTES);
	return w->socket ? OK : ERROR_OUT_OF_MEMORY;
}

static void abandon_socket(struct owned_wire *w, bool reset)
{
	if (w->connection)
		connection_leave(w->connection, reset);
	w->connection = NULL;
	memory_free(w->socket);
	w->socket = NULL;
	w->reading = false;
	w->wire.out.pinned = false;
	w->writing_bytes = 0;
}

static struct connection *find_connection(struct loop *loop, int number)
{
	struct list *node = loop->connections.next;

	while (LIST_OBJECT(node, struct connection, node)->number != (unsigned)number)
		node = node->next;
	return LIST_OBJECT(node, struct connection, node);
}

enum error wire_accept(struct loop *loop, struct pool *pool, int fd, bool is_unix,
                       wire_event *on_event, void *owner, struct wire **ret_wire)
{
	struct connection *connection = find_connection(loop, fd);
	struct owned_wire *w = new_wire(loop, pool, on_event, owner);
	enum error error = w ? open_socket(w) : ERROR_OUT_OF_MEMORY;

	(void)is_unix;
	if (error) {
		connection_leave(connection, false);
		memory_free(w);
		return error;
	}
	w->connection = connection;
	connection->wire = w;
	w->wire.phase = WIRE_OPEN;
	*ret_wire = &w->wire;
	return OK;
}

/* Begins to connect to the next address that lets us; false: none is left. */
static bool try_next_address(struct owned_wire *w)
{
	while (w->address_next < w->address_count) {
		const struct address *address = &w->addresses[w->address_next++];

		if (open_socket(w))
			continue;

		struct connection *connection = connection_new(w->loop);

		w->connection = connection;
		connection->wire = w;
		connection->connecting = true;
		connection->fate = w->loop->on_connect(w->loop->owner, connection, address);
		if (connection->fate != FATE_REFUSED_AT_ONCE)
			return true;
		w->wire.system_error = ECONNREFUSED;
		abandon_socket(w, false);
	}
	return false;
}

enum error wire_connect(struct loop *loop, struct pool *pool, const struct address *addresses,
                        size_t address_count, wire_event *on_event, void *owner,
                        struct wire **ret_wire)
{
	struct owned_wire *w = new_wire(loop, pool, on_event, owner);

	if (!w)
		return ERROR_OUT_OF_MEMORY;
	w->address_count = address_count < ADDRESSES_MAX ? address_count : ADDRESSES_MAX;
	w->addresses = memory_new(w->address_count, sizeof(*w->addresses));
	if (!w->addresses) {
		memory_free(w);
		return ERROR_OUT_OF_MEMORY;
	}
	for (size_t i = 0; i < w->address_count; i++)
		w->addresses[i] = addresses[i];
	w->wire.phase = WIRE_CONNECTING;
	if (!try_next_address(w))
		fail(w, w->wire.system_error ? ERROR_CONNECT_REFUSED : ERROR_CONNECT_FAILED,
		     w->wire.system_error);
	*ret_wire = &w->wire;
	return OK;
}

bool wire_can_connect(const struct connection *connection)
{
	return connection->connecting && connection->fate != FATE_UNANSWERED &&
	       connection->decided_ms <= connection->loop->now_ms;
}

void wire_let_connect(struct connection *connection)
{
	struct owned_wire *w = connection->wire;

	connection->connecting = false;
	if (connection->fate == FATE_ACCEPTED) {
		trace("connection %u: connected", connection->number);
		memory_free(w->addresses);
		w->addresses = NULL;
		w->wire.phase = WIRE_OPEN;
		w->wire.moved_ms = loop_now_ms(w->loop);
		emit(w);
		return;
	}
	trace("connection %u: refused", connection->number);
	w->wire.system_error = ECONNREFUSED;
	abandon_socket(w, false);
	if (!try_next_address(w)) {
		fail(w, ERROR_CONNECT_REFUSED, ECONNREFUSED);
		emit(w);
	}
}

void wire_set_owner(struct wire *wire, wire_event *on_event, void *owner)
{
	owned(wire)->on_event = on_event;
	owned(wire)->owner = owner;
}

static void adapt(enum block_size *size, size_t bytes, size_t capacity)
{
	if (bytes > capacity - capacity / 4 && *size < BLOCK_HUGE)
		(*size)++;
	else if (bytes < capacity / 8 && *size > BLOCK_RECORD)
		(*size)--;
}

static void on_no_block(struct owned_wire *w)
{
	w->reading = false;
	if (w->wire.in.data)
		return;
	trace("connection %u: no memory to read into", w->connection->number);
	list_remove(&w->starved);
	list_add_last(&w->loop->starved, &w->starved);
	if (w->loop->starved_again.at_ms == DEADLINE_NEVER)
		loop_set_deadline(w->loop, &w->loop->starved_again, STARVED_RETRY_MS);
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
		emit(w);
	}
}

bool wire_can_read(const struct connection *connection)
{
	const struct lane *lane = &connection->to_proxy;

	return connection->wire && !connection->connecting && connection->wire->reading &&
	       (bytes_size(&lane->queue) > 0 || lane->ended || lane->reset);
}

static void read_bytes(struct owned_wire *w, size_t available)
{
	struct buffer *in = &w->wire.in;
	struct lane *lane = &w->connection->to_proxy;
	size_t room = buffer_room(in);
	size_t size = connection_portion(w->connection, lane, available < room ? available : room);

	trace("connection %u: the proxy reads %zu of %zu bytes", w->connection->number, size,
	      available);
	(void)buffer_put(in, span_cut(bytes_content(&lane->queue), 0, size));
	lane_take(lane, size);
	w->wire.received_bytes += size;
	w->wire.moved_ms = loop_now_ms(w->loop);
	if (size == room && in->capacity == block_bytes(w->in_size) && w->in_size < BLOCK_HUGE)
		w->in_size++;
	else if (buffer_size(in) == size)
		adapt(&w->in_size, size, in->capacity);
	emit(w);
}

void wire_let_read(struct connection *connection)
{
	struct owned_wire *w = connection->wire;
	struct lane *lane = &connection->to_proxy;
	size_t available = bytes_size(&lane->queue);
	struct buffer *in = &w->wire.in;

	/* It stays as it is if there is no larger block. */
	if (in->data && in->capacity < block_bytes(w->in_size) && buffer_grow(in, w->pool, w->in_size))
		w->in_size = block_size_of(in->capacity);
	if (buffer_open(&w->wire.in, w->pool, w->in_size) || buffer_room(&w->wire.in) == 0) {
		on_no_block(w);
		return;
	}
	if (available > 0) {
		read_bytes(w, available);
		return;
	}
	buffer_rest(&w->wire.in, w->pool);
	w->reading = false;
	trace("connection %u: the proxy reads %s", connection->number,
	      lane->reset ? "a reset" : "the end");
	if (lane->reset) {
		fail(w, ERROR_CONNECTION_RESET, ECONNRESET);
	} else {
		lane->end_taken = true;
		w->wire.in_ended = true;
	}
	emit(w);
}

void wire_want_read(struct wire *wire, bool wanted)
{
	struct owned_wire *w = owned(wire);
	bool has_room = !wire->in.data || buffer_room(&wire->in) > 0;
	bool read = wanted && has_room && wire->phase == WIRE_OPEN && !wire->in_ended;

	w->loop->calls++;
	if (!read) {
		w->reading = false;
		return;
	}
	if (list_is_empty(&w->starved))
		w->reading = true;
}

enum error wire_local_address(const struct wire *wire, struct address *ret_address)
{
	(void)wire;
	return address_parse(SPAN("192.0.2.1:443"), ret_address);
}

uint64_t wire_taken_bytes(const struct wire *wire)
{
	const struct connection *connection = wire_connection(wire);

	return connection ? connection->from_proxy.taken_bytes : wire->sent_bytes;
}

bool wire_is_quiet(const struct wire *wire)
{
	const struct owned_wire *w = (const struct owned_wire *)(const void *)wire;
	const struct lane *lane = &w->connection->to_proxy;

	return wire->phase == WIRE_OPEN && buffer_is_empty(&wire->in) && !wire->in_ended &&
	       bytes_size(&lane->queue) == 0 && !lane->ended && !lane->reset;
}

/* Here each write that moves is seen at once. */
uint64_t wire_unsent_ms(const struct wire *wire)
{
	const struct owned_wire *w = (const struct owned_wire *)(const void *)wire;

	return loop_now_ms(w->loop) - w->sent_ms;
}

void wire_note_progress(struct wire *wire)
{
	(void)wire;
}

bool wire_open_out(struct wire *wire, size_t wanted)
{
	return buffer_open(&wire->out, owned(wire)->pool, block_size_for(wanted)) == OK;
}

static void wrote(struct owned_wire *w, size_t size)
{
	buffer_taken(&w->wire.out, size);
	w->wire.sent_bytes += size;
	w->wire.moved_ms = w->sent_ms = loop_now_ms(w->loop);
}

/* What the kernel takes of it now. */
static size_t write_now(struct owned_wire *w, struct span bytes)
{
	struct connection *connection = w->connection;
	struct lane *lane = &connection->from_proxy;
	size_t room = connection->peer_closed ? bytes.size : lane_room(lane);
	size_t size = connection_portion(connection, lane, bytes.size < room ? bytes.size : room);

	trace("connection %u: the proxy writes %zu of %zu bytes", connection->number, size, bytes.size);
	bytes = span_cut(bytes, 0, size);
	w->loop->on_sent(w->loop->owner, connection, bytes);
	if (!connection->peer_closed)
		(void)lane_put(lane, bytes);
	return size;
}

bool wire_can_write(const struct connection *connection)
{
	return connection->wire && connection->wire->writing_bytes > 0 &&
	       (connection->peer_closed || lane_room(&connection->from_proxy) > 0);
}

void wire_let_write(struct connection *connection)
{
	struct owned_wire *w = connection->wire;
	size_t bytes = w->writing_bytes;
	bool failed = connection_write_fails(connection);

	if (!failed) {
		struct span rest = span_cut(buffer_content(&w->wire.out), w->written_bytes, bytes);

		w->written_bytes += write_now(w, rest);
		if (w->written_bytes < bytes)
			return;
	}
	w->writing_bytes = 0;
	w->written_bytes = 0;
	w->wire.out.pinned = false;
	if (failed)
		fail_out(w, EPIPE);
	else
		wrote(w, bytes);
	emit(w);
}

/* As uv_try_write(): what goes at once. False: the peer takes no more. */
static bool try_write(struct owned_wire *w)
{
	struct random *random = w->loop->random;
	size_t written = 0;

	if (connection_write_fails(w->connection)) {
		fail_out(w, EPIPE);
		return false;
	}
	/* With nothing under way the kernel has room. */
	if (bytes_size(&w->connection->from_proxy.queue) == 0 || random_chance(random, 75))
		written = write_now(w, buffer_content(&w->wire.out));
	if (written > 0)
		wrote(w, written);
	return true;
}

void wire_flush(struct wire *wire)
{
	struct owned_wire *w = owned(wire);

	w->loop->calls++;
	if (wire->phase != WIRE_OPEN || w->writing_bytes > 0)
		return;
	if (wire->out_failed)
		buffer_taken(&wire->out, buffer_size(&wire->out));
	if (!buffer_is_empty(&wire->out)) {
		if (!try_write(w))
			return;
		wire->given_bytes = wire->sent_bytes + buffer_size(&wire->out);
		if (!buffer_is_empty(&wire->out)) {
			w->writing_bytes = buffer_size(&wire->out);
			w->written_bytes = 0;
			wire->out.pinned = true;
			return;
		}
	}
	buffer_rest(&wire->out, w->pool);
	if (w->end_wanted && !wire->out_ended && !wire->out_failed) {
		trace("connection %u: the proxy ends its side", w->connection->number);
		wire->out_ended = true;
		w->connection->from_proxy.ended = true;
	}
}

void wire_end(struct wire *wire)
{
	owned(wire)->end_wanted = true;
	wire_flush(wire);
}

static void close_wire(struct wire *wire, bool reset)
{
	struct owned_wire *w = owned(wire);

	list_remove(&w->starved);
	abandon_socket(w, reset);
	buffer_close(&wire->in, w->pool);
	buffer_close(&wire->out, w->pool);
	memory_free(w->addresses);
	memory_free(w);
}

void wire_close(struct wire *wire)
{
	if (wire)
		close_wire(wire, false);
}

void wire_reset(struct wire *wire)
{
	if (wire)
		close_wire(wire, true);
}
