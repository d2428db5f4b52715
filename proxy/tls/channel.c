#include "tls/channel.h"

#include "base/check.h"
#include "base/memory.h"
#include "tls/alert.h"

enum {
	WARNING = 1,
	FATAL = 2,
	KEY_UPDATE = 24,
	KEY_UPDATE_SIZE = 5,
	UPDATE_NOT_REQUESTED = 0,
	UPDATE_REQUESTED = 1,
};

void tls_channel_init(struct tls_channel *channel, const struct tls_record_keys *in,
                      const struct tls_record_keys *out, uint64_t records_max)
{
	uint64_t most = tls_protection_records_max(out->protection);

	check(!in->seals && out->seals);
	*channel = (struct tls_channel){
		.records_max = records_max > 0 && records_max < most ? records_max : most,
		.alert_received = -1,
		.alert_sent = -1,
	};
	channel->in = *in; /* not above: no copy may stay on the stack */
	channel->out = *out;
}

void tls_channel_done(struct tls_channel *channel)
{
	tls_record_keys_done(&channel->in);
	tls_record_keys_done(&channel->out);
}

/* --- Writing ------------------------------------------------------------------------------ */

/* There is room. */
static enum error put_record(struct tls_channel *channel, enum tls_content type,
                             struct span content, struct buffer *wire_out)
{
	size_t size = 0;
	enum error error =
		tls_record_seal(&channel->out, type, content, buffer_room_at(wire_out), &size);

	if (!error)
		buffer_filled(wire_out, size);
	return error;
}

static bool has_room(const struct tls_channel *channel, size_t content,
                     const struct buffer *wire_out)
{
	return buffer_room(wire_out) >= content + tls_protection_overhead(channel->out.protection);
}

/* A connection that can not say why it ends, ends all the same. */
static void put_alert(struct tls_channel *channel, int level, int alert, struct buffer *wire_out)
{
	char content[2] = {(char)level, (char)alert};

	if (!has_room(channel, sizeof(content), wire_out) ||
	    put_record(channel, TLS_CONTENT_ALERT, span_of(content, sizeof(content)), wire_out))
		return;
	if (level == FATAL || alert == TLS_ALERT_CLOSE_NOTIFY)
		channel->alert_sent = alert;
}

static enum error fail(struct tls_channel *channel, enum error error, int alert,
                       struct buffer *wire_out)
{
	if (!channel->has_closed)
		put_alert(channel, FATAL, alert, wire_out);
	channel->has_closed = true;
	return error;
}

/* Our next keys; the message is the last thing under the old ones (RFC 8446 §4.6.3). */
static enum error put_key_update(struct tls_channel *channel, int request, struct buffer *wire_out)
{
	char message[KEY_UPDATE_SIZE] = {KEY_UPDATE, 0, 0, 1, (char)request};
	struct tls_record_keys next = {0};
	/* First what can fail for want of memory: no client may be told of keys that never come. */
	enum error error = tls_record_keys_next(&channel->out, &next);

	if (!error)
		error =
			put_record(channel, TLS_CONTENT_HANDSHAKE, span_of(message, sizeof(message)), wire_out);
	if (error) {
		tls_record_keys_done(&next);
		return error;
	}
	tls_record_keys_done(&channel->out);
	channel->out = next;
	memory_wipe(&next, sizeof(next));
	return OK;
}

static bool can_update(const struct tls_channel *channel)
{
	return tls_protection_has_key_update(channel->out.protection);
}

/* What must go out before more data: an owed KeyUpdate, or ours in good time. */
static enum error renew_key(struct tls_channel *channel, struct buffer *wire_out)
{
	bool is_old = channel->out.sequence >= channel->records_max / 2;

	if (!can_update(channel) || channel->has_closed || (!is_old && !channel->owes_key_update) ||
	    !has_room(channel, KEY_UPDATE_SIZE, wire_out))
		return OK;
	channel->owes_key_update = false;

	enum error error = put_key_update(channel, UPDATE_NOT_REQUESTED, wire_out);

	return error ? fail(channel, error, TLS_ALERT_INTERNAL_ERROR, wire_out) : OK;
}

/* The key has protected what it may; close_notify has room in the limit's margin. */
static enum error end_worn(struct tls_channel *channel, struct buffer *wire_out)
{
	if (!channel->has_closed)
		put_alert(channel, WARNING, TLS_ALERT_CLOSE_NOTIFY, wire_out);
	channel->has_closed = true;
	return ERROR_TLS_KEY_LIMIT;
}

/* How many bytes of `left` the next record takes; 0: none now. */
static size_t next_record(const struct tls_channel *channel, size_t left,
                          const struct buffer *wire_out)
{
	size_t room = buffer_room(wire_out);
	size_t reserve = tls_protection_overhead(channel->out.protection) + TLS_CHANNEL_RESERVE;
	size_t most = channel->small_left > 0 ? TLS_CHANNEL_SMALL_SIZE : TLS_RECORD_CONTENT_MAX;
	size_t size = left < most ? left : most;

	if (room <= reserve)
		return 0;
	if (size <= room - reserve)
		return size;
	return room - reserve >= wire_out->capacity / 4 ? room - reserve : 0;
}

enum error tls_channel_write(struct tls_channel *channel, struct span plain,
                             struct buffer *wire_out, size_t *ret_taken)
{
	size_t taken = 0;
	enum error error = OK;

	while (!error && !channel->has_closed && taken < plain.size) {
		error = renew_key(channel, wire_out);

		size_t size = next_record(channel, plain.size - taken, wire_out);

		if (error || size == 0)
			break;
		if (channel->out.sequence >= channel->records_max) {
			error = end_worn(channel, wire_out);
			break;
		}
		error = put_record(channel, TLS_CONTENT_APPLICATION, span_cut(plain, taken, taken + size),
		                   wire_out);
		if (!error)
			taken += size;
		channel->small_left -= channel->small_left > 0;
	}
	if (!error)
		*ret_taken = taken;
	return error;
}

void tls_channel_begin_small(struct tls_channel *channel)
{
	channel->small_left = TLS_CHANNEL_SMALL_RECORDS;
}

bool tls_channel_close(struct tls_channel *channel, struct buffer *wire_out)
{
	if (channel->has_closed)
		return true;
	if (!has_room(channel, 2, wire_out))
		return false;
	put_alert(channel, WARNING, TLS_ALERT_CLOSE_NOTIFY, wire_out);
	channel->has_closed = true;
	return true;
}

bool tls_channel_is_worn(const struct tls_channel *channel)
{
	uint64_t half = channel->records_max / 2;
	uint64_t most = channel->in.sequence;

	if (!can_update(channel) && channel->out.sequence > most)
		most = channel->out.sequence;
	return most >= half;
}

/* --- Reading ------------------------------------------------------------------------------ */

static enum error take_alert(struct tls_channel *channel, struct span content,
                             struct buffer *wire_out)
{
	if (content.size != 2)
		return fail(channel, ERROR_TLS_RECORD, TLS_ALERT_DECODE_ERROR, wire_out);

	int level = (unsigned char)content.data[0];
	int alert = (unsigned char)content.data[1];
	bool is_harmless = can_update(channel) ? alert == TLS_ALERT_USER_CANCELED : level == WARNING;

	if (alert == TLS_ALERT_CLOSE_NOTIFY) {
		channel->has_ended = true;
		return OK;
	}
	if (is_harmless)
		return OK;
	channel->alert_received = alert;
	channel->has_closed = true; /* nothing may be sent after it (RFC 8446 §6.2) */
	return ERROR_TLS_ALERT;
}

static enum error update_in(struct tls_channel *channel, struct buffer *wire_out)
{
	enum error error = tls_record_keys_update(&channel->in);

	return error ? fail(channel, error, TLS_ALERT_INTERNAL_ERROR, wire_out) : OK;
}

/* A whole message in a record of its own, or none that we take. */
static enum error take_handshake(struct tls_channel *channel, struct span content,
                                 struct buffer *wire_out)
{
	static const char head[] = {KEY_UPDATE, 0, 0, 1};

	if (!can_update(channel)) {
		/* After close_notify nothing may be sent. */
		if (!channel->has_closed)
			put_alert(channel, WARNING, TLS_ALERT_NO_RENEGOTIATION, wire_out);
		return OK;
	}
	if (content.size != KEY_UPDATE_SIZE ||
	    !span_equal(span_cut(content, 0, sizeof(head)), span_of(head, sizeof(head))))
		return fail(channel, ERROR_TLS_RECORD, TLS_ALERT_UNEXPECTED_MESSAGE, wire_out);

	int request = (unsigned char)content.data[KEY_UPDATE_SIZE - 1];

	if (request > UPDATE_REQUESTED)
		return fail(channel, ERROR_TLS_RECORD, TLS_ALERT_ILLEGAL_PARAMETER, wire_out);
	channel->owes_key_update |= request == UPDATE_REQUESTED;
	return update_in(channel, wire_out);
}

static enum error take_content(struct tls_channel *channel, enum tls_content type,
                               struct span content, struct buffer *wire_out)
{
	bool is_idle = type != TLS_CONTENT_APPLICATION || content.size == 0;

	channel->idle_records = is_idle ? channel->idle_records + 1 : 0;
	if (channel->idle_records > TLS_CHANNEL_IDLE_RECORDS_MAX)
		return fail(channel, ERROR_TLS_RECORD, TLS_ALERT_UNEXPECTED_MESSAGE, wire_out);
	switch (type) {
	case TLS_CONTENT_APPLICATION:
		return OK;
	case TLS_CONTENT_ALERT:
		return take_alert(channel, content, wire_out);
	case TLS_CONTENT_HANDSHAKE:
		return take_handshake(channel, content, wire_out);
	default:
		return fail(channel, ERROR_TLS_RECORD, TLS_ALERT_UNEXPECTED_MESSAGE, wire_out);
	}
}

/* Opens the first record of wire_in, which is whole: into plain_in if that has room, else in
 * place. */
static enum error take_record(struct tls_channel *channel, size_t record_size,
                              struct buffer *wire_in, struct buffer *wire_out,
                              struct buffer *plain_in)
{
	char *record = wire_in->data + wire_in->start;
	size_t before = tls_protection_content_at(channel->in.protection);
	bool in_place = buffer_room(plain_in) < record_size;
	char *at = in_place ? record + before : buffer_room_at(plain_in);
	enum tls_content type;
	size_t size;
	int alert;

	if (channel->in.sequence >= channel->records_max)
		return end_worn(channel, wire_out);
	if (tls_record_open(&channel->in, span_of(record, record_size), at, &size, &type, &alert))
		return fail(channel, ERROR_TLS_RECORD, alert, wire_out);

	enum error error = take_content(channel, type, span_of(at, size), wire_out);

	if (error || type != TLS_CONTENT_APPLICATION || !in_place || size == 0) {
		if (!error && type == TLS_CONTENT_APPLICATION && !in_place)
			buffer_filled(plain_in, size);
		buffer_taken(wire_in, record_size);
		return error;
	}
	buffer_taken(wire_in, before);
	channel->held = size;
	channel->held_end = record_size - before - size;
	return OK;
}

static void move_held(struct tls_channel *channel, struct buffer *wire_in, struct buffer *plain_in)
{
	size_t moved = buffer_put(plain_in, span_cut(buffer_content(wire_in), 0, channel->held));

	buffer_taken(wire_in, moved);
	channel->held -= moved;
	if (channel->held > 0)
		return;
	buffer_taken(wire_in, channel->held_end);
	channel->held_end = 0;
}

bool tls_channel_can_read(const struct tls_channel *channel, const struct buffer *wire_in)
{
	struct span wire = buffer_content(wire_in);
	size_t size = tls_record_size(wire);

	return channel->held > 0 || tls_record_header_alert(channel->in.protection, wire) >= 0 ||
	       (size > 0 && wire.size >= size);
}

enum error tls_channel_read(struct tls_channel *channel, struct buffer *wire_in,
                            struct buffer *wire_out, struct buffer *plain_in)
{
	enum error error = OK;

	while (!error && !channel->has_ended && buffer_room(wire_out) >= TLS_CHANNEL_RESERVE) {
		struct span wire = buffer_content(wire_in);
		size_t size = tls_record_size(wire);
		int alert = tls_record_header_alert(channel->in.protection, wire);

		if (channel->held > 0) {
			move_held(channel, wire_in, plain_in);
			if (channel->held > 0)
				break;
		} else if (alert >= 0) {
			error = fail(channel, ERROR_TLS_RECORD, alert, wire_out);
		} else if (size == 0 || wire.size < size || buffer_room(plain_in) == 0) {
			break;
		} else {
			error = take_record(channel, size, wire_in, wire_out, plain_in);
		}
		if (!error)
			error = renew_key(channel, wire_out);
	}
	return error;
}
