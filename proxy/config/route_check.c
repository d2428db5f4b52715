#include "config/route_check.h"

#include <stdio.h>

#include "base/number.h"

enum { PATH_SIZE = 128, WORDS_SIZE = 256, PRELOAD_DAYS_MIN = 365 };

/* One route under examination. */
struct examined {
	const struct config_route *route;
	size_t index;
	const struct node *node;
	struct diagnostics *diagnostics;
};

static bool is_given(struct config_text text)
{
	return text.text.data != NULL;
}

/* Complains about a key of the route; "": the route itself. */
static void complain(const struct examined *examined, struct place place, const char *key,
                     const char *words)
{
	char path[WORDS_SIZE];

	(void)snprintf(path, sizeof(path), "routes[%zu]%s%s", examined->index, *key ? "." : "", key);
	diagnostics_error(examined->diagnostics, place, path, "%s", words);
}

static bool stands_there(const struct examined *examined, const char *key)
{
	return examined->node && node_child(examined->node, span_of_string(key)) != NULL;
}

static struct place place_of(const struct examined *examined, const char *key)
{
	const struct node *child =
		examined->node ? node_child(examined->node, span_of_string(key)) : NULL;

	return child ? node_place(child) : examined->route->place;
}

/* A route leads to a cluster, or it answers by itself. */
static void check_destination(const struct examined *examined)
{
	static const char *const ends[] = {"cluster", "redirect", "answer"};
	static const char *const of_clusters[] = {"replace_path", "request_headers",
	                                          "websocket_origins"};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
		char words[WORDS_SIZE];

		if (!stands_there(examined, ends[i]))
			continue;
		if (first) {
			(void)snprintf(words, sizeof(words), "a route has either \"%s\" or \"%s\"", first,
			               ends[i]);
			complain(examined, place_of(examined, ends[i]), ends[i], words);
		} else {
			first = ends[i];
		}
	}
	if (!first)
		complain(examined, examined->route->place, "",
		         "the key \"cluster\" is missing; or \"redirect\" or \"answer\"");
	if (!first || first == ends[0])
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(of_clusters); i++)
		if (stands_there(examined, of_clusters[i]))
			complain(examined, place_of(examined, of_clusters[i]), of_clusters[i],
			         "without a cluster nothing is forwarded, so this would do nothing");
}

static void check_answer(const struct examined *examined)
{
	const struct config_answer *answer = examined->route->answer;

	if (!answer)
		return;
	if (is_given(answer->body) && is_given(answer->file))
		complain(examined, answer->file.place, "answer.file", "an answer has either body or file");
	if (answer->status == 204 || answer->status == 205 || answer->status == 304)
		complain(examined, answer->place, "answer.status",
		         "204, 205 and 304 mean that there is no body, and are not for this");
}

/* Where the authority of a URL ends in its first piece, or 0 if it goes on behind it. */
static bool authority_is_fixed(const struct config_template *to, size_t scheme_size)
{
	struct span rest = span_from(to->pieces[0].text, scheme_size);

	if (rest.size > 0 && span_find(rest, '/') < rest.size)
		return true;
	if (to->piece_count == 1)
		return rest.size > 0;

	/* `https://` and the client's own host, or the whole of a host before a path. */
	enum variable next = to->pieces[1].variable;
	bool is_path = next == VARIABLE_REQUEST_PATH || next == VARIABLE_REQUEST_TARGET;

	if (rest.size > 0)
		return is_path;
	if (next != VARIABLE_REQUEST_HOST && next != VARIABLE_REQUEST_AUTHORITY)
		return false;
	if (to->piece_count == 2)
		return true;
	if (to->pieces[2].variable == VARIABLE_NONE)
		return to->pieces[2].text.data[0] == '/' || to->pieces[2].text.data[0] == ':';
	return to->pieces[2].variable == VARIABLE_REQUEST_PATH ||
	       to->pieces[2].variable == VARIABLE_REQUEST_TARGET;
}

/* Nobody but the operator may say to which server a redirect leads. */
static const char *redirect_problem(const struct config_template *to)
{
	static const struct span schemes[] = {SPAN_INIT("https://"), SPAN_INIT("http://")};
	struct span first = to->piece_count > 0 ? to->pieces[0].text : (struct span){0};

	for (size_t i = 0; i < to->piece_count; i++)
		for (size_t j = 0; j < to->pieces[i].text.size; j++)
			if (to->pieces[i].text.data[j] <= ' ' || to->pieces[i].text.data[j] > '~')
				return "a URL has only visible ASCII characters; write others as %XX";
	if (span_starts_with(first, SPAN("/")) && !span_starts_with(first, SPAN("//")) &&
	    (first.size > 1 || to->piece_count == 1))
		return NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++)
		if (span_starts_with(first, schemes[i]))
			return authority_is_fixed(to, schemes[i].size)
			           ? NULL
			           : "a client could choose the server: write a whole host, or "
			             "${request.host}, then a \"/\", ${request.path} or ${request.target}";
	return "a redirect begins with https://, http:// or a path such as /new/";
}

static void check_redirect(const struct examined *examined)
{
	const struct config_redirect *redirect = examined->route->redirect;

	if (!redirect || !is_given(redirect->to.text))
		return;

	const char *problem = redirect_problem(&redirect->to);

	if (problem)
		complain(examined, redirect->to.text.place, "redirect.to", problem);
}

static void check_hsts(const struct examined *examined)
{
	const struct config_hsts *hsts = examined->route->hsts;
	const uint64_t preload_min_ms = (uint64_t)PRELOAD_DAYS_MIN * 86400 * 1000;

	if (hsts && hsts->preload && (!hsts->include_subdomains || hsts->max_age_ms < preload_min_ms))
		complain(examined, hsts->place, "hsts.preload",
		         "the browsers' list takes only names with include_subdomains and a max_age of at "
		         "least 365d");
}

static void check_basic_auth(const struct examined *examined)
{
	const struct config_basic_auth *auth = examined->route->basic_auth;

	if (!auth)
		return;
	if (!is_given(auth->users_file) && auth->user_count == 0)
		complain(examined, auth->place, "basic_auth",
		         "nobody could come in: users or users_file is needed");
	for (size_t i = 0; is_given(auth->realm) && i < auth->realm.text.size; i++) {
		char c = auth->realm.text.data[i];

		if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
			continue;
		complain(examined, auth->realm.place, "basic_auth.realm",
		         "a realm has only ASCII characters, without \" and \\");
		break;
	}
}

static void check_concurrency(const struct examined *examined)
{
	const struct config_concurrency *concurrency = examined->route->concurrency;

	if (concurrency && concurrency->requests == 0 && concurrency->requests_per_client == 0)
		complain(examined, concurrency->place, "concurrency",
		         "without requests or requests_per_client there is no limit");
}

/* RFC 6454 §6.2: scheme, host and perhaps a port, as a browser sends it. */
static bool is_origin(struct span text)
{
	struct span scheme = span_cut(text, 0, span_find(text, ':'));
	struct span host = span_from(text, scheme.size + 3);

	if (span_equal(text, SPAN("null")))
		return true;
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	return scheme.size > 0 && span_starts_with(span_from(text, scheme.size), SPAN("://")) &&
	       host.size > 0 && span_find(host, '/') == host.size && span_find(host, '@') == host.size;
}

static void check_origins(const struct examined *examined)
{
	const struct config_route *route = examined->route;

	for (size_t i = 0; i < route->websocket_origin_count; i++) {
		const struct config_text *origin = &route->websocket_origins[i];
		char key[PATH_SIZE];

		if (!is_given(*origin) || is_origin(origin->text))
			continue;
		(void)snprintf(key, sizeof(key), "websocket_origins[%zu]", i);
		complain(examined, origin->place, key,
		         "an origin has a scheme and a host, perhaps a port, and no path, as in "
		         "https://app.example.com");
	}
}

static void check_names(const struct examined *examined, const struct config_fields *fields,
                        const char *key)
{
	for (size_t i = 0; fields && i < fields->set_count; i++)
		for (size_t j = 0; j < i; j++)
			if (is_given(fields->set[i].name) &&
			    span_equal_nocase(fields->set[i].name.text, fields->set[j].name.text))
				complain(examined, fields->set[i].name.place, key,
				         "the same field is set twice: upper and lower case are the same here");
}

void route_check_error_pages(struct config_error_page *pages, size_t count, const char *path,
                             struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < count; i++) {
		char key[WORDS_SIZE];
		uint64_t status;

		if (!is_given(pages[i].status_text))
			continue;
		if (!number_decimal(pages[i].status_text.text, 599, &status) && status >= 400) {
			pages[i].status = (unsigned)status;
			continue;
		}
		(void)snprintf(key, sizeof(key), "%serror_pages", path);
		diagnostics_error(diagnostics, pages[i].status_text.place, key,
		                  "\"%s\" is not the status of an error, from 400 to 599",
		                  pages[i].status_text.text.data);
	}
}

void route_check(struct config *config, size_t index, const struct node *node,
                 struct diagnostics *diagnostics)
{
	struct config_route *route = &config->routes[index];
	struct examined examined = {
		.route = route, .index = index, .node = node, .diagnostics = diagnostics};
	char path[PATH_SIZE];

	if (!node || node->kind != NODE_MAP)
		return; /* it could not be decoded */
	(void)snprintf(path, sizeof(path), "routes[%zu].", index);
	check_destination(&examined);
	check_answer(&examined);
	check_redirect(&examined);
	check_hsts(&examined);
	check_basic_auth(&examined);
	check_concurrency(&examined);
	check_origins(&examined);
	check_names(&examined, route->request_headers, "request_headers.set");
	check_names(&examined, route->response_headers, "response_headers.set");
	route_check_error_pages(route->error_pages, route->error_page_count, path, diagnostics);
}
