#include "setup/rules.h"

#include <stdio.h>

#include "base/memory.h"
#include "setup/file.h"

enum { KEY_PATH_MAX = 128 };

/* True if the route does more than to name its cluster. */
static bool has_rules(const struct config_route *route)
{
	return route->replace_path.text.data || route->redirect || route->answer ||
	       route->request_headers || route->response_headers || route->hsts ||
	       route->error_page_count > 0 || route->allow_count > 0 || route->deny_count > 0 ||
	       route->basic_auth || route->rate_limit || route->concurrency ||
	       route->websocket_origin_count > 0;
}

/* Reads a file into the arena. What can not be read is told. */
static enum error load_file(struct setup_rules *rules, const struct config_text *path,
                            const char *key, struct diagnostics *diagnostics,
                            struct span *ret_content)
{
	struct span content;

	if (!path->text.data)
		return OK; /* not given, or told already */

	enum error error = file_read(path->text.data, &content);

	if (error == ERROR_OUT_OF_MEMORY)
		return error;
	if (error) {
		file_tell_unreadable(diagnostics, path, key, error);
		return OK;
	}
	if (content.size > rules->content_left) {
		diagnostics_error(diagnostics, path->place, key,
		                  "with %s all pages together are larger than limits.page_files",
		                  path->text.data);
	} else {
		rules->content_left -= content.size;
		error = arena_copy(&rules->arena, content, ret_content);
	}
	file_free(content);
	return error;
}

static enum error load_pages(struct setup_rules *rules, const struct config_error_page *configs,
                             size_t count, const char *path, struct diagnostics *diagnostics,
                             struct page **ret_pages)
{
	struct page *pages = arena_new(&rules->arena, count, sizeof(*pages));
	enum error error = pages || count == 0 ? OK : ERROR_OUT_OF_MEMORY;

	for (size_t i = 0; i < count && !error; i++) {
		char key[KEY_PATH_MAX];

		(void)snprintf(key, sizeof(key), "%serror_pages.%u.file", path, configs[i].status);
		pages[i].status = configs[i].status;
		pages[i].content_type = configs[i].content_type.text;
		error = load_file(rules, &configs[i].file, key, diagnostics, &pages[i].content);
	}
	if (!error)
		*ret_pages = pages;
	return error;
}

static enum error load_answer(struct setup_rules *all, const struct config_answer *answer,
                              size_t index, struct diagnostics *diagnostics,
                              struct span *ret_content)
{
	char key[KEY_PATH_MAX];

	if (!answer)
		return OK;
	*ret_content = answer->body.text;
	(void)snprintf(key, sizeof(key), "routes[%zu].answer.file", index);
	return load_file(all, &answer->file, key, diagnostics, ret_content);
}

static enum error load_users(const struct config_basic_auth *auth, size_t index,
                             struct diagnostics *diagnostics, struct users **ret_users)
{
	char path[KEY_PATH_MAX];
	char key[KEY_PATH_MAX];
	struct span file = {0};
	enum error error = OK;

	if (!auth)
		return OK;
	(void)snprintf(path, sizeof(path), "routes[%zu].basic_auth", index);
	(void)snprintf(key, sizeof(key), "routes[%zu].basic_auth.users_file", index);
	if (auth->users_file.text.data)
		error = file_read(auth->users_file.text.data, &file);
	if (error == ERROR_OUT_OF_MEMORY)
		return error;
	if (error)
		file_tell_unreadable(diagnostics, &auth->users_file, key, error);
	error = users_new(auth, file, path, diagnostics, ret_users);
	file_free(file);
	return error;
}

static enum error load_route(struct setup_rules *all, const struct config_route *route,
                             size_t index, struct diagnostics *diagnostics)
{
	char path[KEY_PATH_MAX];
	struct page *pages = NULL;
	struct rules *rules;

	rules_check_fields(route, index, diagnostics);
	if (!has_rules(route))
		return OK;

	enum error error = rules_new(route, &rules);

	if (error)
		return error;
	all->of[index] = rules;
	(void)snprintf(path, sizeof(path), "routes[%zu].", index);
	error = load_answer(all, route->answer, index, diagnostics, &rules->answer);
	if (!error)
		error =
			load_pages(all, route->error_pages, route->error_page_count, path, diagnostics, &pages);
	if (!error)
		error = load_users(route->basic_auth, index, diagnostics, &rules->users);
	rules->pages = pages;
	rules->page_count = pages ? route->error_page_count : 0;
	return error;
}

enum error setup_rules_load(const struct config *config, struct diagnostics *diagnostics,
                            struct setup_rules *rules)
{
	rules->count = config->route_count;
	/* 0: the limit itself is a mistake of the file, and that is enough to tell. */
	rules->content_left = config->limits.page_files > 0 ? config->limits.page_files : SIZE_MAX;
	arena_init(&rules->arena, NULL, SIZE_MAX);
	rules->of = memory_new(config->route_count + 1, sizeof(struct rules *));
	if (!rules->of)
		return ERROR_OUT_OF_MEMORY;

	enum error error = tally_new(&rules->password_checks);

	if (error)
		return error;
	error = load_pages(rules, config->error_pages, config->error_page_count, "", diagnostics,
	                   &rules->pages);

	rules->page_count = error ? 0 : config->error_page_count;
	for (size_t i = 0; i < config->route_count && !error; i++)
		error = load_route(rules, &config->routes[i], i, diagnostics);
	return error;
}

static bool is_same_text(const struct config_text *a, const struct config_text *b)
{
	return span_equal(a->text, b->text);
}

void setup_rules_inherit(struct setup_rules *rules, const struct setup_rules *before)
{
	tally_unref(rules->password_checks);
	rules->password_checks = tally_ref(before->password_checks);
	for (size_t i = 0; i < rules->count; i++) {
		struct rules *own = rules->of[i];

		for (size_t j = 0; own && j < before->count; j++) {
			const struct rules *old = before->of[j];

			if (old && is_same_text(&own->config->host, &old->config->host) &&
			    is_same_text(&own->config->path, &old->config->path))
				rules_inherit(own, old);
		}
	}
}

void setup_rules_done(struct setup_rules *rules)
{
	for (size_t i = 0; rules->of && i < rules->count; i++)
		rules_free(rules->of[i]);
	memory_free(rules->of);
	tally_unref(rules->password_checks);
	arena_done(&rules->arena);
}
