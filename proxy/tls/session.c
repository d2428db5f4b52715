#include "tls/session.h"

#include <mbedtls/ssl.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tls/alert.h"
#include "tls/explain.h"
#include "tls/handshake.h"
#include "tls/hello.h"
#include "tls/iana.h"

enum {
	/* Room in wire_out that only alerts may take, so that one can always be sent. */
	ALERT_ROOM = 128,
	/* A record that is not longer may be an alert. */
	ALERT_RECORD_SIZE_MAX = 64,
};

struct tls_session {
	struct tls_server *server;       /* referenced */
	mbedtls_ssl_context *ssl;        /* NULL in TLS_HELLO */
	struct tls_handshake *handshake; /* in TLS_HANDSHAKE, and in TLS_FAILED if it failed there */
	struct tls_hello_scan scan;
	struct buffer *wire_in; /* Borrows: during a call; NULL in between */
	struct buffer *wire_out;
	enum tls_phase phase;
	enum error error; /* in TLS_FAILED */
	int code;         /* the library's number for it */
	bool has_closed;  /* close_notify is written */
	bool has_sent;    /* something was written in this call */
	size_t record_overhead;
	size_t record_max;
	uint64_t records_max;
	uint64_t records_in;
	uint64_t records_out;
	size_t charged; /* of the budget */
	char *name;     /* facts.server_name */
	struct tls_facts facts;
};

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

/* --- What the library calls --------------------------------------------------------------- */

static int on_receive(void *context, unsigned char *bytes, size_t size)
{
	struct tls_session *session = context;
	struct span content = buffer_content(session->wire_in);

	content = span_cut(content, 0, size);
	if (content.size == 0)
		return MBEDTLS_ERR_SSL_WANT_READ;
	memcpy(bytes, content.data, content.size);
	if (session->handshake)
		tls_observer_received(&session->handshake->observer, content);
	buffer_taken(session->wire_in, content.size);
	return (int)content.size;
}

static int on_send(void *context, const unsigned char *bytes, size_t size)
{
	struct tls_session *session = context;
	size_t room = buffer_room(session->wire_out);
	struct span content = span_of((const char *)bytes, size);

	if (!session->handshake && room < size)
		/* Whoever writes has looked for room; only a flood of alerts can get here. A record that
		 * is half written would make the library lose data at the next write. */
		return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
	if (session->handshake && size > ALERT_RECORD_SIZE_MAX)
		room = room > ALERT_ROOM ? room - ALERT_ROOM : 0;
	content = span_cut(content, 0, room);
	if (content.size == 0)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	(void)buffer_put(session->wire_out, content);
	session->has_sent = true;
	if (session->handshake)
		tls_observer_sent(&session->handshake->observer, content);
	return (int)content.size;
}

/* --- Failing ------------------------------------------------------------------------------ */

static enum error error_for(const struct tls_session *session, int code)
{
	if (session->handshake && session->handshake->error)
		return session->handshake->error;
	if (tls_library_starved())
		return ERROR_OUT_OF_MEMORY;
	/* OpenSSL sends alerts in plaintext still when the library expects them encrypted. */
	if (session->handshake && session->handshake->observer.alert_received >= 0)
		return ERROR_TLS_ALERT;
	switch (code) {
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		return ERROR_TLS_ALERT;
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		return ERROR_CONNECTION_CLOSED; /* during the handshake */
	case MBEDTLS_ERR_SSL_INTERNAL_ERROR:
	case MBEDTLS_ERR_SSL_BAD_CONFIG:
		return ERROR_TLS_INTERNAL;
	case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
	case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE:
		/* What we found wanting, and the library too. */
		if (session->handshake && tls_handshake_is_hopeless(session->handshake))
			return tls_step_error(session->handshake->decision.step);
		break;
	default:
		break;
	}
	return session->phase == TLS_HANDSHAKE ? ERROR_TLS_HANDSHAKE : ERROR_TLS_RECORD;
}

/* Takes over what the observer has seen so far. */
static void note_progress(struct tls_session *session)
{
	const struct tls_observer *observer = &session->handshake->observer;
	struct tls_facts *facts = &session->facts;

	facts->handshake_bytes_in = observer->received.bytes;
	facts->handshake_bytes_out = observer->sent.bytes;
	facts->has_retry = observer->has_retry;
	facts->certificate = session->handshake->certificate;
	if (observer->alert_received >= 0)
		facts->alert_received = observer->alert_received;
	if (observer->alert_sent >= 0)
		facts->alert_sent = observer->alert_sent;
	if (!observer->has_server_hello)
		return;
	if (facts->server_hello_us == 0)
		facts->server_hello_us = clock_now_us();
	facts->version = tls_version_name(observer->version);
	facts->suite = tls_suite_name(observer->suite);
	facts->group = tls_group_name(observer->group);
	facts->resumed = tls_observer_is_resumed(observer);
}

static enum error fail(struct tls_session *session, enum error error, int code)
{
	session->phase = TLS_FAILED;
	session->error = error;
	session->code = code;
	if (session->handshake)
		note_progress(session);
	return error;
}

/* Fails with an error of the library, which has sent an alert or not. */
static enum error fail_with_alert(struct tls_session *session, int code)
{
	struct tls_handshake *handshake = session->handshake;
	enum error error = error_for(session, code);
	int alert = handshake && handshake->alert >= 0 ? handshake->alert : tls_alert_for(code);
	bool has_alerted = handshake ? handshake->observer.has_sent_alert : session->has_sent;

	if (!has_alerted && (error == ERROR_TLS_ALERT || error == ERROR_CONNECTION_CLOSED))
		return fail(session, error, code);
	if (error == ERROR_OUT_OF_MEMORY)
		alert = TLS_ALERT_INTERNAL_ERROR;
	if (!has_alerted)
		(void)mbedtls_ssl_send_alert_message(session->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
		                                     (unsigned char)alert);
	session->facts.alert_sent = alert;
	return fail(session, error, code);
}

/* --- Beginning and end -------------------------------------------------------------------- */

enum error tls_session_new(struct tls_server *server, struct tls_session **ret_session)
{
	struct tls_session *session = memory_new(1, sizeof(*session));

	if (!session)
		return ERROR_OUT_OF_MEMORY;
	session->server = tls_server_ref(server);
	session->records_max = tls_server_records_max(server);
	session->facts = (struct tls_facts){
		.certificate = -1,
		.alert_received = -1,
		.alert_sent = -1,
		.started_us = clock_now_us(),
	};
	*ret_session = session;
	return OK;
}

/* Charges the budget with `bytes` in place of what it was charged with. */
static bool charge(struct tls_session *session, size_t bytes)
{
	struct budget *budget = tls_server_budget(session->server);

	if (bytes > session->charged && !budget_charge(budget, bytes - session->charged))
		return false;
	if (bytes < session->charged)
		budget_release(budget, session->charged - bytes);
	session->charged = bytes;
	return true;
}

static void free_handshake(struct tls_session *session)
{
	if (!session->handshake)
		return;
	tls_handshake_done(session->handshake);
	memory_free(session->handshake);
	session->handshake = NULL;
}

void tls_session_free(struct tls_session *session)
{
	if (!session)
		return;
	if (session->ssl)
		mbedtls_ssl_free(session->ssl);
	memory_free(session->ssl);
	free_handshake(session);
	memory_free(session->name);
	(void)charge(session, 0);
	tls_server_unref(session->server);
	memory_wipe(session, sizeof(*session));
	memory_free(session);
}

/* --- The ClientHello ---------------------------------------------------------------------- */

static enum error keep_name(struct tls_session *session)
{
	struct span name = tls_handshake_name(session->handshake);
	char *copy = memory_new(1, name.size + 1);

	if (!copy)
		return ERROR_OUT_OF_MEMORY;
	memcpy(copy, name.data, name.size);
	session->name = copy;
	session->facts.server_name = span_of(copy, name.size);
	return OK;
}

static enum error set_up_library(struct tls_session *session)
{
	const mbedtls_ssl_config *config;
	enum error error = tls_server_config(session->server, session->handshake, &config);

	if (error)
		return error;
	session->ssl = memory_new(1, sizeof(*session->ssl));
	if (!session->ssl)
		return ERROR_OUT_OF_MEMORY;
	mbedtls_ssl_init(session->ssl);
	if (mbedtls_ssl_setup(session->ssl, config) != 0)
		return ERROR_OUT_OF_MEMORY;
	mbedtls_ssl_set_bio(session->ssl, session, on_send, on_receive, NULL);
	mbedtls_ssl_set_user_data_p(session->ssl, session->handshake);
	return OK;
}

/* From TLS_HELLO to TLS_HANDSHAKE, or to a refusal that costs next to nothing. */
static enum error begin_handshake(struct tls_session *session, struct span wire, bool is_complete)
{
	enum error error = OK;

	session->facts.hello_us = clock_now_us();
	session->handshake = memory_new(1, sizeof(*session->handshake));
	if (!session->handshake)
		return ERROR_OUT_OF_MEMORY;
	tls_handshake_init(session->handshake, session->server);
	if (is_complete)
		error = tls_handshake_read(session->handshake, &session->scan, wire);
	if (!error)
		error = keep_name(session);
	if (error)
		return error;
	if (session->handshake->is_read &&
	    !tls_server_is_for(session->server, session->facts.server_name))
		return ERROR_TLS_UNKNOWN_NAME;
	if (!charge(session, TLS_SESSION_MEMORY_HANDSHAKE))
		return ERROR_OUT_OF_MEMORY;
	error = set_up_library(session);
	if (!error)
		session->phase = TLS_HANDSHAKE;
	return error;
}

static enum error advance_hello(struct tls_session *session, struct buffer *wire_in,
                                bool wire_ended, struct buffer *wire_out)
{
	struct span wire = buffer_content(wire_in);
	enum tls_hello_state state = tls_hello_scan(&session->scan, wire);

	/* What can not become complete is the library's to judge. */
	if (state == TLS_HELLO_MORE && buffer_room(wire_in) == 0 && wire.size > 0)
		state = TLS_HELLO_DOUBTFUL;
	if (state == TLS_HELLO_MORE)
		return wire_ended ? fail(session, ERROR_CONNECTION_CLOSED, 0) : OK;
	if (state == TLS_HELLO_PLAIN_HTTP)
		return fail(session, ERROR_TLS_PLAIN_HTTP, 0);

	enum error error = begin_handshake(session, wire, state == TLS_HELLO_COMPLETE);

	if (!error)
		return OK;

	int alert =
		error == ERROR_TLS_UNKNOWN_NAME ? TLS_ALERT_UNRECOGNIZED_NAME : TLS_ALERT_INTERNAL_ERROR;

	if (tls_alert_put(wire_out, alert))
		session->facts.alert_sent = alert;
	return fail(session, error, 0);
}

/* --- The handshake ------------------------------------------------------------------------ */

static enum error finish_handshake(struct tls_session *session)
{
	int overhead = mbedtls_ssl_get_record_expansion(session->ssl);
	int record_max = mbedtls_ssl_get_max_out_record_payload(session->ssl);
	int suite = mbedtls_ssl_get_ciphersuite_id_from_ssl(session->ssl);

	note_progress(session);
	if (overhead < 0 || record_max <= 0)
		return fail_with_alert(session, MBEDTLS_ERR_SSL_INTERNAL_ERROR);
	session->record_overhead = (size_t)overhead;
	session->record_max = (size_t)record_max;
	session->facts.version = tls_version_name(mbedtls_ssl_get_version_number(session->ssl));
	session->facts.suite = tls_suite_name((unsigned)suite);
	session->facts.alpn = mbedtls_ssl_get_alpn_protocol(session->ssl);
	if (session->facts.resumed)
		session->facts.certificate = -1;
	tls_server_work_on(session->server, NULL, &session->facts.alert_received);
	free_handshake(session);
	(void)charge(session, TLS_SESSION_MEMORY_OPEN);
	session->phase = TLS_OPEN;
	return OK;
}

/* Sets *ret_blocked if nothing more can be done now. */
static enum error step_handshake(struct tls_session *session, bool wire_ended, bool *ret_blocked)
{
	size_t before = buffer_size(session->wire_in);
	/* "Over" begins before the tickets of TLS 1.3 are written: handshake() ends with the last. */
	bool is_over = mbedtls_ssl_is_handshake_over(session->ssl);
	int code;

	session->handshake->reason[0] = '\0'; /* the words of another step are not why this one fails */
	code = is_over ? mbedtls_ssl_handshake(session->ssl) : mbedtls_ssl_handshake_step(session->ssl);

	bool has_taken = buffer_size(session->wire_in) < before;

	note_progress(session);
	if (session->facts.finished_us == 0 && mbedtls_ssl_is_handshake_over(session->ssl))
		session->facts.finished_us = clock_now_us();
	if (code == MBEDTLS_ERR_SSL_WANT_READ) {
		*ret_blocked = !has_taken;
		if (!has_taken && wire_ended)
			return fail(session, ERROR_CONNECTION_CLOSED, 0);
		return OK;
	}
	if (code == MBEDTLS_ERR_SSL_WANT_WRITE) {
		*ret_blocked = true;
		return OK;
	}
	if (code != 0)
		return fail_with_alert(session, code);
	return is_over ? finish_handshake(session) : OK;
}

static enum error advance_handshake(struct tls_session *session, bool wire_ended)
{
	enum error error = OK;
	bool is_blocked = false;

	while (!error && !is_blocked && session->phase == TLS_HANDSHAKE) {
		if (buffer_room(session->wire_out) < ALERT_ROOM)
			break;
		error = step_handshake(session, wire_ended, &is_blocked);
	}
	return error;
}

/* --- Application data --------------------------------------------------------------------- */

/* Of the two directions the one that has gone farther. ChaCha20-Poly1305 has no limit that matters
 * (RFC 8446 §5.5). */
static bool is_beyond(const struct tls_session *session, uint64_t records_max)
{
	bool is_chacha = session->facts.suite && strstr(session->facts.suite, "CHACHA20");

	return !is_chacha &&
	       (session->records_in >= records_max || session->records_out >= records_max);
}

static enum error fail_worn(struct tls_session *session)
{
	if (!session->has_closed)
		(void)mbedtls_ssl_close_notify(session->ssl);
	session->has_closed = true;
	return fail(session, ERROR_TLS_KEY_LIMIT, 0);
}

static enum error advance_open(struct tls_session *session, bool wire_ended,
                               struct buffer *plain_in)
{
	while (session->phase == TLS_OPEN && buffer_room(plain_in) > 0 &&
	       buffer_room(session->wire_out) >= ALERT_ROOM) {
		size_t before = buffer_size(session->wire_in);
		unsigned char *at = (unsigned char *)buffer_room_at(plain_in);

		if (is_beyond(session, session->records_max))
			return fail_worn(session);

		int code = mbedtls_ssl_read(session->ssl, at, buffer_room(plain_in));

		if (code > 0) {
			buffer_filled(plain_in, (size_t)code);
			if (mbedtls_ssl_get_bytes_avail(session->ssl) == 0)
				session->records_in++;
		} else if (code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
			session->phase = TLS_CLOSED_BY_PEER;
		} else if (code != 0 && code != MBEDTLS_ERR_SSL_WANT_READ) {
			return fail_with_alert(session, code);
		} else if (buffer_size(session->wire_in) == before) {
			/* Nothing left but part of a record. An empty record, or a warning, comes here too,
			 * but takes bytes. */
			return wire_ended ? fail(session, ERROR_TLS_TRUNCATED, 0) : OK;
		}
	}
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
	session->has_sent = false;
	(void)tls_library_starved();
	if (session->phase == TLS_HELLO)
		error = advance_hello(session, wire_in, wire_ended, wire_out);
	tls_server_work_on(session->server, session->handshake, &session->facts.alert_received);
	if (session->phase == TLS_HANDSHAKE)
		error = advance_handshake(session, wire_ended);
	if (session->phase == TLS_OPEN)
		error = advance_open(session, wire_ended, plain_in);
	tls_server_work_on(session->server, NULL, NULL);
	session->wire_in = session->wire_out = NULL;
	*ret_moved = session->phase != phase || buffer_size(wire_in) != in ||
	             buffer_size(wire_out) != out || buffer_size(plain_in) != plain;
	return error;
}

/* How many bytes of `left` the next record takes, given what else is in wire_out; 0: none now. */
static size_t next_record(const struct tls_session *session, size_t left,
                          const struct buffer *wire_out)
{
	size_t room = buffer_room(wire_out);
	size_t reserve = session->record_overhead + ALERT_ROOM;
	size_t size = left < session->record_max ? left : session->record_max;

	if (room <= reserve)
		return 0;
	if (size <= room - reserve)
		return size;
	return room - reserve >= wire_out->capacity / 4 ? room - reserve : 0;
}

enum error tls_session_write(struct tls_session *session, struct span plain,
                             struct buffer *wire_out, size_t *ret_taken)
{
	enum error error = session->error;
	bool may_write = session->phase == TLS_OPEN || session->phase == TLS_CLOSED_BY_PEER;
	size_t taken = 0;

	if (error)
		return error;
	session->wire_out = wire_out;
	while (may_write && !session->has_closed && taken < plain.size) {
		size_t size = next_record(session, plain.size - taken, wire_out);

		if (size == 0)
			break;
		if (is_beyond(session, session->records_max)) {
			error = fail_worn(session);
			break;
		}

		int code = mbedtls_ssl_write(session->ssl, (const unsigned char *)plain.data + taken, size);

		if (code < 0 || (size_t)code != size) {
			error = fail(session, code < 0 ? error_for(session, code) : ERROR_TLS_INTERNAL, code);
			break;
		}
		session->records_out++;
		taken += size;
	}
	session->wire_out = NULL;
	if (!error)
		*ret_taken = taken;
	return error;
}

bool tls_session_close(struct tls_session *session, struct buffer *wire_out)
{
	bool may_write = session->phase == TLS_OPEN || session->phase == TLS_CLOSED_BY_PEER;

	if (!may_write || session->has_closed)
		return true;
	if (buffer_room(wire_out) < ALERT_RECORD_SIZE_MAX)
		return false;
	session->wire_out = wire_out;
	if (mbedtls_ssl_close_notify(session->ssl) == 0)
		session->facts.alert_sent = TLS_ALERT_CLOSE_NOTIFY;
	session->wire_out = NULL;
	session->has_closed = true;
	return true;
}

/* --- Asking ------------------------------------------------------------------------------- */

enum tls_phase tls_session_phase(const struct tls_session *session)
{
	return session->phase;
}

bool tls_session_has_pending(const struct tls_session *session)
{
	return session->phase == TLS_OPEN && mbedtls_ssl_check_pending(session->ssl) != 0;
}

bool tls_session_is_worn(const struct tls_session *session)
{
	return is_beyond(session, session->records_max / 2);
}

const struct tls_facts *tls_session_facts(const struct tls_session *session)
{
	return &session->facts;
}

void tls_session_explain(const struct tls_session *session, struct text *text)
{
	struct tls_failure failure = {
		.error = session->error,
		.code = session->code,
		.facts = &session->facts,
		.handshake = session->handshake,
		.has_begun = session->ssl != NULL,
		.has_bytes = session->scan.message_have + session->scan.head[0] > 0,
	};

	tls_explain(&failure, text);
}
