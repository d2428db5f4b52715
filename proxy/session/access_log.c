#include "session/access_log.h"

#include "base/log.h"
#include "session/exchange.h"
#include "session/outcome.h"
#include "session/session.h"
#include "tls/identity.h"

/* The line being written, and which keys it shall have. */
struct line {
	struct log *log;
	unsigned fields; /* bits 1 << enum config_log_field; 0: all */
};

static bool wants(const struct line *line, enum config_log_field field)
{
	return line->fields == 0 || (line->fields & (1u << field)) != 0;
}

static const char *key_of(enum config_log_field field)
{
	static const char *const keys[CONFIG_LOG_FIELD_COUNT] = {
#define KEY(id, key) [CONFIG_LOG_FIELD_##id] = (key),
		CONFIG_LOG_FIELD_TABLE(KEY)
#undef KEY
	};

	return keys[field];
}

static void put(const struct line *line, enum config_log_field field, struct span value)
{
	if (wants(line, field))
		log_put(line->log, key_of(field), value);
}

/* NULL: there is nothing to tell. */
static void put_string(const struct line *line, enum config_log_field field, const char *value)
{
	if (value && wants(line, field))
		log_put_string(line->log, key_of(field), value);
}

static void put_number(const struct line *line, enum config_log_field field, uint64_t value)
{
	if (wants(line, field))
		log_put_number(line->log, key_of(field), value);
}

static void put_bool(const struct line *line, enum config_log_field field, bool value)
{
	if (wants(line, field))
		log_put_bool(line->log, key_of(field), value);
}

static void put_address(const struct line *line, enum config_log_field field,
                        const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text, sizeof(text));
	/* A trusted proxy told the address, but no port. */
	put_string(line, field,
	           address->port > 0 || address->kind == ADDRESS_UNIX ? text : address->host);
}

static void put_trace(const struct line *line, const struct trace *trace)
{
	if (!trace->is_on)
		return;
	put(line, CONFIG_LOG_FIELD_TRACE_ID, span_of(trace->id, TRACE_ID_SIZE));
	put(line, CONFIG_LOG_FIELD_SPAN_ID, span_of(trace->span, TRACE_SPAN_SIZE));
	if (trace->has_parent)
		put(line, CONFIG_LOG_FIELD_PARENT_SPAN_ID, span_of(trace->parent, TRACE_SPAN_SIZE));
}

static void put_client(const struct line *line, const struct session *session,
                       const struct address *client)
{
	put_address(line, CONFIG_LOG_FIELD_CLIENT, client);
	if (!address_equal(client, &session->peer))
		put_address(line, CONFIG_LOG_FIELD_PEER, &session->peer);
	put(line, CONFIG_LOG_FIELD_LISTENER, session->listener->config->address_text.text);
}

static void put_tls(const struct line *line, const struct session *session)
{
	if (!session->client.tls)
		return;

	const struct tls_facts *facts = tls_session_facts(session->client.tls);

	put(line, CONFIG_LOG_FIELD_SERVER_NAME, facts->server_name);
	put_string(line, CONFIG_LOG_FIELD_TLS_VERSION, facts->version);
	put_string(line, CONFIG_LOG_FIELD_CIPHER_SUITE, facts->suite);
	put_string(line, CONFIG_LOG_FIELD_GROUP, facts->group);
	put_bool(line, CONFIG_LOG_FIELD_RESUMED, facts->resumed);
	if (!facts->client)
		return;
	put(line, CONFIG_LOG_FIELD_CLIENT_CERT, facts->client->fingerprint);
	put(line, CONFIG_LOG_FIELD_CLIENT_SUBJECT, facts->client->subject);
	if (facts->client->lacks_chain)
		put_bool(line, CONFIG_LOG_FIELD_CLIENT_CHAIN, true);
}

static void put_request(const struct line *line, const struct exchange *exchange)
{
	const struct message *request = &exchange->request;

	if (!exchange->has_request)
		return;
	put(line, CONFIG_LOG_FIELD_METHOD, request->method_token);
	put(line, CONFIG_LOG_FIELD_HOST, request->host);
	put(line, CONFIG_LOG_FIELD_PATH, request->path);
	if (request->query.size > 0 && exchange->session->services->setup->config->logging.query)
		put(line, CONFIG_LOG_FIELD_QUERY, request->query);
	put_string(line, CONFIG_LOG_FIELD_VERSION, http_version_text(request->version));
	if (exchange->values.of[VARIABLE_CLIENT_USER].size > 0)
		put(line, CONFIG_LOG_FIELD_USER, exchange->values.of[VARIABLE_CLIENT_USER]);
}

static void put_duration(struct log *log, const char *key, uint64_t from_us, uint64_t to_us)
{
	if (from_us != 0 && to_us >= from_us)
		log_put_number(log, key, to_us - from_us);
}

static void put_durations(const struct line *line, const struct exchange *exchange)
{
	struct log *log = line->log;

	if (!wants(line, CONFIG_LOG_FIELD_DURATION))
		return;
	log_put_object(log, key_of(CONFIG_LOG_FIELD_DURATION));
	put_duration(log, "total", exchange->began_us, exchange->ended_us);
	put_duration(log, "head", exchange->began_us, exchange->head_us);
	put_duration(log, "connect", exchange->link_us, exchange->connected_us);
	put_duration(log, "request", exchange->head_us, exchange->request_done_us);
	put_duration(log, "first_byte", exchange->link_us, exchange->first_byte_us);
	log_put_object_end(log);
}

/* The first field of that name; NULL: there is none. */
static const struct field *find_field(const struct message *message, struct span name)
{
	for (size_t i = 0; i < message->field_count; i++)
		if (span_equal_nocase(message->fields[i].name, name))
			return &message->fields[i];
	return NULL;
}

/* Keys as they stand in the configuration, so that all lines have the same. */
static void put_headers(struct log *log, const char *key, const struct config_text *names,
                        size_t count, const struct message *message)
{
	if (count == 0)
		return;
	log_put_object(log, key);
	for (size_t i = 0; i < count; i++) {
		const struct field *field = find_field(message, names[i].text);

		if (field)
			log_put(log, names[i].text.data, field->value);
	}
	log_put_object_end(log);
}

static void put_backend(const struct line *line, const struct exchange *exchange)
{
	if (exchange->cluster)
		put(line, CONFIG_LOG_FIELD_CLUSTER, exchange->cluster->config->name.text);
	if (!exchange->backend)
		return;
	put_string(line, CONFIG_LOG_FIELD_BACKEND, exchange->backend->text);
	put_bool(line, CONFIG_LOG_FIELD_REUSED, exchange->reused);
	put_bool(line, CONFIG_LOG_FIELD_RETRIED, exchange->retried);
}

/* Whether this one is told. What went wrong always is. */
static bool is_sampled(const struct exchange *exchange)
{
	struct services *services = exchange->session->services;
	bool is_fine = exchange->status < 400 && outcome_reason(exchange) == OK;

	return !is_fine || services->unsampled++ % services->setup->config->logging.sample == 0;
}

static void put_outcome(const struct line *line, const struct exchange *exchange)
{
	put_number(line, CONFIG_LOG_FIELD_STATUS, (uint64_t)exchange->status);
	put_number(line, CONFIG_LOG_FIELD_REQUEST_BYTES, outcome_request_bytes(exchange));
	put_number(line, CONFIG_LOG_FIELD_RESPONSE_BYTES, outcome_response_bytes(exchange));
	put_durations(line, exchange);
	put_backend(line, exchange);
	put_string(line, CONFIG_LOG_FIELD_REASON, error_code(outcome_reason(exchange)));
	if (exchange->failure.error)
		put_string(line, CONFIG_LOG_FIELD_SIDE, side_name(exchange->failure.side));
}

void access_log_exchange(const struct exchange *exchange)
{
	const struct services *services = exchange->session->services;
	const struct config_logging *logging = &services->setup->config->logging;
	const struct line line = {.log = services->log, .fields = logging->fields};

	if (log_is_off(line.log, LOG_TO_ACCESS) || !is_sampled(exchange))
		return;
	log_begin(line.log, LOG_TO_ACCESS, LOG_NOTICE, "request");
	put(&line, CONFIG_LOG_FIELD_ID, exchange->id);
	put(&line, CONFIG_LOG_FIELD_CONNECTION, span_of(exchange->session->id, SESSION_ID_SIZE));
	put_trace(&line, &exchange->trace);
	put_client(&line, exchange->session, &exchange->client);
	put_tls(&line, exchange->session);
	put_request(&line, exchange);
	if (exchange->has_request)
		put_headers(line.log, "request_headers", logging->request_headers,
		            logging->request_header_count, &exchange->request);
	put_outcome(&line, exchange);
	if (exchange->response.status != 0)
		put_headers(line.log, "response_headers", logging->response_headers,
		            logging->response_header_count, &exchange->response);
	log_end(line.log);
}
