#include "cli/ask.h"

#include <stdio.h>

#include "admin/client.h"
#include "admin/page.h"
#include "admin/socket.h"
#include "config/config.h"
#include "config/diagnostics.h"

enum {
	WHY_MAX = 1024,
	/* More than the proxy's own limits for workers and backends together, by default. */
	WITHIN_MS = 5000,
	RELOAD_WITHIN_MS = 120000, /* many certificates take their time */
};

/* Where a proxy may be asked. */
struct places {
	struct address addresses[ADMIN_PLACES_MAX];
	size_t count;
};

/* A folder that a stranger could have made is passed over: the answer would be his. */
static void find_places(struct places *places)
{
	struct address all[ADMIN_PLACES_MAX];
	size_t count = admin_places(all);

	for (size_t i = 0; i < count; i++)
		if (admin_place_is_safe(&all[i]))
			places->addresses[places->count++] = all[i];
	if (places->count == 0 && count > 0) /* so that there is one to name */
		places->addresses[places->count++] = all[0];
}

/* What is wrong with the file is no matter here: the proxy that runs has read an older one. */
static bool read_config(const char *path, struct places *places, struct text *why)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	bool is_off;

	diagnostics_init(&diagnostics);
	/* With errors, too, there may be a config, with what could be read. */
	enum error error = config_load(path, &diagnostics, &config);

	(void)error;
	is_off = config && config_admin_is_off(&config->admin);
	if (is_off)
		text_printf(why, "the admin interface is off: admin.address in %s", path);
	else if (config && config->admin.address_text.text.data &&
	         !config_admin_is_auto(&config->admin))
		places->addresses[places->count++] = config->admin.address;
	else
		find_places(places);
	config_free(config);
	diagnostics_done(&diagnostics);
	return !is_off;
}

static enum error ask(const struct options *options, const struct admin_question *question,
                      int *ret_status, struct text *content, struct text *why)
{
	struct places places = {.count = 0};

	if (options->admin) {
		const char *problem = address_problem(span_of_string(options->admin));

		if (problem || address_parse(span_of_string(options->admin), &places.addresses[0]) ||
		    places.addresses[0].kind == ADDRESS_NAME) {
			text_printf(why, "--admin %s: %s", options->admin,
			            problem ? problem : "an IP address or unix:/path is needed");
			return ERROR_ADDRESS_INVALID;
		}
		places.count = 1;
	} else if (!read_config(options->config, &places, why)) {
		return ERROR_NOT_FOUND;
	}
	return admin_client_ask(places.addresses, places.count, question, ret_status, content, why);
}

/* Why there is no answer. */
static void explain_failure(FILE *file, enum error error, const struct text *why)
{
	if (error == ERROR_CONNECT_REFUSED)
		(void)fprintf(file, "no proxy answers (%s); does it run, and as this user?\n",
		              text_string(why));
	else
		(void)fprintf(file, "%s\n", text_string(why));
}

/* Prints the answer. *ret_status: of HTTP, if the result is EXIT_CLEAN. */
static enum exit_status ask_and_print(const struct options *options,
                                      const struct admin_question *question, int *ret_status)
{
	enum exit_status exit_status = EXIT_CLEAN;
	struct text content;
	struct text why;

	text_init(&content, ADMIN_ANSWER_MAX);
	text_init(&why, WHY_MAX);

	enum error error = ask(options, question, ret_status, &content, &why);

	if (error) {
		(void)fprintf(stderr, "sallyport: ");
		explain_failure(stderr, error, &why);
		exit_status = error == ERROR_ADDRESS_INVALID ? EXIT_USAGE : EXIT_CANNOT_RUN;
	} else {
		(void)fwrite(text_string(&content), 1, content.size, *ret_status == 200 ? stdout : stderr);
	}
	text_done(&content);
	text_done(&why);
	return exit_status;
}

enum exit_status ask_status(const struct options *options)
{
	const struct admin_question question = {
		.method = METHOD_GET,
		.target = options->json ? "/status?format=json" : "/status?format=text",
		.within_ms = WITHIN_MS,
	};
	int status = 0;
	enum exit_status exit_status = ask_and_print(options, &question, &status);

	return exit_status == EXIT_CLEAN && status != 200 ? EXIT_CANNOT_RUN : exit_status;
}

enum exit_status ask_reload(const struct options *options)
{
	const struct admin_question question = {
		.method = METHOD_POST,
		.target = options->json ? "/reload?format=json" : "/reload?format=line",
		.within_ms = RELOAD_WITHIN_MS,
	};
	int status = 0;
	enum exit_status exit_status = ask_and_print(options, &question, &status);

	if (exit_status != EXIT_CLEAN || status == 200)
		return exit_status;
	return status == 422 ? EXIT_CONFIG : EXIT_CANNOT_RUN;
}

enum exit_status ask_health(const struct options *options)
{
	const struct admin_question question = {
		.method = METHOD_GET,
		.target = options->live ? "/healthz?format=line" : "/readyz?format=line",
		.within_ms = WITHIN_MS,
	};
	struct text content;
	struct text why;
	int status = 0;

	text_init(&content, ADMIN_ANSWER_MAX);
	text_init(&why, WHY_MAX);

	enum error error = ask(options, &question, &status, &content, &why);
	enum exit_status exit_status = !error && status == 200 ? EXIT_CLEAN : EXIT_CONFIG;

	/* To standard output in any case: that is what Docker keeps. */
	if (error)
		explain_failure(stdout, error, &why);
	else
		(void)fwrite(text_string(&content), 1, content.size, stdout);
	text_done(&content);
	text_done(&why);
	return error == ERROR_ADDRESS_INVALID ? EXIT_USAGE : exit_status;
}
