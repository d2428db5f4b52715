#include "config/reference.h"

#include <string.h>

#include "config/config_schema.h"
#include "config/value.h"
#include "config/variable.h"

enum { INDENT = 2, COLUMNS_MAX = 96, ASIDE_SIZE_MAX = 1 << 16 };

static const char introduction[] =
	"# Sallyport's configuration: every key, what it does, what it takes, and its default.\n"
	"#\n"
	"# A line such as \"#key: value\", without a space after the \"#\", shows a default or an\n"
	"# example; take the \"#\" away to set the key, and with it those right below in the same\n"
	"# column. What is not commented out is a good start.\n"
	"#\n"
	"# Sizes are written like 100B, 32KiB, 512MiB or 1GiB, durations like 500ms, 10s, 5m, 1h or\n"
	"# 7d. Relative paths begin in the folder of this file. In every value, ${NAME} stands for an\n"
	"# environment variable, ${NAME:-default} gives it a default, and $$ is a dollar sign. If\n"
	"# NAME is not set but NAME_FILE is, the value is what is in that file. A text with variables\n"
	"# can also hold those of a request, which have a dot in their names:\n";

static const char ending[] = "#\n"
							 "# After a change: sallyport check -c FILE\n";

/* Short, for the line in brackets. */
static const char *const kind_names[SCHEMA_KIND_COUNT] = {
	[SCHEMA_BOOL] = "true or false",
	[SCHEMA_SWITCH] = "true or false",
	[SCHEMA_ENUM] = "",
	[SCHEMA_FLAGS] = "list of ",
	[SCHEMA_INTEGER] = "number",
	[SCHEMA_SIZE] = "size",
	[SCHEMA_DURATION] = "duration",
	[SCHEMA_NAME] = "name",
	[SCHEMA_TEXT] = "text",
	[SCHEMA_LINES] = "text, perhaps of several lines",
	[SCHEMA_TEMPLATE] = "text with variables",
	[SCHEMA_PATH] = "path of a file",
	[SCHEMA_HOST] = "host name or wildcard",
	[SCHEMA_PREFIX] = "beginning of a path",
	[SCHEMA_LISTEN] = "address",
	[SCHEMA_ADDRESS] = "address",
	[SCHEMA_NETWORK] = "network",
	[SCHEMA_LIST] = "list",
	[SCHEMA_MAP] = "map",
};

static void put_indent(struct text *out, size_t indent)
{
	while (indent-- > 0)
		text_put_char(out, ' ');
}

/* A comment of one or more lines, broken at spaces. */
static void put_comment(struct text *out, size_t indent, struct span words)
{
	size_t room = COLUMNS_MAX - indent - 2;

	while (words.size > 0) {
		size_t length = words.size;

		if (length > room) {
			length = room;
			while (length > 0 && words.data[length] != ' ')
				length--;
		}
		put_indent(out, indent);
		text_put_string(out, "# ");
		text_put(out, span_cut(words, 0, length));
		text_put_char(out, '\n');
		words = span_from(words, length + 1);
	}
}

void config_reference_put_kind(const struct schema_field *field, struct text *out)
{
	if (field->kind == SCHEMA_STRUCT || field->kind == SCHEMA_OPTIONAL)
		return;

	bool is_list = field->kind == SCHEMA_ENUM || field->kind == SCHEMA_FLAGS;
	bool is_number = field->kind == SCHEMA_INTEGER || field->kind == SCHEMA_SIZE ||
	                 field->kind == SCHEMA_DURATION;

	text_put_string(out, kind_names[field->kind]);
	if (is_number) {
		text_put_string(out, ", ");
		value_put_number(field->kind, field->min, out);
		text_put_string(out, " to ");
		value_put_number(field->kind, field->max, out);
	}
	for (const struct schema_word *word = field->words; word && word->name; word++)
		text_printf(out, "%s%s",
		            word == field->words && is_list ? ""
		            : word[1].name                  ? ", "
		                                            : " or ",
		            word->name);
	if (field->required)
		text_put_string(out, ", required");
	if (field->fallback)
		text_printf(out, ", default %s", field->fallback);
}

/* What stands above a key: what it does, and for values what they take. */
static void put_description(const struct schema_field *field, struct text *out, size_t indent)
{
	struct text kind;

	put_comment(out, indent, span_of_string(field->sentence));
	if (field->kind == SCHEMA_STRUCT || field->kind == SCHEMA_OPTIONAL)
		return;
	text_init(&kind, 400);
	text_put_char(&kind, '[');
	config_reference_put_kind(field, &kind);
	text_put_char(&kind, ']');
	put_comment(out, indent, text_span(&kind));
	if (kind.cut)
		out->cut = true;
	text_done(&kind);
}

/* Where the text goes, and what stands before keys that need not be set. */
struct page {
	struct text *out;
	const char *mark;
};

static void put_schema(const struct schema *schema, const struct page *page, size_t indent,
                       bool is_item);

/* Each line indented. */
static void put_lines(struct text *out, size_t indent, struct span lines)
{
	while (lines.size > 0) {
		size_t end = span_find(lines, '\n');

		put_indent(out, indent);
		text_put(out, span_cut(lines, 0, end));
		text_put_char(out, '\n');
		lines = span_from(lines, end + 1);
	}
}

/* What stands below a key that holds more keys. */
static void put_inside(const struct schema_field *field, const struct page *page, size_t indent)
{
	struct text *out = page->out;

	text_put_char(out, '\n');
	switch (field->kind) {
	case SCHEMA_LIST:
		put_schema(field->of, page, indent + INDENT, true);
		break;
	case SCHEMA_MAP:
		put_indent(out, indent + INDENT);
		text_printf(out, "%s:\n", field->example);
		put_schema(field->of, page, indent + 2 * INDENT, false);
		break;
	default:
		put_schema(field->of, page, indent + INDENT, false);
		break;
	}
	if (field->more) {
		text_put_char(out, '\n');
		put_lines(out, indent + INDENT, span_of_string(field->more));
	}
}

/* A key that holds more keys, all of it commented out by one `#` at the same column. */
static void put_aside(const struct schema_field *field, struct text *out, size_t indent)
{
	const size_t mark_end = indent + 1;
	struct text block;
	const struct page page = {&block, ""};

	text_init(&block, ASIDE_SIZE_MAX);
	put_indent(&block, mark_end);
	text_printf(&block, "%s:", field->name);
	put_inside(field, &page, mark_end);
	for (struct span rest = text_span(&block); rest.size > 0;) {
		size_t end = span_find(rest, '\n');

		put_indent(out, indent);
		text_put_char(out, '#');
		text_put(out, span_cut(rest, mark_end < end ? mark_end : end, end));
		text_put_char(out, '\n');
		rest = span_from(rest, end + 1);
	}
	if (block.cut)
		out->cut = true;
	text_done(&block);
}

/* One key. `begins_item`: it carries the dash of a list item. */
static void put_field(const struct schema_field *field, const struct page *page, size_t indent,
                      bool begins_item)
{
	struct text *out = page->out;
	size_t key_indent = begins_item ? indent - INDENT : indent;

	put_description(field, out, key_indent);
	if (field->is_aside) {
		put_aside(field, out, key_indent);
		return;
	}
	put_indent(out, key_indent);
	text_put_string(out, begins_item ? "- " : "");
	if (field->of) {
		text_printf(out, "%s:", field->name);
		put_inside(field, page, indent);
	} else {
		text_printf(out, "%s%s: %s\n", field->required || field->shown ? "" : page->mark,
		            field->name, field->fallback ? field->fallback : field->example);
	}
}

static void put_schema(const struct schema *schema, const struct page *page, size_t indent,
                       bool is_item)
{
	for (size_t i = 0; i < schema->count; i++) {
		/* Air between keys; a short list item is one block. */
		if (i > 0 && !(is_item && schema->count <= 2))
			text_put_char(page->out, '\n');
		put_field(&schema->fields[i], page, is_item ? indent + INDENT : indent, is_item && i == 0);
	}
}

static void put_variables(struct text *out)
{
	for (int i = VARIABLE_NONE + 1; i < VARIABLE_COUNT; i++) {
		struct text name;

		text_init(&name, 64);
		text_printf(&name, "${%s}", variable_name((enum variable)i));
		text_printf(out, "#   %-20s %s\n", text_string(&name), variable_words((enum variable)i));
		text_done(&name);
	}
}

void config_reference_print(struct text *out)
{
	const struct page page = {out, "#"};

	text_put_string(out, introduction);
	put_variables(out);
	text_put_string(out, ending);
	text_put_char(out, '\n');
	put_schema(&config_schema, &page, 0, false);
}
