#include "tls/failure.h"

#include <time.h>

#include "tls/alert.h"
#include "tls/bytes.h"
#include "tls/compat.h"
#include "tls/explain.h"
#include "tls/presented.h"
#include "tls/remedy.h"

enum { WORDS_SIZE = 128, PROTOCOLS_TOLD_MAX = 4 };

/* In the library's words, or what its number means. */
static void put_library(const struct tls_failure *failure, struct text *text)
{
	char words[WORDS_SIZE];

	if (failure->words) {
		text_put_string(text, failure->words);
		return;
	}
	if (failure->handshake && failure->handshake->reason[0]) {
		text_put_string(text, failure->handshake->reason);
		return;
	}
	compat_error_words(failure->code, words, sizeof(words));
	text_put_string(text, words);
}

static void put_name(const struct tls_facts *facts, struct text *text)
{
	if (facts->server_name.size == 0)
		text_put_string(text, "the client named no server");
	else
		text_printf(text, "there is no certificate for the server name \"%.*s\"",
		            (int)facts->server_name.size, facts->server_name.data);
}

static void put_alert(const struct tls_failure *failure, struct text *text)
{
	int alert = failure->facts->alert_received;
	bool is_of_certificate = tls_alert_is_of_certificate(alert);
	struct tls_certificate *shown = NULL;

	if (failure->handshake && failure->handshake->certificate >= 0)
		shown = tls_server_certificate(failure->handshake->server, failure->handshake->certificate);
	text_printf(text, "%s the alert %s (%d): %s; %s",
	            is_of_certificate ? "the client rejected our certificate with" : "the client sent",
	            tls_alert_name(alert), alert, tls_alert_meaning(alert), tls_alert_advice(alert));
	if (is_of_certificate && shown) {
		text_put_string(text, "; ");
		tls_presented_put(shown, failure->facts->server_name, (int64_t)time(NULL), text);
	}
}

/* Its letters; what is not printable ASCII becomes a question mark. */
static void put_protocols(const struct tls_hello *hello, struct text *text)
{
	struct tls_bytes list = {.left = hello->protocols};

	for (size_t count = 0; list.left.size > 0 && !list.failed; count++) {
		struct span protocol = tls_bytes_vector(&list, 1);

		if (count == PROTOCOLS_TOLD_MAX) {
			text_put_string(text, " and more");
			break;
		}
		text_put_string(text, count > 0 ? ", " : "");
		for (size_t i = 0; i < protocol.size && i < 16; i++)
			text_put_char(text, protocol.data[i] > ' ' && protocol.data[i] <= '~' ? protocol.data[i]
			                                                                      : '?');
	}
}

static void explain_client(const struct tls_client_auth *client, struct text *text)
{
	text_put_string(text, "the client's certificate");
	if (client->subject[0])
		text_printf(text, " (%s)", client->subject);
	text_printf(text, " was not accepted: %s", client->words);
}

static void explain_protocols(const struct tls_failure *failure, struct text *text)
{
	text_put_string(text, "the client offers the ALPN protocols ");
	if (failure->handshake && failure->handshake->is_read)
		put_protocols(&failure->handshake->hello, text);
	text_put_string(text, ", only http/1.1 is spoken here; let the client offer http/1.1 too");
}

/* How far it came: " after our ServerHello, before its Finished". */
static void put_progress(const struct tls_failure *failure, struct text *text)
{
	const struct tls_observer *seen = failure->handshake ? &failure->handshake->observer : NULL;

	if (!failure->has_bytes)
		text_put_string(text, " without a ClientHello");
	else if (!failure->has_begun || !seen)
		text_put_string(text, " in its ClientHello");
	else if (!seen->has_server_hello)
		text_put_string(text, seen->has_retry ? " after our HelloRetryRequest"
		                                      : " during the handshake, before our ServerHello");
	else if (seen->has_certificate || (seen->version == TLS_VERSION_1_3 && !seen->has_psk))
		text_put_string(text,
		                " during the handshake, after our Certificate and before its Finished;"
		                " clients that do not trust a certificate often do so without a word");
	else
		text_put_string(text,
		                " during the handshake, after our ServerHello and before its Finished");
}

static void explain_decision(const struct tls_failure *failure, struct text *text)
{
	const struct tls_handshake *handshake = failure->handshake;

	tls_explain_decision(handshake->terms->policy, handshake->kinds, &handshake->hello,
	                     &handshake->decision, text);
}

/* Where the error alone says it all. */
static const char *words_of(enum error error)
{
	switch (error) {
	case ERROR_TLS_PLAIN_HTTP:
		return "the client speaks HTTP, not TLS";
	case ERROR_TLS_FALLBACK:
		return "the client tries again with an older version (TLS_FALLBACK_SCSV) although both "
			   "sides have a newer one; look for what broke off its first attempt";
	case ERROR_TLS_CLIENT_CERTIFICATE_MISSING:
		return "the client sent no certificate, which this server name demands";
	default:
		return error_words(error);
	}
}

static void explain_error(const struct tls_failure *failure, struct text *text)
{
	switch (failure->error) {
	case ERROR_TLS_NOT_TLS:
	case ERROR_TLS_SSL2_HELLO:
		text_put_string(text, failure->words);
		break;
	case ERROR_TLS_UNKNOWN_NAME:
		put_name(failure->facts, text);
		break;
	case ERROR_TLS_ALERT:
		put_alert(failure, text);
		break;
	case ERROR_CONNECTION_CLOSED:
	case ERROR_TLS_NO_HELLO:
		text_put_string(text, "the client closed the connection");
		put_progress(failure, text);
		break;
	case ERROR_CONNECTION_RESET:
		text_put_string(text, "the client reset the connection");
		put_progress(failure, text);
		break;
	case ERROR_TLS_HANDSHAKE_TIMEOUT:
		text_put_string(text, "the time for the handshake was over: the client stopped");
		put_progress(failure, text);
		break;
	case ERROR_TLS_NO_COMMON_VERSION:
	case ERROR_TLS_NO_COMMON_SUITE:
	case ERROR_TLS_NO_COMMON_GROUP:
	case ERROR_TLS_NO_COMMON_SIGNATURE:
		explain_decision(failure, text);
		break;
	case ERROR_TLS_CLIENT_CERTIFICATE:
		explain_client(&failure->handshake->client, text);
		break;
	case ERROR_TLS_NO_COMMON_PROTOCOL:
		explain_protocols(failure, text);
		break;
	case ERROR_TLS_HELLO_MALFORMED:
		text_put_string(text, "what the client sent is not a well-formed ClientHello: ");
		put_library(failure, text);
		break;
	case ERROR_TLS_HANDSHAKE:
	case ERROR_TLS_RECORD:
	case ERROR_TLS_INTERNAL:
		put_library(failure, text);
		break;
	default:
		text_put_string(text, words_of(failure->error));
		break;
	}
}

void tls_failure_explain(const struct tls_failure *failure, struct text *text)
{
	int alert = failure->facts->alert_sent;

	if (!failure->error)
		return;
	explain_error(failure, text);
	if (alert > 0 && failure->error != ERROR_TLS_ALERT)
		text_printf(text, "; the alert %s (%d) was sent", tls_alert_name(alert), alert);
}

void tls_failure_explain_remedy(const struct tls_failure *failure, struct text *text)
{
	const struct tls_handshake *handshake = failure->handshake;
	struct tls_remedy remedy;

	if (!handshake || !tls_handshake_is_hopeless(handshake) ||
	    failure->error != tls_step_error(handshake->decision.step))
		return;
	tls_remedy_find(handshake->terms->policy, handshake->kinds, &handshake->hello, &remedy);
	/* That a client is too old for the library has been told with the failure. */
	if (!remedy.is_possible && remedy.lacking == TLS_STEP_VERSION)
		return;
	text_put_string(text, remedy.is_possible ? "; to let it in: " : "; ");
	tls_remedy_put(&remedy, text);
	if (!remedy.is_possible)
		return;
	text_put_string(text, "; its price: ");
	tls_remedy_put_price(&remedy, text);
}
