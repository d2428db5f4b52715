#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/compare.h"
#include "cli/completion.h"
#include "cli/explain.h"
#include "cli/hash_password.h"
#include "cli/manual.h"
#include "cli/options.h"
#include "cli/policies.h"
#include "cli/sandbox_trial.h"
#include "cli/version.h"
#include "config/diagnostics.h"
#include "config/nearest.h"
#include "config/reference.h"
#include "metrics/metric.h"
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

static enum exit_status cannot_start(void)
{
	const char *broken = tls_library_broken_primitive();

	if (!broken)
		return cannot_run("the TLS library does not start");
	(void)fprintf(stderr,
	              "sallyport: %s computes wrong results on this machine, so nothing is started; "
	              "a build with -Daccelerate=disabled does without other libraries\n",
	              broken);
	return EXIT_CANNOT_RUN;
}

static enum exit_status run_with(struct setup *setup, const struct options *options)
{
	(void)options;

	struct text why;

	text_init(&why, 1024);

	enum error error = server_run(setup, &why);
	enum exit_status status = error ? cannot_run(text_string(&why)) : EXIT_CLEAN;

	text_done(&why);
	return status;
}

static enum exit_status explain_with(struct setup *setup, const struct options *options)
{
	enum exit_status status = explain_print(setup, options);

	setup_unref(setup);
	return status;
}

/* Loads the setup and tells about it; then `go_on` does, with it: the reference is its own. */
static enum exit_status load_and(const struct options *options,
                                 enum exit_status (*go_on)(struct setup *setup,
                                                           const struct options *options))
{
	struct diagnostics diagnostics;
	struct setup *setup = NULL;
	enum exit_status status = EXIT_CLEAN;

	if (tls_library_open())
		return cannot_start();
	diagnostics_init(&diagnostics);
	diagnostics.without_notices = go_on != NULL; /* `check` has told them */

	enum error error = setup_load(options->config, &diagnostics, &setup);

	/* JSON is what `check` prints; another command's own output goes to standard output. */
	if (go_on)
		print_diagnostics(stderr, &diagnostics, false);
	else
		print_diagnostics(options->json ? stdout : stderr, &diagnostics, options->json);
	(void)fflush(stdout);
	if (error == ERROR_CONFIG || (options->strict && diagnostics.warnings > 0))
		status = EXIT_CONFIG;
	else if (error)
		status = cannot_run(error_words(error));
	diagnostics_done(&diagnostics);
	if (!error && status == EXIT_CLEAN && go_on) {
		status = go_on(setup, options);
		setup = NULL;
	} else if (!error && status == EXIT_CLEAN && !options->json) {
		(void)printf("%s: good: listeners %zu, routes %zu, clusters %zu\n", options->config,
		             setup->listener_count, setup->config->route_count,
		             setup->config->cluster_count);
	}
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
	enum exit_status status;

	if (!options->other)
		return load_and(options, NULL);
	if (tls_library_open())
		return cannot_start();
	status = compare_print(options);
	tls_library_close();
	return status;
}

static enum exit_status command_explain(const struct options *options)
{
	enum exit_status status;

	if (!explain_needs_setup(options, &status))
		return status;
	return load_and(options, explain_with);
}

static enum exit_status command_sandbox(const struct options *options)
{
	return load_and(options, sandbox_trial_print);
}

static enum exit_status command_version(const struct options *options)
{
	(void)options;
	if (tls_library_open())
		return cannot_start();
	version_print();
	tls_library_close();
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

static enum exit_status command_metrics_reference(const struct options *options)
{
	struct text text;

	(void)options;
	text_init(&text, OUTPUT_MAX);
	metric_put_list(&text);
	print_text(stdout, &text);
	return EXIT_CLEAN;
}

static enum exit_status command_hash_password(const struct options *options)
{
	char hash[PASSWORD_HASH_SIZE];
	enum error error = hash_password_read(hash);

	(void)options;
	if (error == ERROR_INVALID || error == ERROR_TOO_LARGE) {
		(void)fprintf(stderr, "sallyport: a password of 1 to %d bytes is needed\n",
		              PASSWORD_SIZE_MAX);
		return EXIT_USAGE;
	}
	if (error)
		return cannot_run(error_words(error));
	(void)printf("%s\n", hash);
	return EXIT_CLEAN;
}

static enum exit_status print_policies(const struct options *options,
                                       const struct setup_policies *own)
{
	const struct policies_question question = {own, options->name, options->other};
	struct text text;
	bool is_known;

	text_init(&text, OUTPUT_MAX);
	is_known = policies_print(&question, &text);
	print_text(is_known ? stdout : stderr, &text);
	return is_known ? EXIT_CLEAN : EXIT_USAGE;
}

/* Those of a file, for which its certificates need not be there. */
static enum exit_status print_own_policies(const struct options *options)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	struct setup_policies *own = NULL;
	enum exit_status status;

	diagnostics_init(&diagnostics);

	enum error error = config_load(options->config, &diagnostics, &config);

	if (config && (!error || error == ERROR_CONFIG))
		error = setup_policies_new(config, &diagnostics, &own);
	print_diagnostics(stderr, &diagnostics, false);
	if (diagnostics.errors > 0)
		status = EXIT_CONFIG;
	else
		status = error ? cannot_run(error_words(error)) : print_policies(options, own);
	diagnostics_done(&diagnostics);
	setup_policies_free(own);
	config_free(config);
	return status;
}

static enum exit_status command_policies(const struct options *options)
{
	if (options->other && !options->name) {
		(void)fprintf(stderr, "sallyport policies: --diff needs a NAME to compare with\n");
		return EXIT_USAGE;
	}
	return options->has_config ? print_own_policies(options) : print_policies(options, NULL);
}

/* Prints what the NAME stands for, or which names there are. */
static enum exit_status print_named(const struct options *options,
                                    bool (*print)(const char *name, struct text *out),
                                    const char *names)
{
	struct text text;

	text_init(&text, OUTPUT_MAX);
	if (print(options->name, &text)) {
		print_text(stdout, &text);
		return EXIT_CLEAN;
	}
	text_done(&text);
	(void)fprintf(stderr, "sallyport: %s\n", names);
	return EXIT_USAGE;
}

static enum exit_status command_manual(const struct options *options)
{
	return print_named(options, manual_print, "a page is sallyport or sallyport.yaml");
}

static enum exit_status command_completion(const struct options *options)
{
	return print_named(options, completion_print, "a shell is bash, zsh or fish");
}

static const struct command commands[] = {
	{"run", NULL, OPTION_CONFIG, command_run, "run the proxy in the foreground",
     "Signals: HUP reads FILE again, for new connections; TERM and INT stop within\n"
     "timeouts.drain, QUIT drains without a time limit, a second INT stops at once; USR1 opens\n"
     "the files of the log anew.\n"},
	{"check", "-t", OPTION_CONFIG | OPTION_JSON | OPTION_STRICT | OPTION_DIFF, command_check,
     "check the configuration, with all files that it names",
     "Every error is told with its place. Exit status 0: good, 1: not.\n"
     "With --diff both files are checked, and what a reload from FILE to OTHER would change is\n"
     "printed, each key with its place. The contents of other files are not compared.\n"},
	{"explain", NULL, OPTION_CONFIG | OPTION_JSON | OPTION_CLIENT, command_explain,
     "tell what would be negotiated with a client, step by step, or why nothing can be",
     "From the configuration alone; the proxy need not run. One of --client, --client-hello and\n"
     "--all says which client. With --client-hello, the server name is that in the file, if\n"
     "--name does not give another.\n"
     "Exit status 0: the handshake would succeed, 1: it would not, or not for each client of\n"
     "--all, or the configuration is wrong.\n"},
	{"status", NULL, OPTION_CONFIG | OPTION_ADMIN | OPTION_JSON, ask_status,
     "show how the running proxy is: connections, failed handshakes, clusters, certificates",
     "Asks its admin interface, which is found by --admin, else by the configuration.\n"
     "Exit status 0: it has answered, 3: it has not.\n"},
	{"reload", NULL, OPTION_CONFIG | OPTION_ADMIN | OPTION_JSON, ask_reload,
     "let the running proxy read its configuration again, as SIGHUP does",
     "What is wrong with the file is told as `check` does; then everything stays as it is.\n"
     "Exit status 0: new connections have the new configuration, 1: the file is wrong, 3: it\n"
     "could not be done, or no proxy answers.\n"},
	{"healthcheck", NULL, OPTION_CONFIG | OPTION_ADMIN | OPTION_HEALTH, ask_health,
     "tell in one line whether the running proxy is ready",
     "For HEALTHCHECK of Docker and the like: it needs no shell.\n"
     "Exit status 0: it is, 1: it is not, or it does not answer.\n"},
	{"config-reference", NULL, 0, command_config_reference,
     "print the reference of every configuration key",
     "The output is a configuration file with every key and its default.\n"},
	{"metrics-reference", NULL, 0, command_metrics_reference, "print the list of all metrics",
     "A table in Markdown, as it stands in the README.\n"},
	{"hash-password", NULL, 0, command_hash_password,
     "read a password from standard input and print its hash",
     "For basic_auth: a line NAME:HASH in its users_file, or a value in its users.\n"},
	{"policies", NULL, OPTION_NAME | OPTION_DIFF | OPTION_OWN, command_policies,
     "list the TLS policies, print one in full, or compare two",
     "With a NAME, such as intermediate: its versions, cipher suites, groups and signature\n"
     "algorithms, in the order in which they are preferred.\n"},
	{"sandbox", NULL, OPTION_CONFIG | OPTION_JSON, command_sandbox,
     "try on this machine what the sandbox of a running proxy refuses",
     "Needs what `run` needs, but opens no listener. Exit status 0: all of it was refused,\n"
     "3: some was not, or the sandbox could not be entered.\n"},
	{"manual", NULL, OPTION_NAME, command_manual, "print a manual page, in man(7) macros",
     "NAME is sallyport or sallyport.yaml. To read it: sallyport manual | man -l -\n"},
	{"completion", NULL, OPTION_NAME, command_completion,
     "print what a shell needs to complete our command lines", "NAME is bash, zsh or fish.\n"},
	{"version", "--version", 0, command_version, "print the version, the libraries and the build",
     ""},
};

struct command_table command_table(void)
{
	return (struct command_table){commands, ARRAY_LENGTH(commands)};
}

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

static enum exit_status unknown_command(const char *name)
{
	struct nearest nearest;

	nearest_init(&nearest, span_of_string(name));
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		nearest_offer(&nearest, span_of_string(commands[i].name));
	(void)fprintf(stderr, "sallyport: unknown command \"%s\"; ", name);
	if (nearest.best.size > 0)
		(void)fprintf(stderr, "did you mean \"%.*s\"?\n", (int)nearest.best.size,
		              nearest.best.data);
	else
		(void)fprintf(stderr, "`sallyport --help` lists them\n");
	return EXIT_USAGE;
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

	if (!command)
		return unknown_command(argv[1]);

	/* What getopt_long() puts before what it finds wrong. */
	char program[64];

	(void)snprintf(program, sizeof(program), "sallyport %s", command->name);
	argv[1] = program;
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
