#include "tls/session.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tls/alert.h"
#include "tls/failure.h"
#include "tls/session_private.h"

const char *tls_phase_name(enum tls_phase phase)
{
	static const char *const names[TLS_PHASE_COUNT] = {
		[TLS_HELLO] = "hello",   [TLS_HANDSHAKE] = "handshake",
		[TLS_OPEN] = "open",     [TLS_CLOSED_BY_PEER] = "closed_by_peer",
		[TLS_FAILED] = "failed",
	};

	check(phase < TLS_PHASE_COUNT);
	return names[phase];
}

/* --- Beginning and end -------------------------------------------------------------------- */

enum error tls_session_new(struct tls_server *server, struct tls_session **ret_session)
{
	struct tls_session *session = memory_new(1, sizeof(*session));

	if (!session)
		return ERROR_OUT_OF_MEMORY;
	session->server = tls_server_ref(server);
	session->facts = (struct tls_facts){
		.certificate = -1,
		.alert_received = -1,
		.alert_sent = -1,
		.started_us = clock_now_us(),
	};
	*ret_session = session;
	return OK;
}

void tls_session_free(struct tls_session *session)
{
	if (!session)
		return;
	session_free_library(session);
	session_free_handshake(session);
	tls_channel_done(&session->channel);
	memory_free(session->timeline);
	memory_free(session->name);
	tls_identity_free(session->identity);
	(void)session_charge(session, 0);
	tls_server_unref(session->server);
	memory_wipe(session, sizeof(*session));
	memory_free(session);
}

/* --- Application data --------------------------------------------------------------------- */

static bool is_open(const struct tls_session *session)
{
	return session->phase == TLS_OPEN || session->phase == TLS_CLOSED_BY_PEER;
}

static void note_alerts(struct tls_session *session)
{
	if (session->channel.alert_received >= 0)
		session->facts.alert_received = session->channel.alert_received;
	if (session->channel.alert_sent >= 0)
		session->facts.alert_sent = session->channel.alert_sent;
}

static enum error advance_open(struct tls_session *session, bool wire_ended,
                               struct buffer *plain_in)
{
	enum error error =
		tls_channel_read(&session->channel, session->wire_in, session->wire_out, plain_in);

	note_alerts(session);
	if (error)
		return session_fail(session, error, 0);
	if (session->channel.has_ended)
		session->phase = TLS_CLOSED_BY_PEER;
	else if (wire_ended && !tls_channel_can_read(&session->channel, session->wire_in))
		return session_fail(session, ERROR_TLS_TRUNCATED, 0);
	return OK;
}

enum error tls_session_advance(struct tls_session *session, struct buffer *wire_in, bool wire_ended,
                               struct buffer *wire_out, struct buffer *plain_in, bool *ret_moved)
{
	size_t in = buffer_size(wire_in);
	size_t out = buffer_size(wire_out);
	size_t plain = buffer_size(plain_in);
	enum tls_phase phase = session->phase;
	enum error error = session->error;

	session->wire_in = wire_in;
	session->wire_out = wire_out;
	session->has_bytes = session->has_bytes || in > 0;
	(void)tls_library_starved();
	if (session->phase == TLS_HELLO)
		error = session_advance_hello(session, wire_ended);
	tls_server_work_on(session->server, session->handshake, &session->facts.alert_received);
	if (session->phase == TLS_HANDSHAKE)
		error = session_advance_handshake(session, wire_ended);
	if (session->phase == TLS_OPEN)
		error = advance_open(session, wire_ended, plain_in);
	tls_server_work_on(session->server, NULL, NULL);
	session->wire_in = session->wire_out = NULL;
	*ret_moved = session->phase != phase || buffer_size(wire_in) != in ||
	             buffer_size(wire_out) != out || buffer_size(plain_in) != plain;
	return error;
}

enum error tls_session_write(struct tls_session *session, struct span plain,
                             struct buffer *wire_out, size_t *ret_taken)
{
	if (session->error)
		return session->error;
	if (!is_open(session)) {
		*ret_taken = 0;
		return OK;
	}
	(void)tls_library_starved();

	enum error error = tls_channel_write(&session->channel, plain, wire_out, ret_taken);

	note_alerts(session);
	return error ? session_fail(session, error, 0) : OK;
}

void tls_session_begin_small(struct tls_session *session)
{
	if (is_open(session))
		tls_channel_begin_small(&session->channel);
}

bool tls_session_close(struct tls_session *session, struct buffer *wire_out)
{
	bool is_closed = !is_open(session) || tls_channel_close(&session->channel, wire_out);

	note_alerts(session);
	return is_closed;
}

/* --- Asking ------------------------------------------------------------------------------- */

enum tls_phase tls_session_phase(const struct tls_session *session)
{
	return session->phase;
}

bool tls_session_has_pending(const struct tls_session *session)
{
	return session->channel.held > 0;
}

bool tls_session_left_tickets(const struct tls_session *session)
{
	return session->phase == TLS_OPEN && session->has_left_tickets;
}

bool tls_session_is_worn(const struct tls_session *session)
{
	return is_open(session) && tls_channel_is_worn(&session->channel);
}

const struct tls_facts *tls_session_facts(const struct tls_session *session)
{
	return &session->facts;
}

const struct tls_sites *tls_session_sites(const struct tls_session *session)
{
	return tls_server_sites(session->server);
}

static struct tls_failure failure_of(const struct tls_session *session, enum error error)
{
	return (struct tls_failure){
		.error = session->error ? session->error : error,
		.code = session->code,
		.facts = &session->facts,
		.handshake = session->handshake,
		.words = session->words,
		.has_begun = session->has_begun,
		.has_bytes = session->has_bytes,
	};
}

void tls_session_explain_end(const struct tls_session *session, enum error error, struct text *text)
{
	struct tls_failure failure = failure_of(session, error);

	tls_failure_explain(&failure, text);
}

void tls_session_explain_remedy(const struct tls_session *session, struct text *text)
{
	struct tls_failure failure = failure_of(session, OK);

	tls_failure_explain_remedy(&failure, text);
}

void tls_session_explain(const struct tls_session *session, struct text *text)
{
	tls_session_explain_end(session, OK, text);
}

bool tls_session_ja4(const struct tls_session *session, char ret_ja4[TLS_JA4_SIZE])
{
	const struct tls_handshake *handshake = session->handshake;

	return handshake && handshake->is_read && tls_ja4(&handshake->hello, ret_ja4) == OK;
}

const struct tls_timeline *tls_session_timeline(const struct tls_session *session)
{
	return session->timeline;
}

void tls_session_drop_timeline(struct tls_session *session)
{
	memory_free(session->timeline);
	session->timeline = NULL;
}
