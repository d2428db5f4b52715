/* The connections and their peers' side. */

#include "sim/fake_net.h"

#include <stdlib.h>

#include "sim/trace.h"

enum {
	GRAIN_BYTE_MAX = 1500, /* after so many bytes in one direction single bytes are too slow */
	LATENCY_MS_MAX = 20,   /* of connecting, mostly */
};

size_t lane_room(const struct lane *lane)
{
	size_t used = bytes_size(&lane->queue);

	return used < lane->capacity ? lane->capacity - used : 0;
}

size_t lane_put(struct lane *lane, struct span bytes)
{
	size_t room = lane_room(lane);
	size_t size = bytes.size < room ? bytes.size : room;

	bytes_put(&lane->queue, span_cut(bytes, 0, size));
	lane->put_bytes += size;
	return size;
}

void lane_take(struct lane *lane, size_t size)
{
	bytes_taken(&lane->queue, size);
	lane->taken_bytes += size;
}

/* Some of what is under way never arrives. */
static void lane_lose(struct lane *lane, struct random *random)
{
	size_t size = bytes_size(&lane->queue);
	size_t lost = size > 0 && random_chance(random, 70) ? random_between(random, 1, size) : 0;

	lane->queue.end -= lost;
	lane->put_bytes -= lost;
	lane->lost_bytes += lost;
}

static void lane_reset(struct lane *lane, struct random *random)
{
	if (lane->reset)
		return;
	lane_lose(lane, random);
	lane->reset = true;
	/* A reset overtakes the end, unless that was received before. */
	if (!lane->end_taken)
		lane->ended = false;
}

static size_t choose_capacity(struct random *random)
{
	return random_chance(random, 30) ? random_between(random, 64, 2000)
	                                 : random_between(random, 4096, 200000);
}

struct connection *connection_new(struct loop *loop)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		abort();
	connection->loop = loop;
	connection->number = loop->connection_count++;
	connection->to_proxy.capacity = choose_capacity(loop->random);
	connection->from_proxy.capacity = choose_capacity(loop->random);
	connection->grain = (enum grain)random_below(loop->random, GRAIN_COUNT);
	connection->pace = (unsigned)random_between(loop->random, 1, 16);
	connection->decided_ms = loop->now_ms + random_size(loop->random, LATENCY_MS_MAX);
	list_add_last(&loop->connections, &connection->node);
	return connection;
}

size_t connection_portion(struct connection *connection, const struct lane *lane, size_t available)
{
	struct random *random = connection->loop->random;
	enum grain grain = connection->grain;

	if (available <= 1)
		return available;
	if (lane->put_bytes > GRAIN_BYTE_MAX && grain < GRAIN_MIXED)
		grain = GRAIN_MIXED;
	switch (grain) {
	case GRAIN_BYTE:
		return 1;
	case GRAIN_SMALL:
		return random_between(random, 1, available < 40 ? available : 40);
	case GRAIN_MIXED:
		if (random_chance(random, 10))
			return 1;
		return random_chance(random, 40) ? available : random_between(random, 1, available);
	case GRAIN_WHOLE:
	case GRAIN_COUNT:
		break;
	}
	return available;
}

void connection_leave(struct connection *connection, bool reset)
{
	struct random *random = connection->loop->random;

	check(!connection->proxy_closed);
	connection->proxy_closed = true;
	connection->connecting = false;
	connection->wire = NULL;
	/* RFC 9112 §9.6: a close with bytes unread is a reset for the peer. */
	connection->closed_unread = bytes_size(&connection->to_proxy.queue) > 0;
	trace("connection %u: the proxy %s it%s", connection->number, reset ? "resets" : "closes",
	      connection->closed_unread ? " with bytes unread" : "");
	if (reset || connection->closed_unread)
		lane_reset(&connection->from_proxy, random);
	else
		connection->from_proxy.ended = true;
}

bool connection_write_fails(struct connection *connection)
{
	struct random *random = connection->loop->random;

	if (!connection->peer_closed)
		return false;
	if (connection->to_proxy.reset)
		return true;
	/* The peer has closed; what we send is answered by a reset, after a while. */
	if (random_chance(random, 50))
		lane_reset(&connection->to_proxy, random);
	return false;
}

size_t connection_send(struct connection *connection, struct span bytes)
{
	check(!connection->peer_closed);
	if (!connection->proxy_closed)
		return lane_put(&connection->to_proxy, bytes);
	/* Nobody is there any more: it is swallowed, and the reset comes back. */
	connection->closed_unread = true;
	lane_reset(&connection->from_proxy, connection->loop->random);
	return bytes.size;
}

void connection_end(struct connection *connection)
{
	trace("connection %u: the peer ends its side", connection->number);
	connection->to_proxy.ended = true;
}

void connection_reset(struct connection *connection)
{
	if (connection->peer_closed)
		return;
	trace("connection %u: the peer resets it", connection->number);
	connection->peer_closed = true;
	lane_reset(&connection->to_proxy, connection->loop->random);
}

void connection_close(struct connection *connection)
{
	if (connection->peer_closed)
		return;
	if (bytes_size(&connection->from_proxy.queue) > 0 && !connection->proxy_closed) {
		connection_reset(connection);
		return;
	}
	trace("connection %u: the peer closes it", connection->number);
	connection->peer_closed = true;
	connection->to_proxy.ended = true;
}

bool connection_has_news(const struct connection *connection)
{
	const struct lane *lane = &connection->from_proxy;

	return !connection->peer_closed && !connection->connecting &&
	       (bytes_size(&lane->queue) > 0 || lane->reset || (lane->ended && !lane->end_taken));
}

enum received connection_receive(struct connection *connection, struct bytes *ret_bytes)
{
	struct lane *lane = &connection->from_proxy;
	size_t size = connection_portion(connection, lane, bytes_size(&lane->queue));

	if (size > 0) {
		bytes_put(ret_bytes, span_cut(bytes_content(&lane->queue), 0, size));
		lane_take(lane, size);
		return RECEIVED_BYTES;
	}
	if (lane->reset)
		return RECEIVED_RESET;
	if (!lane->ended || lane->end_taken)
		return RECEIVED_NOTHING;
	lane->end_taken = true;
	return RECEIVED_END;
}
