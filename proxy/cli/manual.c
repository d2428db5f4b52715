#include "cli/manual.h"

#include <string.h>

#include "base/roff.h"
#include "cli/command.h"
#include "config/manual.h"

enum { WORDS_MAX = 4000 };

static const struct {
	const char *name;
	const char *words;
} signals[] = {
	{"SIGTERM, SIGINT", "Accept no more, let what runs end, at most timeouts.drain."},
	{"SIGQUIT", "The same without a time limit."},
	{"SIGINT, a second time", "Stop at once."},
	{"SIGHUP", "Read the configuration again, for new connections; a wrong one changes nothing."},
	{"SIGUSR1", "Open the files of the log anew."},
};

static const struct {
	const char *status;
	const char *words;
} statuses[] = {
	{"0", "Done, or stopped as asked."},
	{"1", "The configuration is wrong."},
	{"2", "The command line is wrong."},
	{"3", "The system did not let us."},
};

static void put_option(const char *usage, void *owner)
{
	struct text *out = owner;
	struct span row = span_trim(span_of_string(usage));
	size_t end = 0;

	/* Two spaces end what is typed. */
	while (end + 1 < row.size && (row.data[end] != ' ' || row.data[end + 1] != ' '))
		end++;
	text_put_string(out, ".RS\n");
	roff_item(out, span_cut(row, 0, end));
	roff_words(out, span_trim(span_from(row, end)));
	text_put_string(out, ".RE\n");
}

static void put_command(const struct command *command, struct text *out)
{
	struct text tag;
	struct text summary;

	text_init(&tag, WORDS_MAX);
	text_init(&summary, WORDS_MAX);
	text_put_string(&tag, command->name);
	if (command->alias)
		text_printf(&tag, ", %s", command->alias);
	if (command->options & OPTION_NAME)
		text_put_string(&tag, " [NAME]");
	roff_item(out, text_span(&tag));
	text_printf(&summary, "%c%s.", command->summary[0] - 'a' + 'A', command->summary + 1);
	roff_words(out, text_span(&summary));
	roff_words(out, span_of_string(command->details));
	options_each(command->options, put_option, out);
	text_done(&summary);
	text_done(&tag);
}

static void put_program(struct text *out)
{
	const struct command_table table = command_table();

	roff_title(out, "SALLYPORT", '1', "User commands");
	roff_section(out, "NAME");
	roff_words(out, SPAN("sallyport - TLS-terminating reverse proxy that explains itself"));
	roff_section(out, "SYNOPSIS");
	text_put_string(out, ".B sallyport\n.I COMMAND\n[OPTIONS]\n");
	roff_section(out, "DESCRIPTION");
	roff_words(out,
	           SPAN("Sallyport takes HTTPS from clients and passes plain HTTP/1.1 and WebSocket "
	                "on to the servers that one file describes: sallyport.yaml(5)."));
	roff_section(out, "COMMANDS");
	for (size_t i = 0; i < table.count; i++)
		put_command(&table.rows[i], out);
	roff_section(out, "SIGNALS");
	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
		roff_item(out, span_of_string(signals[i].name));
		roff_words(out, span_of_string(signals[i].words));
	}
	roff_section(out, "EXIT STATUS");
	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
		roff_item(out, span_of_string(statuses[i].status));
		roff_words(out, span_of_string(statuses[i].words));
	}
	roff_section(out, "FILES");
	roff_item(out, SPAN(CLI_CONFIG_DEFAULT));
	roff_words(out, SPAN("The configuration, unless -c names another one."));
	roff_section(out, "SEE ALSO");
	roff_words(out, SPAN("sallyport.yaml(5)"));
}

bool manual_print(const char *name, struct text *out)
{
	if (!name || strcmp(name, "sallyport") == 0)
		put_program(out);
	else if (strcmp(name, "sallyport.yaml") == 0)
		config_manual_print(out);
	else
		return false;
	return true;
}
