#include "unit/net/ends.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/net/peer.h"
#include "unit/net/rig.h"

void end_close(struct end *end)
{
	wire_close(end->wire);
	end->wire = NULL;
}

void on_end_event(void *owner)
{
	struct end *end = owner;

	assert_non_null(end->wire);
	end->events++;
	if (!end->closes)
		return;
	end->closes = false;
	end_close(end);
	if (end->other)
		end_close(end->other);
}

void end_connect(struct end *end, const struct address *addresses, size_t count)
{
	*end = (struct end){0};
	assert_int_equal(
		wire_connect(rig_loop, &rig_pool, addresses, count, on_end_event, end, &end->wire), OK);
	assert_int_equal(end->events, 0);
}

void end_open(struct end *end, int *ret_peer)
{
	struct address address;
	int listening = peer_listen(&address);

	end_connect(end, &address, 1);
	*ret_peer = peer_accept(listening);
	RIG_UNTIL(end->wire->phase == WIRE_OPEN);
	assert_int_equal(end->events, 1);
	end->events = 0;
	(void)close(listening);
}

void ends_open(struct end *connected, struct end *accepted, bool is_unix)
{
	struct address address;
	int listening;

	if (is_unix)
		peer_unix_address(&address);
	listening = is_unix ? peer_listen_unix(&address) : peer_listen(&address);
	end_connect(connected, &address, 1);
	*accepted = (struct end){0};
	assert_int_equal(wire_accept(rig_loop, &rig_pool, peer_accept(listening), is_unix, on_end_event,
	                             accepted, &accepted->wire),
	                 OK);
	assert_int_equal(accepted->wire->phase, WIRE_OPEN);
	RIG_UNTIL(connected->wire->phase == WIRE_OPEN);
	connected->events = 0;
	(void)close(listening);
	if (is_unix)
		peer_unix_remove(&address);
}

void end_send(struct end *end, const char *text)
{
	unsigned events = end->events;

	assert_true(wire_open_out(end->wire, 0));
	assert_int_equal(buffer_put(&end->wire->out, span_of_string(text)), strlen(text));
	wire_flush(end->wire);
	assert_int_equal(end->events, events);
}

void end_expect(struct end *end, const char *text)
{
	struct buffer *in = &end->wire->in;

	wire_want_read(end->wire, true);
	RIG_UNTIL(buffer_size(in) >= strlen(text));
	assert_int_equal(buffer_size(in), strlen(text));
	assert_memory_equal(buffer_content(in).data, text, strlen(text));
	buffer_taken(in, strlen(text));
}

void end_stuff(struct end *end)
{
	struct stream endless;

	stream_init(&endless, UINT64_MAX, STUFF_SEED);
	while (!end->wire->out.pinned)
		stream_put(&endless, end->wire);
}

void stream_init(struct stream *stream, uint64_t size, uint32_t seed)
{
	*stream = (struct stream){.left = size, .put_state = seed, .take_state = seed};
}

static char next_byte(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return (char)(*state >> 24);
}

void stream_put(struct stream *stream, struct wire *wire)
{
	size_t size = wire_open_out(wire, stream->left) ? buffer_room(&wire->out) : 0;

	if (wire->out.capacity > stream->block_max)
		stream->block_max = wire->out.capacity;
	if (size > stream->left)
		size = (size_t)stream->left;
	if (size > 0) {
		char *room = buffer_room_at(&wire->out);

		for (size_t i = 0; i < size; i++)
			room[i] = next_byte(&stream->put_state);
		buffer_filled(&wire->out, size);
		stream->left -= size;
	}
	wire_flush(wire);
}

void stream_take(struct stream *stream, struct wire *wire, size_t most)
{
	struct span content = span_cut(buffer_content(&wire->in), 0, most);

	if (wire->in.capacity > stream->block_max)
		stream->block_max = wire->in.capacity;
	for (size_t i = 0; i < content.size; i++)
		if (content.data[i] != next_byte(&stream->take_state))
			fail_msg("byte %llu differs", (unsigned long long)stream->taken + i);
	buffer_taken(&wire->in, content.size);
	stream->taken += content.size;
}
