#include "route/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "route/access.h"
#include "route/fields.h"
#include "route/rewrite.h"

enum { PATH_SIZE = 128, US_PER_MS = 1000, US_PER_S = 1000000 };

void rules_check_fields(const struct config_route *route, size_t index,
                        struct diagnostics *diagnostics)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "routes[%zu].request_headers", index);
	fields_check(route->request_headers, MESSAGE_REQUEST, path, diagnostics);
	(void)snprintf(path, sizeof(path), "routes[%zu].response_headers", index);
	fields_check(route->response_headers, MESSAGE_RESPONSE, path, diagnostics);
}

enum error rules_new(const struct config_route *route, struct rules **ret_rules)
{
	struct rules *rules = memory_new(1, sizeof(*rules));
	const struct config_concurrency *concurrency = route->concurrency;
	const struct config_hsts *hsts = route->hsts;
	enum error error = OK;

	if (!rules)
		return ERROR_OUT_OF_MEMORY;
	rules->config = route;
	if (route->rate_limit)
		error = clients_new(route->rate_limit->clients, &rules->rates);
	if (!error && concurrency)
		error = tally_new(&rules->requests);
	if (!error && concurrency && concurrency->requests_per_client > 0)
		error = clients_new(concurrency->clients, &rules->running);
	if (error) {
		rules_free(rules);
		return error;
	}
	if (hsts)
		(void)snprintf(rules->hsts, sizeof(rules->hsts), "max-age=%llu%s%s",
		               (unsigned long long)(hsts->max_age_ms / 1000),
		               hsts->include_subdomains ? "; includeSubDomains" : "",
		               hsts->preload ? "; preload" : "");
	if (route->basic_auth)
		(void)snprintf(rules->challenge, sizeof(rules->challenge),
		               "Basic realm=\"%s\", charset=\"UTF-8\"", route->basic_auth->realm.text.data);
	*ret_rules = rules;
	return OK;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	clients_unref(rules->rates);
	clients_unref(rules->running);
	tally_unref(rules->requests);
	users_free(rules->users);
	memory_free(rules);
}

static void inherit_clients(struct clients **clients, struct clients *before)
{
	if (!*clients || !before || clients_room(*clients) != clients_room(before))
		return;
	clients_unref(*clients);
	*clients = clients_ref(before);
}

void rules_inherit(struct rules *rules, const struct rules *before)
{
	inherit_clients(&rules->rates, before->rates);
	inherit_clients(&rules->running, before->running);
	if (!rules->requests || !before->requests)
		return;
	tally_unref(rules->requests);
	rules->requests = tally_ref(before->requests);
}

const struct page *page_find(const struct page *pages, size_t count, int status)
{
	for (size_t i = 0; i < count; i++)
		if ((int)pages[i].status == status)
			return &pages[i];
	return NULL;
}

static enum error take_token(struct rules *rules, const struct address *client, uint64_t now_us,
                             uint64_t *ret_retry_after_s)
{
	const struct config_rate_limit *limit = rules->config->rate_limit;
	uint64_t wait_us;

	if (!rules->rates)
		return OK;

	/* A part of a microsecond is given away; no fewer tokens come than were promised. */
	enum error error =
		clients_take(rules->rates, client, now_us, limit->per_ms * US_PER_MS / limit->requests,
	                 limit->burst, &wait_us);

	if (error)
		*ret_retry_after_s = (wait_us + US_PER_S - 1) / US_PER_S;
	return error;
}

/* Counts the request, if anything limits how many run. */
static enum error count_request(struct rules *rules, const struct address *client)
{
	const struct config_concurrency *limit = rules->config->concurrency;

	if (!tally_enter(rules->requests, limit->requests > 0 ? limit->requests : SIZE_MAX))
		return ERROR_ROUTE_BUSY;

	enum error error =
		rules->running ? clients_enter(rules->running, client, limit->requests_per_client) : OK;

	if (error)
		tally_leave(rules->requests);
	return error;
}

enum error rules_enter(struct rules *rules, const struct message *request,
                       const struct address *client, uint64_t now_us, struct visit *ret_visit,
                       uint64_t *ret_retry_after_s)
{
	if (!access_is_allowed(rules->config, client))
		return ERROR_ACCESS_DENIED;
	if (!access_origin_is_allowed(rules->config, request))
		return ERROR_ORIGIN_DENIED;

	enum error error = take_token(rules, client, now_us, ret_retry_after_s);

	if (error || !rules->config->concurrency)
		return error;
	error = count_request(rules, client);
	if (error) {
		*ret_retry_after_s = 1;
		return error;
	}
	ret_visit->rules = rules;
	ret_visit->client = *client;
	return OK;
}

void rules_leave(struct visit *visit)
{
	struct rules *rules = visit->rules;

	if (!rules)
		return;
	if (rules->running)
		clients_leave(rules->running, &visit->client);
	tally_leave(rules->requests);
	visit->rules = NULL;
}

/* An HTTP/1.0 request may not say for which host it is. */
static bool needs_host(const struct config_template *to)
{
	for (size_t i = 0; i < to->piece_count; i++)
		if (to->pieces[i].variable == VARIABLE_REQUEST_HOST ||
		    to->pieces[i].variable == VARIABLE_REQUEST_AUTHORITY)
			return true;
	return false;
}

enum error rules_redirect(const struct rules *rules, const struct values *values,
                          struct arena *arena, struct span *ret_location)
{
	const struct config_template *to = &rules->config->redirect->to;

	if (needs_host(to) && values->of[VARIABLE_REQUEST_HOST].size == 0)
		return ERROR_HOST_MISSING;
	return values_render(values, to, arena, ret_location);
}

static enum error replace_path(const struct rules *rules, struct arena *arena,
                               struct message *message)
{
	struct span query = span_from(message->path_query, message->path.size);
	struct span path;
	enum error error = rewrite_path(rules->config->path.text, rules->config->replace_path.text,
	                                message->path, arena, &path);

	if (error)
		return error;

	char *bytes = arena_bytes(arena, path.size + query.size);

	if (!bytes)
		return ERROR_OUT_OF_MEMORY;
	memcpy(bytes, path.data, path.size);
	if (query.size > 0)
		memcpy(bytes + path.size, query.data, query.size);
	message->target = span_of(bytes, path.size + query.size);
	return OK;
}

enum error rules_change_request(const struct rules *rules, const struct values *values,
                                struct arena *arena, struct message *message)
{
	const struct config_route *route = rules->config;

	if (route->replace_path.text.data) {
		enum error error = replace_path(rules, arena, message);

		if (error)
			return error;
	}
	if (route->basic_auth && !route->basic_auth->forward)
		message_remove_fields(message, FIELD_AUTHORIZATION);
	return fields_change(route->request_headers, values, arena, message);
}

enum error rules_change_response(const struct rules *rules, const struct values *values,
                                 bool secure, struct arena *arena, struct message *message)
{
	enum error error = fields_change(rules->config->response_headers, values, arena, message);

	if (error || !rules->config->hsts)
		return error;
	message_remove_fields(message, FIELD_STRICT_TRANSPORT_SECURITY);
	if (!secure)
		return OK;
	return message_add_field(message, arena, field_name(FIELD_STRICT_TRANSPORT_SECURITY),
	                         span_of_string(rules->hsts));
}
