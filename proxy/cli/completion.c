#include "cli/completion.h"

#include <string.h>

#include "base/span.h"
#include "cli/command.h"

/* One option of one command, taken apart. */
struct offer {
	struct span name;     /* after the two dashes */
	struct span argument; /* such as FILE; empty: none */
	struct span words;
};

static struct offer offer_of(const char *usage)
{
	struct span row = span_of_string(usage);
	size_t dashes = 0;
	size_t end;
	struct offer offer = {0};

	while (dashes + 1 < row.size && (row.data[dashes] != '-' || row.data[dashes + 1] != '-'))
		dashes++;
	row = span_from(row, dashes + 2);
	end = span_find(row, ' ');
	offer.name = span_cut(row, 0, end);
	row = span_from(row, end);
	if (row.size > 1 && row.data[1] != ' ') {
		end = span_find(span_from(row, 1), ' ') + 1;
		offer.argument = span_cut(row, 1, end);
		row = span_from(row, end);
	}
	offer.words = span_trim(row);
	return offer;
}

static bool takes_file(const struct offer *offer)
{
	return span_equal(offer->argument, SPAN("FILE"));
}

/* In single quotes of a shell. */
static void put_quoted(struct text *out, struct span words)
{
	for (size_t i = 0; i < words.size; i++) {
		if (words.data[i] == '\'')
			text_put_string(out, "'\\''");
		else
			text_put_char(out, words.data[i]);
	}
}

/* --- bash */

static void put_bash_option(const char *usage, void *owner)
{
	struct offer offer = offer_of(usage);

	text_put_string(owner, " --");
	text_put(owner, offer.name);
}

static void put_bash(const struct command_table *table, struct text *out)
{
	text_put_string(out, "# bash completion for sallyport\n"
	                     "_sallyport() {\n"
	                     "  local word=${COMP_WORDS[COMP_CWORD]} words=\n"
	                     "  case ${COMP_WORDS[COMP_CWORD-1]} in\n"
	                     "    -c|--config|--client-hello)\n"
	                     "      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	                     "      return ;;\n"
	                     "  esac\n"
	                     "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	                     "    words='");
	for (size_t i = 0; i < table->count; i++)
		text_printf(out, "%s%s", i > 0 ? " " : "", table->rows[i].name);
	text_put_string(out, "'\n  else\n    case ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < table->count; i++) {
		text_printf(out, "      %s) words='", table->rows[i].name);
		options_each(table->rows[i].options, put_bash_option, out);
		text_put_string(out, "' ;;\n");
	}
	text_put_string(out, "    esac\n"
	                     "  fi\n"
	                     "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	                     "}\n"
	                     "complete -F _sallyport sallyport\n");
}

/* --- zsh */

static void put_zsh_words(struct text *out, struct span words)
{
	/* Brackets and colons have a meaning for _arguments. */
	for (size_t i = 0; i < words.size; i++) {
		if (strchr("[]:\\", words.data[i]))
			text_put_char(out, '\\');
		put_quoted(out, span_cut(words, i, i + 1));
	}
}

static void put_zsh_option(const char *usage, void *owner)
{
	struct offer offer = offer_of(usage);
	struct text *out = owner;

	text_put_string(out, " \\\n        '--");
	text_put(out, offer.name);
	text_put_char(out, '[');
	put_zsh_words(out, offer.words);
	text_put_char(out, ']');
	if (offer.argument.size > 0) {
		text_put_char(out, ':');
		text_put(out, offer.argument);
		text_put_string(out, takes_file(&offer) ? ":_files" : ":");
	}
	text_put_char(out, '\'');
}

static void put_zsh(const struct command_table *table, struct text *out)
{
	text_put_string(out, "#compdef sallyport\n"
	                     "_sallyport() {\n"
	                     "  local -a commands=(\n");
	for (size_t i = 0; i < table->count; i++) {
		text_printf(out, "    '%s:", table->rows[i].name);
		put_quoted(out, span_of_string(table->rows[i].summary));
		text_put_string(out, "'\n");
	}
	text_put_string(out, "  )\n"
	                     "  if (( CURRENT == 2 )); then\n"
	                     "    _describe command commands\n"
	                     "    return\n"
	                     "  fi\n"
	                     "  local command=${words[2]}\n"
	                     "  shift words\n"
	                     "  (( CURRENT-- ))\n"
	                     "  case $command in\n");
	for (size_t i = 0; i < table->count; i++) {
		text_printf(out, "    %s)\n      _arguments", table->rows[i].name);
		options_each(table->rows[i].options, put_zsh_option, out);
		text_put_string(out, " ;;\n");
	}
	text_put_string(out, "  esac\n"
	                     "}\n"
	                     "_sallyport \"$@\"\n");
}

/* --- fish */

struct fish {
	struct text *out;
	const char *command;
};

static void put_fish_option(const char *usage, void *owner)
{
	const struct fish *fish = owner;
	struct offer offer = offer_of(usage);

	text_printf(fish->out, "complete -c sallyport -n '__fish_seen_subcommand_from %s' -l ",
	            fish->command);
	text_put(fish->out, offer.name);
	if (offer.argument.size > 0)
		text_put_string(fish->out, takes_file(&offer) ? " -r -F" : " -x");
	text_put_string(fish->out, " -d '");
	put_quoted(fish->out, offer.words);
	text_put_string(fish->out, "'\n");
}

static void put_fish(const struct command_table *table, struct text *out)
{
	text_put_string(out, "# fish completion for sallyport\n"
	                     "complete -c sallyport -f\n");
	for (size_t i = 0; i < table->count; i++) {
		struct fish fish = {out, table->rows[i].name};

		text_printf(out, "complete -c sallyport -n __fish_use_subcommand -a %s -d '",
		            table->rows[i].name);
		put_quoted(out, span_of_string(table->rows[i].summary));
		text_put_string(out, "'\n");
		options_each(table->rows[i].options, put_fish_option, &fish);
	}
}

bool completion_print(const char *shell, struct text *out)
{
	static const struct {
		const char *name;
		void (*put)(const struct command_table *table, struct text *out);
	} shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
	const struct command_table table = command_table();

	for (size_t i = 0; shell && i < ARRAY_LENGTH(shells); i++) {
		if (strcmp(shell, shells[i].name) != 0)
			continue;
		shells[i].put(&table, out);
		return true;
	}
	return false;
}
