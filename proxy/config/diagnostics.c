#include "config/diagnostics.h"

#include <stdlib.h>

#include "base/memory.h"
#include "config/character.h"

enum {
	ARENA_MAX = 4 << 20,
	MESSAGE_MAX = 1000, /* bytes */
	COLUMNS_MAX = 100,  /* of a source line; longer ones are shown around the place */
	COLUMNS_BEFORE = 40 /* columns shown before the place if the line is cut at its front */
};

static const char *const severity_names[SEVERITY_COUNT] = {"error", "warning", "notice"};

void diagnostics_init(struct diagnostics *diagnostics)
{
	*diagnostics = (struct diagnostics){0};
	arena_init(&diagnostics->arena, NULL, ARENA_MAX);
}

void diagnostics_done(struct diagnostics *diagnostics)
{
	memory_free(diagnostics->items);
	arena_done(&diagnostics->arena);
	diagnostics_init(diagnostics);
}

enum error diagnostics_open(struct diagnostics *diagnostics, struct span name, struct span source)
{
	struct span name_copy;
	struct span source_copy;

	if (arena_copy(&diagnostics->arena, name, &name_copy) ||
	    arena_copy(&diagnostics->arena, source, &source_copy))
		return ERROR_OUT_OF_MEMORY;
	diagnostics->name = name_copy;
	diagnostics->source = source_copy;
	return OK;
}

static bool has_room(struct diagnostics *diagnostics)
{
	if (diagnostics->count == DIAGNOSTICS_MAX)
		return false;
	if (diagnostics->count < diagnostics->capacity)
		return true;

	size_t capacity = diagnostics->capacity ? diagnostics->capacity * 2 : 16;
	struct diagnostic *items =
		memory_resize(diagnostics->items, capacity, sizeof(*diagnostics->items));

	if (!items)
		return false;
	diagnostics->items = items;
	diagnostics->capacity = capacity;
	return true;
}

static void add(struct diagnostics *diagnostics, struct diagnostic diagnostic, const char *path,
                const char *format, va_list arguments) PRINTF_LIKE(4, 0);

static void add(struct diagnostics *diagnostics, struct diagnostic diagnostic, const char *path,
                const char *format, va_list arguments)
{
	struct arena *arena = &diagnostics->arena;
	struct text message;

	if (diagnostic.severity == SEVERITY_ERROR)
		diagnostics->errors++;
	else if (diagnostic.severity == SEVERITY_WARNING)
		diagnostics->warnings++;
	else
		diagnostics->notices++;
	if (!has_room(diagnostics))
		return;
	text_init(&message, MESSAGE_MAX);
	text_vprintf(&message, format, arguments);
	if (!arena_copy(arena, text_span(&message), &diagnostic.message) &&
	    !arena_copy(arena, span_of_string(path), &diagnostic.path) &&
	    !arena_copy(arena, diagnostic.suggestion, &diagnostic.suggestion))
		diagnostics->items[diagnostics->count++] = diagnostic;
	text_done(&message);
}

void diagnostics_error(struct diagnostics *diagnostics, struct place place, const char *path,
                       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(diagnostics, (struct diagnostic){.severity = SEVERITY_ERROR, .place = place}, path, format,
	    arguments);
	va_end(arguments);
}

void diagnostics_warning(struct diagnostics *diagnostics, struct place place, const char *path,
                         const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(diagnostics, (struct diagnostic){.severity = SEVERITY_WARNING, .place = place}, path,
	    format, arguments);
	va_end(arguments);
}

void diagnostics_notice(struct diagnostics *diagnostics, struct place place, const char *path,
                        const char *format, ...)
{
	va_list arguments;

	if (diagnostics->without_notices)
		return;
	va_start(arguments, format);
	add(diagnostics, (struct diagnostic){.severity = SEVERITY_NOTICE, .place = place}, path, format,
	    arguments);
	va_end(arguments);
}

void diagnostics_error_suggest(struct diagnostics *diagnostics, struct place place,
                               const char *path, struct span suggestion, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(diagnostics,
	    (struct diagnostic){.severity = SEVERITY_ERROR, .place = place, .suggestion = suggestion},
	    path, format, arguments);
	va_end(arguments);
}

static bool comes_before(const struct diagnostic *a, const struct diagnostic *b)
{
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line;
	return a->place.column < b->place.column;
}

/* Insertion sort: stable, there are few, and most are in order already. */
static void sort(struct diagnostics *diagnostics)
{
	struct diagnostic *items = diagnostics->items;

	for (size_t i = 1; i < diagnostics->count; i++) {
		struct diagnostic item = items[i];
		size_t at = i;

		for (; at > 0 && comes_before(&item, &items[at - 1]); at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* The text with what is not harmless written as an escape. */
static void put_safely(struct text *out, struct span text)
{
	while (text.size > 0) {
		struct character character = character_first(text);

		if (character.harmless)
			text_put(out, span_cut(text, 0, character.size));
		else if (character.code > 0xff)
			text_printf(out, "\\u%04x", character.code);
		else
			text_printf(out, "\\x%02x", character.code);
		text = span_from(text, character.size);
	}
}

/* What is left of `line` after `count` characters. */
static struct span skip_characters(struct span line, size_t count)
{
	while (count-- > 0 && line.size > 0)
		line = span_from(line, character_first(line).size);
	return line;
}

/* One character of a source line: itself if it is harmless or a tab, else a question mark. */
static void put_source_character(struct text *out, struct span line, struct character character)
{
	if (character.harmless || line.data[0] == '\t')
		text_put(out, span_cut(line, 0, character.size));
	else
		text_put_char(out, '?');
}

/* Where to begin so that the place is seen: at the start, or a little before it in a long line. */
static size_t first_column(struct span line, struct place place)
{
	size_t count = 0;

	for (; line.size > 0; line = span_from(line, character_first(line).size))
		count++;
	if (count <= COLUMNS_MAX || place.column <= COLUMNS_MAX * 3 / 4)
		return 1;
	if (place.column - COLUMNS_BEFORE + COLUMNS_MAX > count)
		return count - COLUMNS_MAX + 1;
	return place.column - COLUMNS_BEFORE;
}

/*
 * Tabs are printed as tabs in both lines, so that they stay aligned whatever their width; a wide
 * character has two columns.
 */
static void put_line_and_caret(struct text *out, struct span line, struct place place)
{
	size_t first = first_column(line, place);
	size_t end = first + COLUMNS_MAX;
	struct span rest = skip_characters(line, first - 1);
	struct text carets;

	text_init(&carets, 8 * COLUMNS_MAX);
	text_printf(out, "%5u | %s", place.line, first > 1 ? "..." : "");
	text_put_string(&carets, first > 1 ? "   " : "");
	for (size_t column = first; column < end; column++) {
		struct character character = {.width = 1};

		if (rest.size > 0) {
			character = character_first(rest);
			put_source_character(out, rest, character);
		}
		if (column < place.column)
			text_put_string(&carets, rest.size > 0 && rest.data[0] == '\t' ? "\t"
			                         : character.width == 2                ? "  "
			                         : character.width == 1                ? " "
			                                                               : "");
		else if (column == place.column)
			text_put_string(&carets, character.width == 2 ? "^~" : "^");
		else if (rest.size > 0 && column - place.column < place.length)
			text_put_string(&carets, character.width == 2 ? "~~" : character.width == 1 ? "~" : "");
		rest = span_from(rest, character.size);
	}
	text_put_string(out, rest.size > 0 ? "...\n      | " : "\n      | ");
	text_put(out, text_span(&carets));
	text_put_char(out, '\n');
	text_done(&carets);
}

static void print_one(const struct diagnostics *diagnostics, const struct diagnostic *diagnostic,
                      struct text *out)
{
	put_safely(out, diagnostics->name);
	if (diagnostic->place.line > 0)
		text_printf(out, ":%u:%u", diagnostic->place.line, diagnostic->place.column);
	text_printf(out, ": %s: ", severity_names[diagnostic->severity]);
	if (diagnostic->path.size > 0) {
		put_safely(out, diagnostic->path);
		text_put_string(out, ": ");
	}
	put_safely(out, diagnostic->message);
	if (diagnostic->suggestion.size > 0) {
		text_put_string(out, "; did you mean \"");
		put_safely(out, diagnostic->suggestion);
		text_put_string(out, "\"?");
	}
	text_put_char(out, '\n');

	struct span line;

	if (character_line(diagnostics->source, diagnostic->place.line, &line))
		put_line_and_caret(out, line, diagnostic->place);
}

void diagnostics_print(struct diagnostics *diagnostics, struct text *out)
{
	size_t dropped =
		diagnostics->errors + diagnostics->warnings + diagnostics->notices - diagnostics->count;

	sort(diagnostics);
	for (size_t i = 0; i < diagnostics->count; i++)
		print_one(diagnostics, &diagnostics->items[i], out);
	if (dropped > 0) {
		put_safely(out, diagnostics->name);
		text_printf(out, ": and %zu more\n", dropped);
	}
}

static void put_json_string(struct text *out, const char *name, struct span value)
{
	text_printf(out, "\"%s\":\"", name);
	text_put_json(out, value);
	text_put_char(out, '"');
}

void diagnostics_print_json(struct diagnostics *diagnostics, struct text *out)
{
	sort(diagnostics);
	text_put_char(out, '{');
	put_json_string(out, "file", diagnostics->name);
	text_printf(out, ",\"errors\":%zu,\"warnings\":%zu,\"notices\":%zu,\"diagnostics\":[",
	            diagnostics->errors, diagnostics->warnings, diagnostics->notices);
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		text_printf(out, "%s{\"severity\":\"%s\",\"line\":%u,\"column\":%u,\"length\":%u,",
		            i > 0 ? "," : "", severity_names[item->severity], item->place.line,
		            item->place.column, item->place.length);
		put_json_string(out, "path", item->path);
		text_put_char(out, ',');
		put_json_string(out, "message", item->message);
		text_put_char(out, ',');
		if (item->suggestion.size > 0)
			put_json_string(out, "suggestion", item->suggestion);
		else
			text_put_string(out, "\"suggestion\":null");
		text_put_char(out, '}');
	}
	text_put_string(out, "]}\n");
}
