#include "unit/transport/fake_tls.h"

#include <ctype.h>

#include "base/memory.h"

enum { RECORD_MAX = 200, RECORD_HEAD = 2, ALERT_ROOM = 8 };

struct tls_session {
	enum tls_phase phase;
	enum error error;
	bool is_closed;
	unsigned small_begins;
	bool has_tickets;
	size_t pending; /* bytes of a record that is begun, still at the front of wire_in */
};

static unsigned sessions;

struct tls_session *fake_tls_new(void)
{
	struct tls_session *session = memory_new(1, sizeof(*session));

	sessions += session != NULL;
	return session;
}

unsigned fake_tls_count(void)
{
	return sessions;
}

unsigned fake_tls_small_begins(const struct tls_session *session)
{
	return session->small_begins;
}

void tls_session_begin_small(struct tls_session *session)
{
	session->small_begins++;
}

void tls_session_free(struct tls_session *session)
{
	sessions -= session != NULL;
	memory_free(session);
}

enum tls_phase tls_session_phase(const struct tls_session *session)
{
	return session->phase;
}

bool tls_session_has_pending(const struct tls_session *session)
{
	return session->pending > 0;
}

bool tls_session_left_tickets(const struct tls_session *session)
{
	return session->has_tickets;
}

/* No test here lets keys grow old. */
bool tls_session_is_worn(const struct tls_session *session)
{
	(void)session;
	return false;
}

static enum error fail(struct tls_session *session, enum error error)
{
	session->phase = TLS_FAILED;
	session->error = error;
	return error;
}

static bool read_control(struct tls_session *session, struct buffer *wire_in,
                         struct buffer *wire_out)
{
	char byte = buffer_content(wire_in).data[0];

	if (session->phase == TLS_HELLO && byte == 'H') {
		(void)buffer_put(wire_out, SPAN("S"));
		session->phase = TLS_OPEN;
	} else if (session->phase == TLS_HELLO && byte == 'T') {
		(void)buffer_put(wire_out, SPAN("t"));
		session->has_tickets = true;
		session->phase = TLS_OPEN;
	} else if (session->phase == TLS_HELLO && byte == 'G') {
		(void)fail(session, ERROR_TLS_PLAIN_HTTP);
		return false;
	} else if (session->phase == TLS_OPEN && byte == 'c') {
		session->phase = TLS_CLOSED_BY_PEER;
	} else {
		(void)buffer_put(wire_out, SPAN("a"));
		(void)fail(session, ERROR_TLS_ALERT);
	}
	buffer_taken(wire_in, 1);
	return true;
}

static bool read_pending(struct tls_session *session, struct buffer *wire_in,
                         struct buffer *plain_in)
{
	size_t moved = 0;

	while (session->pending > 0 && buffer_room(plain_in) > 0) {
		char byte = (char)tolower((unsigned char)buffer_content(wire_in).data[0]);

		(void)buffer_put(plain_in, span_of(&byte, 1));
		buffer_taken(wire_in, 1);
		session->pending--;
		moved++;
	}
	return moved > 0;
}

/* One step; false: nothing moved. */
static bool read_next(struct tls_session *session, struct buffer *wire_in, struct buffer *wire_out,
                      struct buffer *plain_in)
{
	struct span content = buffer_content(wire_in);

	if (session->pending > 0)
		return read_pending(session, wire_in, plain_in);
	if (content.size == 0 || session->phase == TLS_FAILED)
		return false;
	if (content.data[0] != 'r' || session->phase != TLS_OPEN)
		return read_control(session, wire_in, wire_out);
	if (content.size < RECORD_HEAD || content.size < RECORD_HEAD + (size_t)content.data[1])
		return false;
	session->pending = (size_t)content.data[1];
	buffer_taken(wire_in, RECORD_HEAD);
	return true;
}

enum error tls_session_advance(struct tls_session *session, struct buffer *wire_in, bool wire_ended,
                               struct buffer *wire_out, struct buffer *plain_in, bool *ret_moved)
{
	*ret_moved = false;
	if (session->phase == TLS_FAILED)
		return session->error;
	check(wire_out->capacity >= TLS_WIRE_OUT_MIN);
	while (buffer_room(wire_out) >= ALERT_ROOM && read_next(session, wire_in, wire_out, plain_in))
		*ret_moved = true;
	if (session->phase == TLS_FAILED)
		return session->error;
	if (wire_ended && session->phase < TLS_OPEN)
		return fail(session, ERROR_CONNECTION_CLOSED);
	if (wire_ended && session->phase == TLS_OPEN && session->pending == 0)
		return fail(session, ERROR_TLS_TRUNCATED);
	return OK;
}

enum error tls_session_write(struct tls_session *session, struct span plain,
                             struct buffer *wire_out, size_t *ret_taken)
{
	*ret_taken = 0;
	if (session->phase == TLS_FAILED)
		return session->error;
	if (session->phase < TLS_OPEN || session->is_closed)
		return OK;
	while (plain.size > *ret_taken && buffer_room(wire_out) >= RECORD_HEAD + RECORD_MAX) {
		struct span part = span_cut(plain, *ret_taken, *ret_taken + RECORD_MAX);
		char head[RECORD_HEAD] = {'r', (char)part.size};

		(void)buffer_put(wire_out, span_of(head, sizeof(head)));
		for (size_t i = 0; i < part.size; i++) {
			char byte = (char)toupper((unsigned char)part.data[i]);

			(void)buffer_put(wire_out, span_of(&byte, 1));
		}
		*ret_taken += part.size;
	}
	return OK;
}

bool tls_session_close(struct tls_session *session, struct buffer *wire_out)
{
	if (session->is_closed || session->phase < TLS_OPEN || session->phase == TLS_FAILED)
		return true;
	session->is_closed = buffer_put(wire_out, SPAN("c")) == 1;
	return session->is_closed;
}
