/*
 * Any bytes as a configuration file: never a crash, and each error and warning has a place in the
 * file, and nothing harmful is printed.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/character.h"
#include "config/config.h"
#include "config/diagnostics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static char *lookup(const char *name)
{
	static char text[] = "app";
	static char number[] = "8443";
	static char empty[] = "";
	static char harmful[] = "\x1b$\xff";
	char *const values[] = {text, number, empty, harmful, NULL};

	return values[(unsigned char)name[0] % ARRAY_LENGTH(values)];
}

static void check_places(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct place place = diagnostics->items[i].place;
		struct span line = {0};
		size_t columns = 1;

		if (place.line == 0) { /* the file as a whole: only if it is too large to be kept */
			require(diagnostics->source.size == 0);
			continue;
		}
		require(character_line(diagnostics->source, place.line, &line));
		for (; line.size > 0; columns++)
			line = span_from(line, character_first(line).size);
		require(place.column >= 1 && place.column <= columns);
		require(place.length >= 1);
	}
}

static void check_output(struct span output)
{
	while (output.size > 0) {
		struct character character = character_first(output);

		require(character.harmless || output.data[0] == '\n' || output.data[0] == '\t');
		output = span_from(output, character.size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	struct text output;

	diagnostics_init(&diagnostics);
	text_init(&output, 4 << 20);

	enum error error =
		config_load_text(SPAN("fuzz.yaml"), SPAN("/etc/sallyport"),
	                     span_of((const char *)data, size), lookup, &diagnostics, &config);

	require((error == OK) == (config != NULL));
	require((error == ERROR_CONFIG) == (diagnostics.errors > 0));
	check_places(&diagnostics);
	diagnostics_print(&diagnostics, &output);
	check_output(text_span(&output));
	text_clear(&output);
	diagnostics_print_json(&diagnostics, &output);
	check_output(text_span(&output));
	text_done(&output);
	config_free(config);
	diagnostics_done(&diagnostics);
	return 0;
}
