#include "cli/compare.h"

#include <stdio.h>

#include "config/diagnostics.h"
#include "config/diff.h"
#include "setup/setup.h"

enum { OUTPUT_MAX = 16 << 20 };

/* One of the two. */
struct one {
	const char *path;
	struct diagnostics diagnostics;
	struct setup *setup;
};

static void print(FILE *file, struct text *text)
{
	(void)fwrite(text_string(text), 1, text->size, file);
	text_done(text);
}

static enum exit_status cannot_run(enum error error)
{
	(void)fprintf(stderr, "sallyport: %s\n", error_words(error));
	return EXIT_CANNOT_RUN;
}

/* Of JSON there is one object: the differences, or else what is wrong with the first bad file. */
static enum exit_status load(struct one *one, const struct options *options)
{
	enum error error = setup_load(one->path, &one->diagnostics, &one->setup);
	bool is_bad = error == ERROR_CONFIG || (options->strict && one->diagnostics.warnings > 0);
	struct text text;

	text_init(&text, OUTPUT_MAX);
	if (is_bad && options->json)
		diagnostics_print_json(&one->diagnostics, &text);
	else
		diagnostics_print(&one->diagnostics, &text);
	print(is_bad && options->json ? stdout : stderr, &text);
	if (is_bad)
		return EXIT_CONFIG;
	return error ? cannot_run(error) : EXIT_CLEAN;
}

static enum exit_status print_diff(const struct one *before, const struct one *after, bool json)
{
	const struct config_version old = {
		.name = before->diagnostics.name,
		.config = before->setup->config,
		.source = before->diagnostics.source,
	};
	const struct config_version fresh = {
		.name = after->diagnostics.name,
		.config = after->setup->config,
		.source = after->diagnostics.source,
	};
	struct config_diff diff;
	struct text text;
	enum error error = config_diff_make(&old, &fresh, &diff);

	if (!error) {
		text_init(&text, OUTPUT_MAX);
		if (json)
			config_diff_print_json(&diff, &text);
		else
			config_diff_print(&diff, &text);
		print(stdout, &text);
	}
	config_diff_done(&diff);
	return error ? cannot_run(error) : EXIT_CLEAN;
}

enum exit_status compare_print(const struct options *options)
{
	struct one before = {.path = options->config};
	struct one after = {.path = options->other};
	enum exit_status status;

	diagnostics_init(&before.diagnostics);
	diagnostics_init(&after.diagnostics);
	before.diagnostics.without_notices = true;
	after.diagnostics.without_notices = true;
	status = load(&before, options);
	if (status == EXIT_CLEAN)
		status = load(&after, options);
	if (status == EXIT_CLEAN)
		status = print_diff(&before, &after, options->json);
	setup_unref(before.setup);
	setup_unref(after.setup);
	diagnostics_done(&before.diagnostics);
	diagnostics_done(&after.diagnostics);
	return status;
}
