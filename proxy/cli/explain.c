#include "cli/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/nearest.h"

enum { OUTPUT_MAX = 16 << 20, WHY_MAX = 1024 };

static void print(FILE *file, struct text *text)
{
	(void)fwrite(text_string(text), 1, text->size, file);
	text_done(text);
}

/* --- The options -------------------------------------------------------------------------- */

static enum exit_status print_clients(const struct options *options)
{
	struct text text;

	text_init(&text, OUTPUT_MAX);
	if (options->json)
		explain_json_clients(&text);
	else
		explain_text_clients(&text);
	print(stdout, &text);
	return EXIT_CLEAN;
}

static void tell_unknown_client(const char *name)
{
	const struct tls_profile *profile;
	struct nearest nearest;

	nearest_init(&nearest, span_of_string(name));
	for (size_t i = 0; (profile = tls_profile_at(i)) != NULL; i++)
		nearest_offer(&nearest, span_of_string(profile->name));
	(void)fprintf(stderr, "sallyport explain: there is no client \"%s\"", name);
	if (nearest.best.size > 0)
		(void)fprintf(stderr, "; did you mean \"%.*s\"?", (int)nearest.best.size,
		              nearest.best.data);
	(void)fprintf(stderr, "\n`sallyport explain --clients` lists them\n");
}

bool explain_needs_setup(const struct options *options, enum exit_status *ret_status)
{
	int count = (options->client != NULL) + (options->client_hello != NULL) + options->all;
	char name[TLS_NAME_SIZE_MAX];

	*ret_status = EXIT_USAGE;
	if (options->clients || (options->client && strcmp(options->client, "list") == 0)) {
		*ret_status = print_clients(options);
		return false;
	}
	if (count != 1) {
		(void)fprintf(stderr, "sallyport explain: %s --client, --client-hello, --all\n",
		              count == 0 ? "which client? One of" : "only one of");
		return false;
	}
	if (options->client && !tls_profile_find(span_of_string(options->client))) {
		tell_unknown_client(options->client);
		return false;
	}
	if (options->server_name &&
	    tls_name_normalize(span_of_string(options->server_name), name) == 0) {
		(void)fprintf(stderr, "sallyport explain: \"%s\" is not a host name\n",
		              options->server_name);
		return false;
	}
	if (!options->server_name && !options->client_hello) {
		(void)fprintf(stderr, "sallyport explain: --name says for which server name\n");
		return false;
	}
	return true;
}

/* The one that is asked for, else the first with TLS; NULL: there is none, as told. */
static const struct setup_listener *find_listener(const struct setup *setup,
                                                  const struct options *options)
{
	for (size_t i = 0; i < setup->listener_count; i++) {
		const struct setup_listener *listener = &setup->listeners[i];
		struct span address = listener->config->address_text.text;

		if (listener->sites &&
		    (!options->listener || span_equal(span_of_string(options->listener), address)))
			return listener;
	}
	(void)fprintf(stderr, "sallyport explain: there is no listener with TLS%s%s\n",
	              options->listener ? " on " : "", options->listener ? options->listener : "");
	return NULL;
}

/* --- Explaining --------------------------------------------------------------------------- */

/* Reads what `explanation` names, and finds out all about it. */
static bool find_out(struct explanation *explanation, const struct options *options,
                     struct text *why)
{
	char wire[TLS_PROFILE_HELLO_SIZE_MAX];
	char normal[TLS_NAME_SIZE_MAX];
	struct span name = {normal, tls_name_normalize(span_of_string(options->server_name), normal)};
	bool is_read;

	if (explanation->profile) {
		size_t size = tls_profile_write(explanation->profile, name, wire);

		is_read = explain_read_bytes(span_of(wire, size), explanation, why);
	} else {
		is_read = explain_read_file(explanation->file, explanation, why);
	}
	if (!is_read)
		return false;
	if (explanation->has_fault) {
		tls_outlook_malformed(explanation->listener->sites, &explanation->fault,
		                      &explanation->outlook);
		return true;
	}

	enum error error = tls_ja4(&explanation->hello, explanation->ja4);

	if (error) {
		text_put_string(why, error_words(error));
		return false;
	}
	/* An old client of the table may name no server, whatever we wish it to ask for. */
	tls_outlook(explanation->listener->sites, explanation->listener->tickets != NULL,
	            &explanation->hello, explanation->file && options->server_name ? &name : NULL,
	            &explanation->outlook);
	return true;
}

static enum exit_status tell(const char *what, struct text *why)
{
	(void)fprintf(stderr, "sallyport explain: %s: %s\n", what, text_string(why));
	return EXIT_USAGE;
}

static enum exit_status explain_one(const struct setup_listener *listener,
                                    const struct options *options)
{
	struct explanation explanation = {
		.listener = listener,
		.file = options->client_hello,
		.profile = options->client ? tls_profile_find(span_of_string(options->client)) : NULL,
	};
	enum exit_status status;
	struct text text;

	text_init(&text, OUTPUT_MAX);
	if (!find_out(&explanation, options, &text)) {
		status = tell(explanation.file ? explanation.file : options->client, &text);
		text_done(&text);
	} else {
		status = explanation.outlook.error ? EXIT_CONFIG : EXIT_CLEAN;
		if (options->json)
			explain_json_one(&explanation, &text);
		else
			explain_text_one(&explanation, &text);
		if (options->json)
			text_put_char(&text, '\n');
		print(stdout, &text);
	}
	memory_free(explanation.message);
	return status;
}

/* Adds a client's row; false: as told in `why`. */
static bool add_row(const struct setup_listener *listener, const struct tls_profile *profile,
                    const struct options *options, struct text *text, struct text *why,
                    size_t *failing)
{
	struct explanation explanation = {.listener = listener, .profile = profile};
	bool is_good = find_out(&explanation, options, why);

	if (is_good && options->json)
		explain_json_row(&explanation, text);
	else if (is_good)
		explain_text_row(&explanation, text);
	*failing += is_good && explanation.outlook.error ? 1 : 0;
	memory_free(explanation.message);
	return is_good;
}

static void begin_all(const struct setup_listener *listener, const struct options *options,
                      struct text *text)
{
	if (!options->json) {
		explain_text_head(listener, text);
		return;
	}
	text_put_string(text, "{\"listener\":\"");
	text_put_json(text, listener->config->address_text.text);
	text_put_string(text, "\",\"server_name\":\"");
	text_put_json(text, span_of_string(options->server_name));
	text_put_string(text, "\",\"clients\":[");
}

static enum exit_status explain_all(const struct setup_listener *listener,
                                    const struct options *options)
{
	const struct tls_profile *profile;
	enum exit_status status = EXIT_CLEAN;
	struct text text, why;
	size_t failing = 0;
	size_t count = 0;

	text_init(&text, OUTPUT_MAX);
	text_init(&why, WHY_MAX);
	begin_all(listener, options, &text);
	for (; (profile = tls_profile_at(count)) != NULL && status == EXIT_CLEAN; count++) {
		if (options->json && count > 0)
			text_put_char(&text, ',');
		if (!add_row(listener, profile, options, &text, &why, &failing))
			status = tell(profile->name, &why);
	}
	if (options->json)
		text_printf(&text, "],\"count\":%zu,\"failing\":%zu}\n", count, failing);
	else
		explain_text_counts(count, failing, &text);
	if (status == EXIT_CLEAN) {
		print(stdout, &text);
		status = failing > 0 ? EXIT_CONFIG : EXIT_CLEAN;
	}
	text_done(&text);
	text_done(&why);
	return status;
}

enum exit_status explain_print(struct setup *setup, const struct options *options)
{
	const struct setup_listener *listener = find_listener(setup, options);

	if (!listener)
		return EXIT_USAGE;
	return options->all ? explain_all(listener, options) : explain_one(listener, options);
}
