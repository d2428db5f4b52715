#include "config/value.h"

#include <string.h>

#include "base/address.h"
#include "base/number.h"
#include "config/character.h"
#include "config/config.h"
#include "config/nearest.h"
#include "config/pattern.h"
#include "config/template.h"

enum { FOUND_MAX = 60, WORDS_MAX = 400 };

/* What people call each kind. Number kinds add their range, word kinds their words. */
static const char *const kind_words[SCHEMA_KIND_COUNT] = {
	[SCHEMA_BOOL] = "true or false",
	[SCHEMA_SWITCH] = "true or false",
	[SCHEMA_ENUM] = "one of",
	[SCHEMA_FLAGS] = "a list of",
	[SCHEMA_INTEGER] = "a whole number",
	[SCHEMA_SIZE] = "a size such as 32KiB",
	[SCHEMA_DURATION] = "a duration such as 30s",
	[SCHEMA_NAME] = "a name of letters, digits, \"-\", \"_\" and \".\"",
	[SCHEMA_TEXT] = "a text of one line",
	[SCHEMA_LINES] = "a text",
	[SCHEMA_TEMPLATE] = "a text of one line, perhaps with variables such as ${client.address}",
	[SCHEMA_PATH] = "the path of a file",
	[SCHEMA_HOST] = "a host name such as app.example.com or \"*.example.com\"",
	[SCHEMA_PREFIX] = "the beginning of a URL's path such as /api/",
	[SCHEMA_LISTEN] = "an address such as 0.0.0.0:443, \"[::]:443\" or unix:/path",
	[SCHEMA_ADDRESS] = "an address such as 127.0.0.1:8080, app.internal:8080 or unix:/path",
	[SCHEMA_NETWORK] = "a network such as 10.0.0.0/8",
	[SCHEMA_STRUCT] = "a map",
	[SCHEMA_OPTIONAL] = "a map",
	[SCHEMA_LIST] = "a list (items beginning with \"- \")",
	[SCHEMA_MAP] = "a map of names",
};

void value_put_expected(const struct schema_field *field, struct text *out)
{
	bool is_list = field->kind == SCHEMA_ENUM || field->kind == SCHEMA_FLAGS;

	text_put_string(out, kind_words[field->kind]);
	if (field->kind == SCHEMA_INTEGER) {
		text_put_string(out, " from ");
		text_put_number(out, field->min);
		text_put_string(out, " to ");
		text_put_number(out, field->max);
	}
	for (const struct schema_word *word = field->words; word && word->name; word++)
		text_printf(out, "%s %s",
		            word == field->words && is_list ? ""
		            : word[1].name                  ? ","
		                                            : " or",
		            word->name);
}

struct unit {
	uint64_t factor;
	const char *name;
};

/* In the largest unit that leaves nothing over. */
static void put_in_units(uint64_t number, const struct unit *units, size_t count, struct text *out)
{
	for (size_t i = 0; i < count; i++) {
		if (number % units[i].factor != 0 || (number == 0 && i + 1 < count))
			continue;
		text_put_number(out, number / units[i].factor);
		text_put_string(out, number == 0 ? "" : units[i].name);
		return;
	}
}

void value_put_number(enum schema_kind kind, uint64_t number, struct text *out)
{
	static const struct unit sizes[] = {
		{(uint64_t)1 << 30, "GiB"}, {1u << 20, "MiB"}, {1u << 10, "KiB"}, {1, "B"}};
	static const struct unit durations[] = {
		{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};

	if (kind == SCHEMA_SIZE)
		put_in_units(number, sizes, ARRAY_LENGTH(sizes), out);
	else if (kind == SCHEMA_DURATION)
		put_in_units(number, durations, ARRAY_LENGTH(durations), out);
	else
		text_put_number(out, number);
}

void value_put_found(const struct node *node, struct text *out)
{
	struct span rest = node->text;
	size_t shown = 0;

	if (node->kind != NODE_SCALAR || node_is_nothing(node)) {
		text_put_string(out, node->kind == NODE_LIST  ? "a list"
		                     : node->kind == NODE_MAP ? "a map"
		                                              : "nothing");
		return;
	}
	while (rest.size > 0 && shown < FOUND_MAX) {
		unsigned size = character_first(rest).size;

		shown += size;
		rest = span_from(rest, size);
	}
	text_put_char(out, '"');
	text_put(out, span_cut(node->text, 0, shown));
	text_put_string(out, rest.size > 0 ? "...\"" : "\"");
}

/* "expected …, found …" */
static void expected(const struct schema_field *field, struct schema_reader *reader,
                     const struct node *node, struct span suggestion)
{
	struct text message;

	text_init(&message, WORDS_MAX);
	text_put_string(&message, "expected ");
	value_put_expected(field, &message);
	text_put_string(&message, ", found ");
	value_put_found(node, &message);
	schema_error(reader, node, node->place, suggestion, "%s", text_string(&message));
	text_done(&message);
}

static const struct schema_word *word_of(const struct schema_field *field, struct span text)
{
	for (const struct schema_word *word = field->words; word && word->name; word++)
		if (span_equal(text, span_of_string(word->name)))
			return word;
	return NULL;
}

static struct span nearest_word(const struct schema_field *field, struct span text)
{
	struct nearest nearest;

	nearest_init(&nearest, text);
	for (const struct schema_word *word = field->words; word && word->name; word++)
		nearest_offer(&nearest, span_of_string(word->name));
	return nearest.best;
}

static enum error decode_bool(const struct schema_field *field, struct schema_reader *reader,
                              const struct node *node, void *object)
{
	static const struct {
		const char *spelling;
		bool value;
	} others[] = {
		{"true", true},   {"yes", true}, {"on", true},   {"1", true},
		{"false", false}, {"no", false}, {"off", false}, {"0", false},
	};
	struct span suggestion = {0};
	char *at = (char *)object + field->offset;

	if (span_equal(node->text, SPAN("true")) || span_equal(node->text, SPAN("false"))) {
		bool value = node->text.size == 4;
		enum config_switch choice = value ? CONFIG_TRUE : CONFIG_FALSE;

		if (field->kind == SCHEMA_BOOL)
			memcpy(at, &value, sizeof(value));
		else
			memcpy(at, &choice, sizeof(choice));
		return OK;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
		if (span_equal_nocase(node->text, span_of_string(others[i].spelling)))
			suggestion = others[i].value ? SPAN("true") : SPAN("false");
	expected(field, reader, node, suggestion);
	return OK;
}

static enum error decode_enum(const struct schema_field *field, struct schema_reader *reader,
                              const struct node *node, void *object)
{
	const struct schema_word *word = word_of(field, node->text);

	if (!word)
		expected(field, reader, node, nearest_word(field, node->text));
	else
		memcpy((char *)object + field->offset, &word->value, sizeof(word->value));
	return OK;
}

static void out_of_range(const struct schema_field *field, struct schema_reader *reader,
                         const struct node *node)
{
	struct text message;

	text_init(&message, WORDS_MAX);
	value_put_found(node, &message);
	text_put_string(&message, " is out of range: it can be from ");
	value_put_number(field->kind, field->min, &message);
	text_put_string(&message, " to ");
	value_put_number(field->kind, field->max, &message);
	schema_error(reader, node, node->place, (struct span){0}, "%s", text_string(&message));
	text_done(&message);
}

/* Puts digits and the right unit for `30 sec`, `32k` or `30`; false if it is none of these. */
static bool suggest_unit(enum schema_kind kind, struct span text, struct text *out)
{
	static const struct {
		enum schema_kind kind;
		const char *spelling;
		const char *unit;
	} table[] = {
		{SCHEMA_DURATION, "", "s"},        {SCHEMA_DURATION, "s", "s"},
		{SCHEMA_DURATION, "sec", "s"},     {SCHEMA_DURATION, "secs", "s"},
		{SCHEMA_DURATION, "second", "s"},  {SCHEMA_DURATION, "seconds", "s"},
		{SCHEMA_DURATION, "ms", "ms"},     {SCHEMA_DURATION, "msec", "ms"},
		{SCHEMA_DURATION, "m", "m"},       {SCHEMA_DURATION, "min", "m"},
		{SCHEMA_DURATION, "mins", "m"},    {SCHEMA_DURATION, "minute", "m"},
		{SCHEMA_DURATION, "minutes", "m"}, {SCHEMA_DURATION, "h", "h"},
		{SCHEMA_DURATION, "hr", "h"},      {SCHEMA_DURATION, "hour", "h"},
		{SCHEMA_DURATION, "hours", "h"},   {SCHEMA_DURATION, "day", "d"},
		{SCHEMA_DURATION, "days", "d"},    {SCHEMA_SIZE, "k", "KiB"},
		{SCHEMA_SIZE, "kb", "KiB"},        {SCHEMA_SIZE, "kib", "KiB"},
		{SCHEMA_SIZE, "m", "MiB"},         {SCHEMA_SIZE, "mb", "MiB"},
		{SCHEMA_SIZE, "mib", "MiB"},       {SCHEMA_SIZE, "g", "GiB"},
		{SCHEMA_SIZE, "gb", "GiB"},        {SCHEMA_SIZE, "gib", "GiB"},
		{SCHEMA_SIZE, "bytes", "B"},
	};
	size_t digits = 0;

	while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;

	struct span unit = span_trim(span_from(text, digits));

	for (size_t i = 0; digits > 0 && digits < 10 && i < ARRAY_LENGTH(table); i++) {
		if (table[i].kind != kind || !span_equal_nocase(unit, span_of_string(table[i].spelling)))
			continue;
		text_put(out, span_cut(text, 0, digits));
		text_put_string(out, table[i].unit);
		return true;
	}
	return false;
}

static enum error decode_number(const struct schema_field *field, struct schema_reader *reader,
                                const struct node *node, void *object)
{
	const struct schema_word *word = word_of(field, node->text);
	uint64_t *at = (uint64_t *)(void *)((char *)object + field->offset);
	struct text suggestion;
	uint64_t number;
	enum error error;

	if (word) {
		*at = word->value;
		return OK;
	}
	if (field->kind == SCHEMA_SIZE)
		error = number_size(node->text, UINT64_MAX, &number);
	else if (field->kind == SCHEMA_DURATION)
		error = number_duration(node->text, UINT64_MAX, &number);
	else
		error = number_decimal(node->text, UINT64_MAX, &number);
	if (!error && number >= field->min && number <= field->max) {
		*at = number;
		return OK;
	}
	if (error != ERROR_NUMBER_MALFORMED) {
		out_of_range(field, reader, node);
		return OK;
	}
	text_init(&suggestion, FOUND_MAX);
	if (!suggest_unit(field->kind, node->text, &suggestion))
		text_put(&suggestion, nearest_word(field, node->text));
	expected(field, reader, node, text_span(&suggestion));
	text_done(&suggestion);
	return OK;
}

enum error value_store_text(struct schema_reader *reader, struct span text, struct place place,
                            void *at)
{
	struct config_text *field = at;
	struct span copy;
	enum error error = arena_copy(reader->arena, text, &copy);

	if (error)
		return error;
	field->text = copy;
	field->place = place;
	return OK;
}

static enum error decode_path(const struct schema_field *field, struct schema_reader *reader,
                              const struct node *node, void *object)
{
	char *at = (char *)object + field->offset;
	struct span path = node->text;
	struct text absolute;

	if (word_of(field, path))
		return value_store_text(reader, path, node->place, at);
	/* Where a word may stand, a misspelt word must not become the name of a file. */
	if (path.size == 0 || (field->words && span_find(path, '/') == path.size)) {
		expected(field, reader, node, nearest_word(field, path));
		return OK;
	}
	if (path.data[0] == '/')
		return value_store_text(reader, path, node->place, at);
	if (span_starts_with(path, SPAN("./")))
		path = span_from(path, 2);
	if (reader->directory.size + 1 + path.size > VALUE_PATH_MAX) {
		schema_error(reader, node, node->place, (struct span){0}, "the path has more than %d bytes",
		             VALUE_PATH_MAX);
		return OK;
	}
	text_init(&absolute, VALUE_PATH_MAX);
	text_put(&absolute, reader->directory);
	text_put_char(&absolute, '/');
	text_put(&absolute, path);

	enum error error = absolute.cut
	                       ? ERROR_OUT_OF_MEMORY
	                       : value_store_text(reader, text_span(&absolute), node->place, at);

	text_done(&absolute);
	return error;
}

bool value_is_name(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = ascii_lower(text.data[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
			return false;
	}
	return text.size > 0 && text.size <= VALUE_NAME_MAX;
}

static enum error decode_name(const struct schema_field *field, struct schema_reader *reader,
                              const struct node *node, void *object)
{
	if (value_is_name(node->text))
		return value_store_text(reader, node->text, node->place, (char *)object + field->offset);
	expected(field, reader, node, (struct span){0});
	return OK;
}

static enum error decode_text(const struct schema_field *field, struct schema_reader *reader,
                              const struct node *node, void *object)
{
	if (node->text.size > field->max)
		schema_error(reader, node, node->place, (struct span){0}, "the text has more than %u bytes",
		             (unsigned)field->max);
	else if (node->text.size == 0 && field->kind == SCHEMA_TEXT)
		expected(field, reader, node, (struct span){0});
	else
		return value_store_text(reader, node->text, node->place, (char *)object + field->offset);
	return OK;
}

static enum error decode_template(const struct schema_field *field, struct schema_reader *reader,
                                  const struct node *node, void *object)
{
	return template_decode(reader, node, (char *)object + field->offset);
}

/* Kinds with a problem in words: host, prefix, addresses and networks. */
static void refuse(struct schema_reader *reader, const struct node *node, const char *problem,
                   const struct text *suggestion)
{
	struct text found;

	text_init(&found, WORDS_MAX);
	value_put_found(node, &found);
	schema_error(reader, node, node->place, text_span(suggestion), "%s: %s", text_string(&found),
	             problem);
	text_done(&found);
}

static enum error decode_pattern(const struct schema_field *field, struct schema_reader *reader,
                                 const struct node *node, void *object)
{
	struct text fixed; /* the value in lower case, or a suggestion */
	enum error error = OK;

	text_init(&fixed, VALUE_PREFIX_MAX);

	const char *problem = field->kind == SCHEMA_HOST ? pattern_host(node->text, &fixed)
	                                                 : pattern_prefix(node->text, &fixed);

	if (problem)
		refuse(reader, node, problem, &fixed);
	else if (fixed.cut)
		error = ERROR_OUT_OF_MEMORY;
	else
		error = value_store_text(reader, text_span(&fixed), node->place,
		                         (char *)object + field->offset);
	text_done(&fixed);
	return error;
}

static enum error decode_address(const struct schema_field *field, struct schema_reader *reader,
                                 const struct node *node, void *object)
{
	struct address *at = (struct address *)(void *)((char *)object + field->beside);
	const char *problem = address_problem(node->text);
	struct address address;
	struct text suggestion;

	if (word_of(field, node->text))
		return value_store_text(reader, node->text, node->place, (char *)object + field->offset);
	if (!problem && !address_parse(node->text, &address)) {
		if (field->kind == SCHEMA_ADDRESS || address.kind != ADDRESS_NAME) {
			*at = address;
			return value_store_text(reader, node->text, node->place,
			                        (char *)object + field->offset);
		}
		problem = "a listener needs an IP address, not a name";
	}
	text_init(&suggestion, WORDS_MAX);
	pattern_suggest_address(node->text, field->kind == SCHEMA_LISTEN, &suggestion);
	refuse(reader, node, problem ? problem : "not an address", &suggestion);
	text_done(&suggestion);
	return OK;
}

static enum error decode_network(const struct schema_field *field, struct schema_reader *reader,
                                 const struct node *node, void *object)
{
	struct config_network *at = (struct config_network *)(void *)((char *)object + field->offset);
	const struct text no_suggestion = {0};

	if (!address_block_parse(node->text, &at->block))
		return value_store_text(reader, node->text, node->place, &at->text);
	refuse(reader, node, address_block_problem(node->text), &no_suggestion);
	return OK;
}

/* Invisible characters get into a value only by escapes ("\n") or by folding lines. */
static bool is_visible(const struct schema_field *field, struct schema_reader *reader,
                       const struct node *node)
{
	for (struct span rest = node->text; rest.size > 0;) {
		struct character character = character_first(rest);
		bool is_layout =
			field->kind == SCHEMA_LINES && (character.code == '\n' || character.code == '\t');

		if (!character.harmless && !is_layout) {
			schema_error(reader, node, node->place, (struct span){0},
			             "the value holds the invisible character U+%04X", character.code);
			return false;
		}
		rest = span_from(rest, character.size);
	}
	return true;
}

/* A variable of the request, where the value is needed before there is one. */
static bool has_no_variable(const struct schema_field *field, struct schema_reader *reader,
                            const struct node *node)
{
	if (!node->variables || field->kind == SCHEMA_TEMPLATE)
		return true;
	schema_error(reader, node, node->variables->place, (struct span){0},
	             "a variable with a dot is known only with each request, and can not stand here");
	return false;
}

enum error value_decode(const struct schema_field *field, struct schema_reader *reader,
                        const struct node *node, void *object)
{
	static enum error (*const decoders[SCHEMA_KIND_COUNT])(
		const struct schema_field *, struct schema_reader *, const struct node *, void *) = {
		[SCHEMA_BOOL] = decode_bool,       [SCHEMA_SWITCH] = decode_bool,
		[SCHEMA_ENUM] = decode_enum,       [SCHEMA_INTEGER] = decode_number,
		[SCHEMA_SIZE] = decode_number,     [SCHEMA_DURATION] = decode_number,
		[SCHEMA_NAME] = decode_name,       [SCHEMA_TEXT] = decode_text,
		[SCHEMA_LINES] = decode_text,      [SCHEMA_TEMPLATE] = decode_template,
		[SCHEMA_PATH] = decode_path,       [SCHEMA_HOST] = decode_pattern,
		[SCHEMA_PREFIX] = decode_pattern,  [SCHEMA_LISTEN] = decode_address,
		[SCHEMA_ADDRESS] = decode_address, [SCHEMA_NETWORK] = decode_network,
	};

	if (node->kind == NODE_BROKEN)
		return OK;
	check(decoders[field->kind] != NULL);
	if (node->kind == NODE_SCALAR && !has_no_variable(field, reader, node))
		return OK;
	if (node->kind != NODE_SCALAR || (node_is_nothing(node) && !node->variables)) {
		expected(field, reader, node, (struct span){0});
		return OK;
	}
	if (!is_visible(field, reader, node))
		return OK;
	return decoders[field->kind](field, reader, node, object);
}

enum error value_decode_default(const struct schema_field *field, struct schema_reader *reader,
                                void *object)
{
	const struct node node = {.kind = NODE_SCALAR, .text = span_of_string(field->fallback)};

	return value_decode(field, reader, &node, object);
}
