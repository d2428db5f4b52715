#include "session/access_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "session/exchange.h"
#include "session/session.h"

static void put_client(struct log *log, const struct session *session)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(&session->peer, text, sizeof(text));
	log_put_string(log, "client", text);
	log_put(log, "listener", session->listener->config->address_text.text);
}

static void put_optional(struct log *log, const char *key, const char *value)
{
	if (value)
		log_put_string(log, key, value);
}

static void put_tls(struct log *log, const struct session *session)
{
	if (!session->client.tls)
		return;

	const struct tls_facts *facts = tls_session_facts(session->client.tls);

	log_put(log, "server_name", facts->server_name);
	put_optional(log, "tls_version", facts->version);
	put_optional(log, "cipher_suite", facts->suite);
	put_optional(log, "group", facts->group);
	log_put_bool(log, "resumed", facts->resumed);
}

static void put_request(struct log *log, const struct exchange *exchange)
{
	const struct message *request = &exchange->request;

	if (!exchange->has_request)
		return;
	log_put(log, "method", request->method_token);
	log_put(log, "host", request->host);
	log_put(log, "path", request->path_query);
	log_put_string(log, "version", http_version_text(request->version));
}

static void put_duration(struct log *log, const char *key, uint64_t from_us, uint64_t to_us)
{
	if (from_us != 0 && to_us >= from_us)
		log_put_number(log, key, to_us - from_us);
}

static void put_durations(struct log *log, const struct exchange *exchange)
{
	log_put_object(log, "duration_us");
	put_duration(log, "total", exchange->began_us, clock_now_us());
	put_duration(log, "head", exchange->began_us, exchange->head_us);
	put_duration(log, "connect", exchange->link_us, exchange->connected_us);
	put_duration(log, "request", exchange->head_us, exchange->request_done_us);
	put_duration(log, "first_byte", exchange->link_us, exchange->first_byte_us);
	log_put_object_end(log);
}

static void put_backend(struct log *log, const struct exchange *exchange)
{
	if (exchange->cluster)
		log_put(log, "cluster", exchange->cluster->config->name.text);
	if (!exchange->backend)
		return;
	log_put_string(log, "backend", exchange->backend->text);
	log_put_bool(log, "reused", exchange->reused);
	log_put_bool(log, "retried", exchange->retried);
}

void access_log_exchange(const struct exchange *exchange)
{
	struct log *log = exchange->session->services->log;
	bool is_tunnel = exchange_is_tunnel(exchange);

	if (log_is_off(log, LOG_TO_ACCESS))
		return;
	log_begin(log, LOG_TO_ACCESS, LOG_NOTICE, "request");
	log_put(log, "id", exchange->id);
	put_client(log, exchange->session);
	put_tls(log, exchange->session);
	put_request(log, exchange);
	log_put_number(log, "status", (uint64_t)exchange->status);
	log_put_number(log, "request_bytes",
	               is_tunnel ? exchange->tunnel.client_bytes : exchange->request_body.size);
	log_put_number(log, "response_bytes",
	               is_tunnel ? exchange->tunnel.backend_bytes : exchange->response_body.size);
	put_durations(log, exchange);
	put_backend(log, exchange);
	log_put_string(log, "reason", error_code(exchange->failure.error));
	if (exchange->failure.error)
		log_put_string(log, "side", side_name(exchange->failure.side));
	log_end(log);
}

void access_log_handshake(const struct session *session, enum error error)
{
	struct log *log = session->services->log;
	struct text explanation;

	text_init(&explanation, 1024);
	if (session->client.tls)
		tls_session_explain(session->client.tls, &explanation);
	if (explanation.size == 0)
		text_put_string(&explanation, error_words(error));
	log_begin(log, LOG_TO_ACCESS, LOG_NOTICE, "handshake_failed");
	put_client(log, session);
	put_tls(log, session);
	log_put_string(log, "reason", error_code(error));
	log_put(log, "explanation", text_span(&explanation));
	log_end(log);
	text_done(&explanation);
}
