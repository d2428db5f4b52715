#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/options.h"
#include "cli/policies.h"
#include "cli/version.h"
#include "config/diagnostics.h"
#include "config/reference.h"
#include "server/server.h"
#include "setup/setup.h"
#include "tls/library.h"

enum { OUTPUT_MAX = 16 << 20 };

static void print_text(FILE *file, struct text *text)
{
	(void)fwrite(text_string(text), 1, text->size, file);
	text_done(text);
}

static void print_diagnostics(FILE *file, struct diagnostics *diagnostics, bool json)
{
	struct text text;

	text_init(&text, OUTPUT_MAX);
	if (json)
		diagnostics_print_json(diagnostics, &text);
	else
		diagnostics_print(diagnostics, &text);
	print_text(file, &text);
}

static enum exit_status cannot_run(const char *why)
{
	(void)fprintf(stderr, "sallyport: %s\n", why);
	return EXIT_CANNOT_RUN;
}

static enum exit_status run_with(struct setup *setup)
{
	struct text why;

	text_init(&why, 1024);

	enum error error = server_run(setup, &why);
	enum exit_status status = error ? cannot_run(text_string(&why)) : EXIT_CLEAN;

	text_done(&why);
	return status;
}

/* Loads the setup and tells about it; then `run` goes on with it. */
static enum exit_status load_and(const struct options *options,
                                 enum exit_status (*go_on)(struct setup *setup))
{
	struct diagnostics diagnostics;
	struct setup *setup = NULL;
	enum exit_status status = EXIT_CLEAN;

	if (tls_library_open())
		return cannot_run("the TLS library does not start");
	diagnostics_init(&diagnostics);

	enum error error = setup_load(options->config, &diagnostics, &setup);

	print_diagnostics(options->json ? stdout : stderr, &diagnostics, options->json);
	(void)fflush(stdout);
	if (error == ERROR_CONFIG || (options->strict && diagnostics.warnings > 0))
		status = EXIT_CONFIG;
	else if (error)
		status = cannot_run(error_words(error));
	diagnostics_done(&diagnostics);
	if (!error && status == EXIT_CLEAN && go_on)
		status = go_on(setup);
	else if (!error && status == EXIT_CLEAN && !options->json)
		(void)printf("%s: good: listeners %zu, routes %zu, clusters %zu\n", options->config,
		             setup->listener_count, setup->config->route_count,
		             setup->config->cluster_count);
	setup_unref(setup);
	tls_library_close();
	return status;
}

static enum exit_status command_run(const struct options *options)
{
	return load_and(options, run_with);
}

static enum exit_status command_check(const struct options *options)
{
	return load_and(options, NULL);
}

static enum exit_status command_version(const struct options *options)
{
	(void)options;
	version_print();
	return EXIT_CLEAN;
}

static enum exit_status command_config_reference(const struct options *options)
{
	struct text text;

	(void)options;
	text_init(&text, OUTPUT_MAX);
	config_reference_print(&text);
	print_text(stdout, &text);
	return EXIT_CLEAN;
}

static enum exit_status command_policies(const struct options *options)
{
	struct text text;
	bool is_known;

	text_init(&text, OUTPUT_MAX);
	is_known = policies_print(options->name, &text);
	print_text(is_known ? stdout : stderr, &text);
	return is_known ? EXIT_CLEAN : EXIT_USAGE;
}

static const struct command {
	const char *name;
	const char *alias;
	unsigned options;
	enum exit_status (*run)(const struct options *options);
	const char *summary;
	const char *details;
} commands[] = {
	{"run", NULL, OPTION_CONFIG, command_run, "run the proxy in the foreground",
     "Signals: TERM and INT stop within timeouts.drain, QUIT drains without a time limit,\n"
     "a second INT stops at once.\n"},
	{"check", "-t", OPTION_CONFIG | OPTION_JSON | OPTION_STRICT, command_check,
     "check the configuration, with all files that it names",
     "Every error is told with its place. Exit status 0: good, 1: not.\n"},
	{"config-reference", NULL, 0, command_config_reference,
     "print the reference of every configuration key",
     "The output is a configuration file with every key and its default.\n"},
	{"policies", NULL, OPTION_NAME, command_policies, "list the TLS policies, or print one in full",
     "With a NAME, such as intermediate: its versions, cipher suites, groups and signature\n"
     "algorithms, in the order in which they are preferred.\n"},
	{"version", "--version", 0, command_version, "print the version, the libraries and the build",
     ""},
};

static void print_usage(FILE *file)
{
	(void)fprintf(file, "Sallyport, a TLS-terminating reverse proxy.\n\n"
	                    "usage: sallyport COMMAND [OPTIONS]\n\n");
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		(void)fprintf(file, "  %-18s %s\n", commands[i].name, commands[i].summary);
	(void)fprintf(file,
	              "\n`sallyport COMMAND --help` tells more. `sallyport -t` is `sallyport check`.\n"
	              "Exit status: 0 stopped cleanly, 1 bad configuration, 2 usage, "
	              "3 could not run.\n");
}

static void print_command_usage(const struct command *command)
{
	(void)printf("usage: sallyport %s%s%s\n\n%c%s.\n%s\n", command->name,
	             (command->options & ~(unsigned)OPTION_NAME) != 0 ? " [OPTIONS]" : "",
	             (command->options & OPTION_NAME) != 0 ? " [NAME]" : "",
	             command->summary[0] - 'a' + 'A', command->summary + 1, command->details);
	options_print(command->options);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		if (strcmp(name, commands[i].name) == 0 ||
		    (commands[i].alias && strcmp(name, commands[i].alias) == 0))
			return &commands[i];
	return NULL;
}

enum exit_status cli_run(int argc, char **argv)
{
	struct options options;

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return EXIT_CLEAN;
	}

	const struct command *command = find_command(argv[1]);

	if (!command) {
		(void)fprintf(stderr, "sallyport: unknown command \"%s\"; `sallyport --help` lists them\n",
		              argv[1]);
		return EXIT_USAGE;
	}
	if (!options_read(argc - 1, argv + 1, command->options, &options)) {
		(void)fprintf(stderr, "`sallyport %s --help` tells what it takes\n", command->name);
		return EXIT_USAGE;
	}
	if (options.help) {
		print_command_usage(command);
		return EXIT_CLEAN;
	}
	return command->run(&options);
}
