#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>

#include "base/check.h"
#include "cli/cli.h"

static const struct option_row {
	struct option option;
	unsigned bit; /* 0: with every command */
	const char *usage;
} rows[] = {
	{{"config", required_argument, NULL, 'c'},
     OPTION_CONFIG,
     "-c, --config FILE        the configuration (default: " CLI_CONFIG_DEFAULT ")"},
	{{"config", required_argument, NULL, 'c'},
     OPTION_OWN,
     "-c, --config FILE        also the policies of this configuration"},
	{{"diff", required_argument, NULL, 'd'},
     OPTION_DIFF,
     "    --diff OTHER         what is different in OTHER"},
	{{"name", required_argument, NULL, 'n'},
     OPTION_CLIENT,
     "    --name NAME          the server name that is asked for"},
	{{"client", required_argument, NULL, 'C'},
     OPTION_CLIENT,
     "    --client NAME        a client of the table; `list` prints the table"},
	{{"client-hello", required_argument, NULL, 'H'},
     OPTION_CLIENT,
     "    --client-hello FILE  a ClientHello: its bytes, or hexadecimal digits; - is the input"},
	{{"all", no_argument, NULL, 'a'},
     OPTION_CLIENT,
     "    --all                every client of the table"},
	{{"clients", no_argument, NULL, 'l'},
     OPTION_CLIENT,
     "    --clients            print the table"},
	{{"listener", required_argument, NULL, 'L'},
     OPTION_CLIENT,
     "    --listener ADDRESS   as in the configuration; default: the first with TLS"},
	{{"admin", required_argument, NULL, 'A'},
     OPTION_ADMIN,
     "    --admin ADDRESS      of the admin interface: unix:/path or 127.0.0.1:PORT"},
	{{"live", no_argument, NULL, 'i'},
     OPTION_HEALTH,
     "    --live               whether the process lives; default: whether it is ready"},
	{{"ready", no_argument, NULL, 'r'},
     OPTION_HEALTH,
     "    --ready              whether requests will be answered"},
	{{"json", no_argument, NULL, 'j'},
     OPTION_JSON,
     "    --json               for programs: one JSON object"},
	{{"strict", no_argument, NULL, 's'},
     OPTION_STRICT,
     "    --strict             a warning is an error"},
	{{"help", no_argument, NULL, 'h'}, 0, "-h, --help               this text"},
};

static bool is_taken(const struct option_row *row, unsigned taken)
{
	return row->bit == 0 || (row->bit & taken) != 0;
}

static void apply(int option, struct options *options)
{
	switch (option) {
	case 'c':
		options->config = optarg;
		options->has_config = true;
		break;
	case 'd':
		options->other = optarg;
		break;
	case 'n':
		options->server_name = optarg;
		break;
	case 'C':
		options->client = optarg;
		break;
	case 'H':
		options->client_hello = optarg;
		break;
	case 'a':
		options->all = true;
		break;
	case 'l':
		options->clients = true;
		break;
	case 'L':
		options->listener = optarg;
		break;
	case 'A':
		options->admin = optarg;
		break;
	case 'i':
	case 'r':
		options->live = option == 'i';
		break;
	case 'j':
		options->json = true;
		break;
	case 's':
		options->strict = true;
		break;
	default:
		options->help = true;
		break;
	}
}

bool options_read(int argc, char **argv, unsigned taken, struct options *ret_options)
{
	struct option table[ARRAY_LENGTH(rows) + 1] = {0};
	size_t count = 0;
	int option;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (is_taken(&rows[i], taken))
			table[count++] = rows[i].option;

	*ret_options = (struct options){.config = CLI_CONFIG_DEFAULT};
	optind = 1;
	while ((option = getopt_long(argc, argv, taken & (OPTION_CONFIG | OPTION_OWN) ? "hc:" : "h",
	                             table, NULL)) >= 0) {
		if (option == '?')
			return false; /* getopt_long() has told why. */
		apply(option, ret_options);
	}
	if (optind < argc && (taken & OPTION_NAME) != 0)
		ret_options->name = argv[optind++];
	if (optind < argc) {
		(void)fprintf(stderr, "%s: unexpected argument \"%s\"\n", argv[0], argv[optind]);
		return false;
	}
	return true;
}

void options_each(unsigned taken, void (*each)(const char *usage, void *owner), void *owner)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (is_taken(&rows[i], taken))
			each(rows[i].usage, owner);
}

static void print(const char *usage, void *owner)
{
	(void)owner;
	(void)printf("  %s\n", usage);
}

void options_print(unsigned taken)
{
	options_each(taken, print, NULL);
}
