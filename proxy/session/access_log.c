#include "session/access_log.h"

#include "base/log.h"
#include "session/exchange.h"
#include "session/outcome.h"
#include "session/session.h"
#include "session/tracing.h"
#include "tls/identity.h"

static void put_address(struct log *log, const char *key, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text, sizeof(text));
	/* A trusted proxy told the address, but no port. */
	log_put_string(log, key,
	               address->port > 0 || address->kind == ADDRESS_UNIX ? text : address->host);
}

static void put_client(struct log *log, const struct session *session, const struct address *client)
{
	put_address(log, "client", client);
	if (!address_equal(client, &session->peer))
		put_address(log, "peer", &session->peer);
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
	if (!facts->client)
		return;
	log_put(log, "client_cert", facts->client->fingerprint);
	log_put(log, "client_subject", facts->client->subject);
	if (facts->client->lacks_chain)
		log_put_bool(log, "client_chain_left_out", true);
}

static void put_request(struct log *log, const struct exchange *exchange)
{
	const struct message *request = &exchange->request;

	if (!exchange->has_request)
		return;
	log_put(log, "method", request->method_token);
	log_put(log, "host", request->host);
	log_put(log, "path", request->path);
	if (request->query.size > 0 && exchange->session->services->setup->config->logging.query)
		log_put(log, "query", request->query);
	log_put_string(log, "version", http_version_text(request->version));
	if (exchange->values.of[VARIABLE_CLIENT_USER].size > 0)
		log_put(log, "user", exchange->values.of[VARIABLE_CLIENT_USER]);
}

static void put_duration(struct log *log, const char *key, uint64_t from_us, uint64_t to_us)
{
	if (from_us != 0 && to_us >= from_us)
		log_put_number(log, key, to_us - from_us);
}

static void put_durations(struct log *log, const struct exchange *exchange)
{
	log_put_object(log, "duration_us");
	put_duration(log, "total", exchange->began_us, exchange->ended_us);
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

	if (log_is_off(log, LOG_TO_ACCESS))
		return;
	log_begin(log, LOG_TO_ACCESS, LOG_NOTICE, "request");
	log_put(log, "id", exchange->id);
	log_put(log, "connection", span_of(exchange->session->id, SESSION_ID_SIZE));
	tracing_put(log, exchange);
	put_client(log, exchange->session, &exchange->client);
	put_tls(log, exchange->session);
	put_request(log, exchange);
	log_put_number(log, "status", (uint64_t)exchange->status);
	log_put_number(log, "request_bytes", outcome_request_bytes(exchange));
	log_put_number(log, "response_bytes", outcome_response_bytes(exchange));
	put_durations(log, exchange);
	put_backend(log, exchange);
	log_put_string(log, "reason", error_code(outcome_reason(exchange)));
	if (exchange->failure.error)
		log_put_string(log, "side", side_name(exchange->failure.side));
	log_end(log);
}
