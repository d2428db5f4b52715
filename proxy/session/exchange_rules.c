#include "session/exchange_rules.h"

#include <stdio.h>

#include "route/rules.h"

enum { PORT_TEXT_SIZE = sizeof("65535"), US_PER_MS = 1000 };

static void set_client(struct exchange *exchange, struct values *values)
{
	const struct address *client = &exchange->client;
	char port[PORT_TEXT_SIZE];

	if (client->kind != ADDRESS_IPV4 && client->kind != ADDRESS_IPV6)
		return;
	values->of[VARIABLE_CLIENT_ADDRESS] = span_of_string(client->host);
	(void)snprintf(port, sizeof(port), "%u", (unsigned)client->port);
	/* Without memory for it the port is unknown, as it often is. */
	if (client->port > 0 &&
	    arena_copy(&exchange->arena, span_of_string(port), &values->of[VARIABLE_CLIENT_PORT]))
		values->of[VARIABLE_CLIENT_PORT] = (struct span){0};
}

static void set_tls(const struct session *session, struct values *values)
{
	if (!session->client.tls)
		return;

	const struct tls_facts *facts = tls_session_facts(session->client.tls);

	values->of[VARIABLE_TLS_VERSION] = span_of_string(facts->version);
	values->of[VARIABLE_TLS_CIPHER_SUITE] = span_of_string(facts->suite);
	values->of[VARIABLE_TLS_GROUP] = span_of_string(facts->group);
	values->of[VARIABLE_TLS_SERVER_NAME] = facts->server_name;
}

static void set_values(struct exchange *exchange)
{
	const struct session *session = exchange->session;
	const struct message *request = &exchange->request;
	struct values *values = &exchange->values;
	bool is_asterisk = request->target_form == TARGET_ASTERISK || request->path.size == 0 ||
	                   request->path.data[0] != '/';

	set_client(exchange, values);
	set_tls(session, values);
	values->of[VARIABLE_REQUEST_ID] = exchange->id;
	values->of[VARIABLE_REQUEST_METHOD] = request->method_token;
	values->of[VARIABLE_REQUEST_SCHEME] = session->client.tls ? SPAN("https") : SPAN("http");
	values->of[VARIABLE_REQUEST_HOST] = request->host;
	values->of[VARIABLE_REQUEST_AUTHORITY] = request->authority;
	/* `*` is no path: after a host it would be a part of it. */
	values->of[VARIABLE_REQUEST_PATH] = is_asterisk ? SPAN("/") : request->path;
	values->of[VARIABLE_REQUEST_QUERY] = request->query;
	values->of[VARIABLE_REQUEST_TARGET] = is_asterisk ? SPAN("/") : request->path_query;
	values->of[VARIABLE_LISTENER_ADDRESS] = session->listener->config->address_text.text;
}

enum error exchange_enter(struct exchange *exchange)
{
	if (!exchange->rules)
		return OK;
	set_values(exchange);
	return rules_enter(exchange->rules, &exchange->request, &exchange->client,
	                   session_now_ms(exchange->session) * US_PER_MS, &exchange->visit,
	                   &exchange->retry_after_s);
}

static void redirect(struct exchange *exchange)
{
	const struct config_redirect *config = exchange->rules->config->redirect;
	struct reply reply = {.status = (int)config->status};
	enum error error =
		rules_redirect(exchange->rules, &exchange->values, &exchange->arena, &reply.location);

	if (error)
		exchange_fail(exchange, error, SIDE_CLIENT);
	else
		exchange_reply(exchange, &reply);
}

bool exchange_answer(struct exchange *exchange)
{
	const struct rules *rules = exchange->rules;

	if (rules && rules->config->redirect) {
		redirect(exchange);
		return true;
	}
	if (!rules || !rules->config->answer)
		return false;

	struct reply reply = {
		.status = (int)rules->config->answer->status,
		.content = rules->answer,
		.content_type = rules->config->answer->content_type.text,
		.has_content = true,
	};

	exchange_reply(exchange, &reply);
	return true;
}

static const struct page *find_page(const struct exchange *exchange, int status)
{
	const struct rules *rules = exchange->rules;
	const struct setup_rules *all = &exchange->session->services->setup->rules;
	const struct page *page = rules ? page_find(rules->pages, rules->page_count, status) : NULL;

	return page ? page : page_find(all->pages, all->page_count, status);
}

void exchange_dress(const struct exchange *exchange, struct reply *reply)
{
	const struct page *page = reply->reason ? find_page(exchange, reply->status) : NULL;

	if (page) {
		reply->content = page->content;
		reply->content_type = page->content_type;
		reply->has_content = true;
	}
	if (reply->reason == ERROR_CREDENTIALS_MISSING || reply->reason == ERROR_CREDENTIALS_WRONG)
		reply->challenge = span_of_string(exchange->rules->challenge);
	if (reply->reason)
		reply->retry_after_s = exchange->retry_after_s;
	reply->rules = exchange->rules;
	reply->values = &exchange->values;
	reply->secure = exchange->session->client.tls != NULL;
}
