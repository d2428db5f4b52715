#include "session/handshake_log.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "session/failures.h"
#include "session/metrics.h"
#include "session/session.h"
#include "tls/alert.h"
#include "tls/timeline.h"

static const struct config_logging *logging_of(const struct services *services)
{
	return &services->setup->config->logging;
}

static void put_optional(struct log *log, const char *key, const char *value)
{
	if (value)
		log_put_string(log, key, value);
}

static void put_steps(struct log *log, const struct tls_timeline *timeline)
{
	log_put_list(log, "steps");
	for (size_t i = 0; timeline && i < timeline->count; i++) {
		const struct tls_timeline_step *step = &timeline->steps[i];

		log_put_item(log);
		log_put_string(log, "step", step->name);
		log_put_string(log, "by", tls_timeline_side_name(step->side));
		log_put_number(log, "at_us", step->at_us);
		log_put_number(log, "took_us", step->took_us);
		log_put_number(log, "bytes", step->bytes);
	}
	log_put_list_end(log);
}

static void put_facts(struct log *log, const struct tls_facts *facts)
{
	log_put(log, "server_name", facts->server_name);
	put_optional(log, "tls_version", facts->version);
	put_optional(log, "cipher_suite", facts->suite);
	put_optional(log, "group", facts->group);
	put_optional(log, "alpn", facts->alpn);
	log_put_bool(log, "resumed", facts->resumed);
	log_put_bool(log, "hello_retry", facts->has_retry);
	if (facts->alert_received >= 0)
		log_put_string(log, "alert_received", tls_alert_name(facts->alert_received));
	if (facts->alert_sent >= 0)
		log_put_string(log, "alert_sent", tls_alert_name(facts->alert_sent));
	log_put_number(log, "bytes_in", facts->handshake_bytes_in);
	log_put_number(log, "bytes_out", facts->handshake_bytes_out);
}

/* `session`: NULL if there was none. */
static void begin(struct log *log, const char *event, const struct session *session,
                  struct span client, struct span listener)
{
	log_begin(log, LOG_TO_ACCESS, LOG_NOTICE, event);
	if (session)
		log_put(log, "connection", span_of(session->id, SESSION_ID_SIZE));
	log_put(log, "client", client);
	log_put(log, "listener", listener);
}

static void put_reason(struct log *log, const struct repeat_kind *kind, uint64_t count)
{
	log_put_string(log, "reason", error_code(kind->reason));
	log_put(log, "explanation", kind->words);
	log_put_number(log, "count", count);
}

static void debug_steps(struct session *session, struct span client)
{
	struct log *log = session->services->log;
	const struct tls_timeline *timeline = tls_session_timeline(session->client.tls);

	if (!timeline || !log_wants(log, LOG_DEBUG))
		return;
	log_begin(log, LOG_TO_ERRORS, LOG_DEBUG, "handshake_steps");
	log_put(log, "connection", span_of(session->id, SESSION_ID_SIZE));
	log_put(log, "client", client);
	log_put(log, "listener", session->listener->config->address_text.text);
	put_steps(log, timeline);
	log_end(log);
}

/* Whether a failed one gets a line now. */
static bool is_wanted(struct services *services, const struct repeat_kind *kind, struct span client)
{
	if (log_is_off(services->log, LOG_TO_ACCESS) ||
	    logging_of(services)->handshakes == CONFIG_HANDSHAKES_OFF)
		return false;
	return !services->repeats || repeats_take(services->repeats, kind, client);
}

static void put_explanation(const struct session *session, enum error error, struct text *text)
{
	text_init(text, 2 * (size_t)REPEATS_WORDS_MAX);
	if (session->client.tls)
		tls_session_explain_end(session->client.tls, error, text);
	if (text->size == 0)
		text_put_string(text, error_words(error));
}

/* What the TLS session knows, if there was one. */
static void put_session(struct log *log, const struct tls_session *tls)
{
	char ja4[TLS_JA4_SIZE];

	put_facts(log, tls_session_facts(tls));
	if (tls_session_ja4(tls, ja4))
		log_put_string(log, "ja4", ja4);
}

/* For whoever asks later, whatever the log tells. `tls`: NULL if it did not come to that. */
static void remember(struct services *services, const struct repeat_kind *kind, struct span client,
                     struct tls_session *tls)
{
	struct failures *failures = services->failures;
	bool is_crowded = failures && failures->count >= failures->max;
	struct failure_record *record;
	char ja4[TLS_JA4_SIZE];
	bool is_new;

	if (!failures)
		return;
	record = failures_add(failures, kind, client, clock_wall_us(), &is_new);
	if (!record || !is_new || !tls)
		return;
	/* It costs much, which a flood of different kinds must not get for nothing. */
	if (!is_crowded)
		tls_session_explain_remedy(tls, &record->remedy);
	if (tls_session_ja4(tls, ja4))
		(void)snprintf(record->ja4, sizeof(record->ja4), "%s", ja4);
}

void handshake_log_failed(struct session *session, enum error error)
{
	struct services *services = session->services;
	struct log *log = services->log;
	bool said_nothing = session->client.wire->received_bytes == 0;
	char peer[ADDRESS_TEXT_SIZE];
	struct span client;
	struct text words;
	struct repeat_kind kind = {.reason = said_nothing ? ERROR_TLS_NO_HELLO : error,
	                           .listener = session->listener->config->address_text.text};

	metrics_count_handshake_failure(services->metrics, session->listener->config, kind.reason);
	address_format(&session->peer, peer, sizeof(peer));
	client = span_of_string(peer);
	put_explanation(session, error, &words);
	kind.words = text_span(&words);
	if (session->client.tls) {
		kind.server_name = tls_session_facts(session->client.tls)->server_name;
		debug_steps(session, client);
	}
	remember(services, &kind, client, session->client.tls);
	if (is_wanted(services, &kind, client)) {
		if (session->client.tls)
			tls_session_explain_remedy(session->client.tls, &words);
		kind.words = text_span(&words);
		begin(log, "handshake_failed", session, client, kind.listener);
		if (session->client.tls)
			put_session(log, session->client.tls);
		put_reason(log, &kind, 1);
		if (session->client.tls)
			put_steps(log, tls_session_timeline(session->client.tls));
		log_end(log);
	}
	text_done(&words);
}

void handshake_log_done(struct session *session)
{
	struct services *services = session->services;
	struct log *log = services->log;
	char peer[ADDRESS_TEXT_SIZE];
	struct span client;

	if (!session->client.tls)
		return;
	metrics_count_handshake(services->metrics, session->listener->config,
	                        tls_session_facts(session->client.tls));
	address_format(&session->peer, peer, sizeof(peer));
	client = span_of_string(peer);
	debug_steps(session, client);
	if (logging_of(services)->handshakes == CONFIG_HANDSHAKES_ALL &&
	    !log_is_off(log, LOG_TO_ACCESS)) {
		begin(log, "handshake", session, client, session->listener->config->address_text.text);
		put_facts(log, tls_session_facts(session->client.tls));
		log_put_string(log, "reason", error_code(OK));
		put_steps(log, tls_session_timeline(session->client.tls));
		log_end(log);
	}
	tls_session_drop_timeline(session->client.tls);
}

void handshake_log_refused(struct services *services, const struct setup_listener *listener,
                           const struct address *peer, enum error error, const char *words)
{
	char text[ADDRESS_TEXT_SIZE];
	struct repeat_kind kind = {.reason = error,
	                           .listener = listener->config->address_text.text,
	                           .words = span_of_string(words)};

	metrics_count_handshake_failure(services->metrics, listener->config, error);
	address_format(peer, text, sizeof(text));
	remember(services, &kind, span_of_string(text), NULL);
	if (!is_wanted(services, &kind, span_of_string(text)))
		return;
	begin(services->log, "handshake_failed", NULL, span_of_string(text), kind.listener);
	log_put(services->log, "server_name", kind.server_name);
	put_reason(services->log, &kind, 1);
	log_end(services->log);
}

void handshake_log_sum(void *owner, const struct repeat_sum *sum)
{
	struct log *log = owner;

	begin(log, "handshake_failed", NULL, sum->client, sum->kind.listener);
	log_put(log, "server_name", sum->kind.server_name);
	put_reason(log, &sum->kind, sum->count);
	log_end(log);
}
