/* The handshake: from the first byte to the end of it, with what the library calls meanwhile. */
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tls/alert.h"
#include "tls/bytes.h"
#include "tls/compat.h"
#include "tls/foreign.h"
#include "tls/iana.h"
#include "tls/session_private.h"

enum { FALLBACK_SCSV = 0x5600 };

/* --- What the library calls --------------------------------------------------------------- */

/*
 * RFC 8446 §4.2.10: after a HelloRetryRequest the records of 0-RTT data, which nobody here can
 * decrypt, are skipped until the second ClientHello. The library can not do that itself. False:
 * what is there is not enough to tell.
 */
static bool skip_early_data(struct tls_session *session)
{
	struct tls_handshake *handshake = session->handshake;
	struct tls_early_data *early = &handshake->early_data;
	struct buffer *wire_in = session->wire_in;

	if (handshake->observer.received.record_header_size > 0 || !handshake->observer.has_retry ||
	    handshake->observer.has_server_hello || !handshake->hello.has_early_data)
		return true;
	for (;;) {
		size_t size = tls_early_data_skip(early, buffer_content(wire_in));

		buffer_taken(wire_in, size);
		if (size == 0)
			break;
	}
	return !tls_early_data_is_within(early, buffer_content(wire_in));
}

static int on_receive(void *context, unsigned char *bytes, size_t size)
{
	struct tls_session *session = context;
	struct span content;

	if (!skip_early_data(session))
		return MBEDTLS_ERR_SSL_WANT_READ;
	content = span_cut(buffer_content(session->wire_in), 0, size);
	if (content.size == 0)
		return MBEDTLS_ERR_SSL_WANT_READ;
	memcpy(bytes, content.data, content.size);
	if (!tls_client_auth_admits(&session->handshake->client, content.size))
		return MBEDTLS_ERR_SSL_BAD_CERTIFICATE;
	tls_observer_received(&session->handshake->observer, content);
	buffer_taken(session->wire_in, content.size);
	return (int)content.size;
}

static int on_send(void *context, const unsigned char *bytes, size_t size)
{
	struct tls_session *session = context;
	size_t room = buffer_room(session->wire_out);
	struct span content = span_of((const char *)bytes, size);

	if (size > ALERT_RECORD_SIZE_MAX)
		room = room > ALERT_ROOM ? room - ALERT_ROOM : 0;
	content = span_cut(content, 0, room);
	if (content.size == 0)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	(void)buffer_put(session->wire_out, content);
	tls_observer_sent(&session->handshake->observer, content);
	return (int)content.size;
}

/* Charges the budget with `bytes` in place of what it was charged with. */
bool session_charge(struct tls_session *session, size_t bytes)
{
	struct budget *budget = tls_server_budget(session->server);

	if (bytes > session->charged && !budget_charge(budget, bytes - session->charged))
		return false;
	if (bytes < session->charged)
		budget_release(budget, session->charged - bytes);
	tls_server_note_memory(session->server, (uint64_t)bytes - session->charged);
	session->charged = bytes;
	return true;
}

void session_free_library(struct tls_session *session)
{
	if (session->ssl)
		mbedtls_ssl_free(session->ssl);
	memory_free(session->ssl);
	session->ssl = NULL;
}

void session_free_handshake(struct tls_session *session)
{
	if (!session->handshake)
		return;
	tls_handshake_done(session->handshake);
	memory_free(session->handshake);
	session->handshake = NULL;
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

static enum error set_up_library(struct tls_session *session, const mbedtls_ssl_config *config)
{
	session->ssl = memory_new(1, sizeof(*session->ssl));
	if (!session->ssl)
		return ERROR_OUT_OF_MEMORY;
	mbedtls_ssl_init(session->ssl);
	if (mbedtls_ssl_setup(session->ssl, config) != 0)
		return ERROR_OUT_OF_MEMORY;
	mbedtls_ssl_set_bio(session->ssl, session, on_send, on_receive, NULL);
	mbedtls_ssl_set_user_data_p(session->ssl, session->handshake);
	tls_traffic_listen(&session->handshake->traffic, session->ssl);
	session->has_begun = true;
	return OK;
}

static uint64_t since_start_us(const struct tls_session *session, uint64_t at_us)
{
	return at_us - session->facts.started_us;
}

/* The ClientHello as it came, and what was made of it. */
static void note_decision(struct tls_session *session, bool is_complete)
{
	const struct tls_facts *facts = &session->facts;
	uint64_t now_us = clock_now_us();

	if (is_complete)
		tls_timeline_add(session->timeline, &(struct tls_timeline_step){
												.name = "ClientHello",
												.side = TLS_BY_CLIENT,
												.at_us = since_start_us(session, facts->hello_us),
												.bytes = session->scan.at,
											});
	tls_timeline_add(session->timeline, &(struct tls_timeline_step){
											.name = "decision",
											.at_us = since_start_us(session, now_us),
											.took_us = now_us - facts->hello_us,
										});
}

/* What needs no library to be refused. */
static enum error refusal_of(struct tls_session *session)
{
	struct tls_handshake *handshake = session->handshake;

	if (handshake->error)
		return handshake->error;
	if (handshake->is_read && !tls_server_is_for(session->server, session->facts.server_name)) {
		handshake->alert = TLS_ALERT_UNRECOGNIZED_NAME;
		return ERROR_TLS_UNKNOWN_NAME;
	}
	return OK;
}

/* RFC 7507 §3: a client that tries again with an older version than both have. */
static bool is_needless_fallback(const struct tls_handshake *handshake)
{
	return handshake->is_read && handshake->decision.version != 0 &&
	       handshake->decision.version < handshake->terms->policy->version_max &&
	       tls_list_has(handshake->hello.suites, FALLBACK_SCSV);
}

/* Where the library would not find out, or too late to tell the client. */
static enum error refusal_by_decision(struct tls_handshake *handshake)
{
	const struct tls_decision *decision = &handshake->decision;

	if (is_needless_fallback(handshake)) {
		handshake->alert = TLS_ALERT_INAPPROPRIATE_FALLBACK;
		return ERROR_TLS_FALLBACK;
	}
	/* RFC 8446 §4.2.1. With TLS 1.2 alone the library looks at legacy_version, finds its own there
	 * and then fails for want of a cipher suite. */
	if (tls_handshake_is_hopeless(handshake) && decision->step == TLS_STEP_VERSION) {
		handshake->alert = TLS_ALERT_PROTOCOL_VERSION;
		return tls_step_error(decision->step);
	}
	/* In TLS 1.3 it has sent its ServerHello when it looks for a signature, and loses the alert. A
	 * ticket needs none. */
	if (tls_handshake_is_hopeless(handshake) && decision->step == TLS_STEP_SIGNATURE &&
	    decision->version == TLS_VERSION_1_3 && !handshake->hello.has_psk) {
		handshake->alert = TLS_ALERT_HANDSHAKE_FAILURE;
		return tls_step_error(decision->step);
	}
	return OK;
}

/* From TLS_HELLO to TLS_HANDSHAKE, or to a refusal that costs next to nothing. */
static enum error begin_handshake(struct tls_session *session, struct span wire, bool is_complete)
{
	const mbedtls_ssl_config *config = NULL;
	enum error error = OK;

	session->facts.hello_us = clock_now_us();
	session->handshake = memory_new(1, sizeof(*session->handshake));
	if (session->handshake)
		tls_handshake_init(session->handshake, session->server);
	session->timeline = memory_new(1, sizeof(*session->timeline));
	if (!session->handshake || !session->timeline)
		return ERROR_OUT_OF_MEMORY;
	if (is_complete)
		error = tls_handshake_read(session->handshake, &session->scan, wire);
	if (!error)
		error = keep_name(session);
	if (error)
		return error;
	error = refusal_of(session);
	if (error)
		return error;
	if (!session_charge(session, TLS_SESSION_MEMORY_HANDSHAKE))
		return ERROR_OUT_OF_MEMORY;
	error = tls_server_config(session->server, session->handshake, &config);
	if (error)
		return error;
	session->facts.client_mode = session->handshake->terms->client_mode;
	note_decision(session, is_complete);
	error = refusal_by_decision(session->handshake);
	if (!error && !session_charge(session, TLS_SESSION_MEMORY_HANDSHAKE +
	                                           tls_terms_client_memory(session->handshake->terms)))
		error = ERROR_OUT_OF_MEMORY;
	if (!error)
		error = set_up_library(session, config);
	if (!error)
		session->phase = TLS_HANDSHAKE;
	return error;
}

/* Sets *ret_waits if it can not be told yet. */
static enum error refuse_foreign(struct tls_session *session, struct span wire, bool wire_ended,
                                 bool *ret_waits)
{
	struct tls_foreign foreign;

	*ret_waits = false;
	if (!tls_foreign_find(wire, &foreign))
		return OK;
	*ret_waits = !foreign.is_known && !wire_ended && buffer_room(session->wire_in) > 0;
	if (*ret_waits)
		return OK;
	session->words = foreign.words;
	return session_refuse(session, foreign.error,
	                      foreign.error == ERROR_TLS_SSL2_HELLO ? TLS_ALERT_PROTOCOL_VERSION
	                                                            : TLS_ALERT_DECODE_ERROR);
}

/* RFC 8446 §5, §5.1: the library has no alert for these. */
static enum error refuse_record(struct tls_session *session, struct span wire)
{
	enum { APPLICATION_DATA = 23, HEARTBEAT = 24 };

	if (session->scan.has_overflow) {
		session->words = "a record is longer than 16 KiB";
		return session_refuse(session, ERROR_TLS_HELLO_MALFORMED, TLS_ALERT_RECORD_OVERFLOW);
	}
	if (wire.data[0] == APPLICATION_DATA || wire.data[0] == HEARTBEAT) {
		session->words = "its first record is not of the handshake";
		return session_refuse(session, ERROR_TLS_HELLO_MALFORMED, TLS_ALERT_UNEXPECTED_MESSAGE);
	}
	return OK;
}

enum error session_advance_hello(struct tls_session *session, bool wire_ended)
{
	struct span wire = buffer_content(session->wire_in);
	enum tls_hello_state state = tls_hello_scan(&session->scan, wire);

	if (session->scan.message_size > TLS_HELLO_MESSAGE_MAX)
		return session_refuse(session, ERROR_TLS_HELLO_TOO_LARGE, TLS_ALERT_ILLEGAL_PARAMETER);
	/* What can not become complete is the library's to judge. */
	if (state == TLS_HELLO_MORE && buffer_room(session->wire_in) == 0 && wire.size > 0)
		state = TLS_HELLO_DOUBTFUL;
	if (state == TLS_HELLO_MORE && wire_ended)
		return session_fail(session, wire.size > 0 ? ERROR_CONNECTION_CLOSED : ERROR_TLS_NO_HELLO,
		                    0);
	if (state == TLS_HELLO_MORE)
		return OK;
	if (state == TLS_HELLO_PLAIN_HTTP)
		return session_fail(session, ERROR_TLS_PLAIN_HTTP, 0);

	bool must_wait = false;
	enum error error = refuse_foreign(session, wire, wire_ended, &must_wait);
	int alert;

	if (!error && !must_wait)
		error = refuse_record(session, wire);
	if (error || must_wait)
		return error;
	error = begin_handshake(session, wire, state == TLS_HELLO_COMPLETE);
	if (!error)
		return OK;
	alert = session->handshake ? session->handshake->alert : -1;
	return session_refuse(session, error, alert >= 0 ? alert : TLS_ALERT_INTERNAL_ERROR);
}

/* --- The handshake ------------------------------------------------------------------------ */

/* The keys of the records from here on. */
static enum error open_channel(struct tls_session *session, unsigned suite)
{
	const struct tls_protection *protection = tls_protection_find(suite);
	struct tls_record_keys in;
	struct tls_record_keys out;

	if (!protection)
		return ERROR_TLS_INTERNAL;

	/* In TLS 1.2 the Finished messages were under these keys, in TLS 1.3 our tickets. */
	enum error error =
		tls_traffic_keys(&session->handshake->traffic, protection, compat_sequence_in(session->ssl),
	                     compat_sequence_out(session->ssl), &in, &out);

	if (error)
		return error;
	tls_channel_init(&session->channel, &in, &out, tls_server_records_max(session->server));
	memory_wipe(&in, sizeof(in));
	memory_wipe(&out, sizeof(out));
	return OK;
}

/* The library's part is done, and its memory goes. */
static enum error finish_handshake(struct tls_session *session)
{
	unsigned suite = (unsigned)mbedtls_ssl_get_ciphersuite_id_from_ssl(session->ssl);
	size_t kept = TLS_SESSION_MEMORY_OPEN;
	enum error error;

	/* RFC 8446 §5.1: nothing may stand behind Finished in its record; the library would have kept
	 * it for its next message. */
	if (mbedtls_ssl_check_pending(session->ssl))
		return session_fail_with_alert(session, MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE);
	error = open_channel(session, suite);
	if (error) {
		session->handshake->error = error;
		return session_fail_with_alert(session, MBEDTLS_ERR_SSL_INTERNAL_ERROR);
	}
	session_note_progress(session);
	session->facts.version = tls_version_name(mbedtls_ssl_get_version_number(session->ssl));
	session->facts.suite = tls_suite_name(suite);
	session->has_left_tickets =
		mbedtls_ssl_get_version_number(session->ssl) == MBEDTLS_SSL_VERSION_TLS1_3;
	session->facts.alpn = mbedtls_ssl_get_alpn_protocol(session->ssl);
	if (session->facts.resumed)
		session->facts.certificate = -1;
	tls_server_work_on(session->server, NULL, NULL);
	session->facts.client = session->identity = tls_client_auth_take(&session->handshake->client);
	if (session->identity)
		kept += session->identity->size;
	session_free_library(session);
	session_free_handshake(session);
	(void)session_charge(session, kept);
	session->phase = TLS_OPEN;
	return OK;
}

/* When the callback for it was called, if it was. */
static void note_certificate(struct tls_session *session, struct tls_handshake *handshake)
{
	if (handshake->certificate_us == 0)
		return;
	tls_timeline_add(session->timeline,
	                 &(struct tls_timeline_step){
						 .name = "certificate_chosen",
						 .at_us = since_start_us(session, handshake->certificate_us),
					 });
	handshake->certificate_us = 0;
}

/* One step of the library, which goes into the timeline. */
static int work(struct tls_session *session, bool is_over)
{
	const struct tls_observer *observer = &session->handshake->observer;
	struct tls_timeline_work done = {.state = compat_handshake_state(session->ssl)};
	uint64_t began_us = clock_now_us();
	uint64_t sent = observer->sent.bytes;
	int code =
		is_over ? mbedtls_ssl_handshake(session->ssl) : mbedtls_ssl_handshake_step(session->ssl);
	uint64_t ended_us = clock_now_us();

	/* The TLS 1.3 part of the library looks at a ClientHello first, also if it is 1.2's to answer;
	 * a ticket of TLS 1.2 has no state of its own. */
	done.is_over =
		code == 0 &&
		(done.state != compat_handshake_state(session->ssl) ||
	     (done.state == MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC && observer->sent.bytes > sent));
	done.is_flushed = is_over;
	done.is_1_3 = mbedtls_ssl_get_version_number(session->ssl) == MBEDTLS_SSL_VERSION_TLS1_3;
	done.took_us = ended_us - began_us;
	done.at_us = since_start_us(session, ended_us);
	done.received = observer->received.bytes;
	done.sent = observer->sent.bytes;
	note_certificate(session, session->handshake);
	tls_timeline_note(session->timeline, &done);
	return code;
}

/* Sets *ret_blocked if nothing more can be done now. */
static enum error step_handshake(struct tls_session *session, bool wire_ended, bool *ret_blocked)
{
	size_t before = buffer_size(session->wire_in);
	/* "Over" begins before the tickets of TLS 1.3 are written: handshake() ends with the last. */
	bool is_over = mbedtls_ssl_is_handshake_over(session->ssl);
	int code;

	session->handshake->reason[0] = '\0'; /* the words of another step are not why this one fails */
	code = work(session, is_over);

	bool has_taken = buffer_size(session->wire_in) < before;

	session_note_progress(session);
	if (session->facts.finished_us == 0 && mbedtls_ssl_is_handshake_over(session->ssl))
		session->facts.finished_us = clock_now_us();
	if (code == MBEDTLS_ERR_SSL_WANT_READ) {
		*ret_blocked = !has_taken;
		if (!has_taken && wire_ended)
			return session_fail(session, ERROR_CONNECTION_CLOSED, 0);
		return OK;
	}
	if (code == MBEDTLS_ERR_SSL_WANT_WRITE) {
		*ret_blocked = true;
		return OK;
	}
	/* The library does not look whether it could compute the Finished of TLS 1.2. */
	if (code == 0 && tls_library_starved()) {
		session->handshake->error = ERROR_OUT_OF_MEMORY;
		code = MBEDTLS_ERR_SSL_ALLOC_FAILED;
	}
	if (code != 0)
		return session_fail_with_alert(session, code);
	if (tls_handshake_check_client(session->handshake, session->ssl))
		return session_fail_with_alert(session, MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
	return is_over ? finish_handshake(session) : OK;
}

enum error session_advance_handshake(struct tls_session *session, bool wire_ended)
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
