/* How a session fails: with which error of ours, and which alert. */
#include "base/clock.h"
#include "tls/alert.h"
#include "tls/compat.h"
#include "tls/iana.h"
#include "tls/session_private.h"

/* Whether all that has gone wrong can only be the first ClientHello's fault. */
static bool is_at_hello(const struct tls_session *session)
{
	const struct tls_handshake *handshake = session->handshake;

	return handshake && !handshake->observer.has_server_hello && !handshake->observer.has_retry;
}

/* The first flight was not well formed; else OK. */
static enum error error_of_hello(const struct tls_session *session, int code)
{
	if (!is_at_hello(session))
		return OK;
	/* A well-formed one that finds no agreement is another matter. */
	if (code == MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE ||
	    (code == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION && !session->handshake->is_read))
		return OK;
	return ERROR_TLS_HELLO_MALFORMED;
}

enum error session_error_for(const struct tls_session *session, int code)
{
	enum error error = OK;

	if (session->handshake && session->handshake->error)
		return session->handshake->error;
	if (tls_library_starved())
		return ERROR_OUT_OF_MEMORY;
	/* OpenSSL sends alerts in plaintext still when the library expects them encrypted. */
	if (session->handshake && session->handshake->observer.alert_received >= 0)
		return ERROR_TLS_ALERT;
	if (session->handshake &&
	    tls_client_auth_is_cause(&session->handshake->client, code, &session->handshake->alert))
		return ERROR_TLS_CLIENT_CERTIFICATE;
	switch (code) {
	case MBEDTLS_ERR_SSL_ALLOC_FAILED: /* said by one of our own callbacks */
		return ERROR_OUT_OF_MEMORY;
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		return ERROR_TLS_ALERT;
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		return ERROR_CONNECTION_CLOSED; /* during the handshake */
	case MBEDTLS_ERR_SSL_INTERNAL_ERROR:
	case MBEDTLS_ERR_SSL_BAD_CONFIG:
		return ERROR_TLS_INTERNAL;
	case MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL:
		return ERROR_TLS_NO_COMMON_PROTOCOL;
	case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
	case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE:
		/* What we found wanting, and the library too. */
		if (session->handshake && tls_handshake_is_hopeless(session->handshake))
			return tls_step_error(session->handshake->decision.step);
		break;
	default:
		break;
	}
	error = error_of_hello(session, code);
	if (error)
		return error;
	return ERROR_TLS_HANDSHAKE;
}

/* Takes over what the observer has seen so far. */
void session_note_progress(struct tls_session *session)
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

enum error session_fail(struct tls_session *session, enum error error, int code)
{
	session->phase = TLS_FAILED;
	session->error = error;
	session->code = code;
	if (session->handshake)
		session_note_progress(session);
	return error;
}

static void send_alert(struct tls_session *session, int alert)
{
	/* While something is still to be sent the library sends that in place of the alert. */
	for (int i = 0; i < 2; i++) {
		(void)mbedtls_ssl_send_alert_message(session->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
		                                     (unsigned char)alert);
		if (!session->handshake || session->handshake->observer.has_sent_alert)
			break;
	}
}

/* Fails with an error of the library, which has sent an alert or not. */
enum error session_fail_with_alert(struct tls_session *session, int code)
{
	struct tls_handshake *handshake = session->handshake;
	bool has_alerted = handshake->observer.has_sent_alert;
	enum error error = session_error_for(session, code);
	int alert = handshake->alert >= 0 ? handshake->alert : tls_alert_for(code);

	if (!has_alerted && (error == ERROR_TLS_ALERT || error == ERROR_CONNECTION_CLOSED))
		return session_fail(session, error, code);
	if (error == ERROR_OUT_OF_MEMORY)
		alert = TLS_ALERT_INTERNAL_ERROR;
	/* The library does not tell; past the ClientHello it is the key share that was wrong, such as a
	 * point that is not on its curve (RFC 8446 §4.2.8.2). */
	if (alert == TLS_ALERT_DECODE_ERROR && error == ERROR_TLS_HELLO_MALFORMED &&
	    compat_handshake_state(session->ssl) == MBEDTLS_SSL_SERVER_HELLO) {
		alert = TLS_ALERT_ILLEGAL_PARAMETER;
		tls_handshake_note(handshake, "the key share is no valid public key of its group");
	}
	if (!has_alerted)
		send_alert(session, alert);
	session->facts.alert_sent = alert;
	return session_fail(session, error, code);
}

enum error session_refuse(struct tls_session *session, enum error error, int alert)
{
	if (tls_alert_put(session->wire_out, alert))
		session->facts.alert_sent = alert;
	return session_fail(session, error, 0);
}
