#include "config/expand.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/character.h"
#include "config/source.h"

#define FILE_SUFFIX "_FILE"

enum { NAME_MAX_BYTES = 255 };

/* One scalar under expansion. */
struct expansion {
	struct node *node;
	char *(*lookup)(const char *name);
	struct diagnostics *diagnostics;
	struct span rest; /* what is still to be looked through */
	size_t dollars;   /* `$` passed so far */
	struct text expanded;
	struct document *document; /* its arena is for variables of the request and for `last_file` */
	struct document_file **last_file;
	struct node_variable **last_variable;
	bool failed;
	bool starved; /* no memory for one of them */
};

/* The offset of the n-th `$` (from 0) in `text`; its size if there are fewer. */
static size_t find_dollar(struct span text, size_t n)
{
	size_t at = span_find(text, '$');

	while (n-- > 0 && at < text.size)
		at += 1 + span_find(span_from(text, at + 1), '$');
	return at < text.size ? at : text.size;
}

static size_t count_dollars(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '$';
	return count;
}

/*
 * The place of the n-th `$` in the file. Quotes, escapes and folded lines make offsets in the value
 * differ from those in the file, but each `$` of one is a `$` of the other, unless somebody wrote
 * "\x24": then it is the place of the whole value.
 */
static struct place place_of_dollar(const struct node *node, size_t n, size_t length)
{
	if (count_dollars(node->source) != count_dollars(node->text))
		return node->place;
	return node_place_inside(node, find_dollar(node->source, n), (unsigned)length);
}

static void fail(struct expansion *expansion, size_t length, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Complains about the `length` bytes from the current `$` on. */
static void fail(struct expansion *expansion, size_t length, const char *format, ...)
{
	struct text path;
	struct text message;
	va_list arguments;

	va_start(arguments, format);
	text_init(&path, 1000);
	text_init(&message, 1000);
	node_put_path(expansion->node, &path);
	text_vprintf(&message, format, arguments);
	diagnostics_error(expansion->diagnostics,
	                  place_of_dollar(expansion->node, expansion->dollars, length),
	                  text_string(&path), "%s", text_string(&message));
	text_done(&message);
	text_done(&path);
	va_end(arguments);
	expansion->failed = true;
}

static size_t name_length(struct span text)
{
	size_t length = 0;

	for (; length < text.size; length++) {
		char c = ascii_lower(text.data[length]);
		bool is_digit = c >= '0' && c <= '9';

		if (!(c >= 'a' && c <= 'z') && c != '_' && !(is_digit && length > 0))
			break;
	}
	return length;
}

static bool is_clean(struct span value)
{
	while (value.size > 0) {
		struct character character = character_first(value);

		if (!character.harmless)
			return false;
		value = span_from(value, character.size);
	}
	return true;
}

/* Adds a value that `subject` has, such as `the environment variable "X"`. */
static void add_value(struct expansion *expansion, struct span value, const char *subject,
                      size_t length)
{
	if (value.size > EXPAND_VALUE_MAX)
		fail(expansion, length, "%s has more than 16 KiB", subject);
	else if (!is_clean(value))
		fail(expansion, length, "%s holds a control character or is not UTF-8", subject);
	else
		text_put(&expansion->expanded, value);
}

/* Without the line end that editors and `echo` leave behind. */
static struct span without_line_end(struct span value)
{
	if (value.size > 0 && value.data[value.size - 1] == '\n')
		value.size--;
	if (value.size > 0 && value.data[value.size - 1] == '\r')
		value.size--;
	return value;
}

static void note_file(struct expansion *expansion, const char *path, size_t length)
{
	struct document *document = expansion->document;
	struct document_file *file = arena_new(&document->arena, 1, sizeof(*file));

	if (!file || arena_copy(&document->arena, span_of_string(path), &file->path)) {
		expansion->starved = true;
		return;
	}
	file->place = place_of_dollar(expansion->node, expansion->dollars, length);
	*expansion->last_file = file;
	expansion->last_file = &file->next;
	document->file_count++;
}

/* Adds what the file holds that the variable `key` names; if that is nothing, the fallback. */
static void add_file(struct expansion *expansion, const char *key, const char *path,
                     const struct span *fallback, size_t length)
{
	struct text subject;
	struct text content;

	note_file(expansion, path, length);
	text_init(&subject, NAME_MAX_BYTES + 100);
	text_init(&content, EXPAND_VALUE_MAX + 2); /* with a line end */
	text_printf(&subject, "the file of the environment variable \"%s\"", key);

	enum error error = source_read(path, &content);
	struct span whole = text_span(&content);
	struct span value = content.cut ? whole : without_line_end(whole);

	if (error == ERROR_SYSTEM)
		fail(expansion, length, "%s can not be read: %s", text_string(&subject),
		     strerrordesc_np(errno));
	else if (error)
		expansion->starved = true;
	else if (value.size == 0 && fallback)
		text_put(&expansion->expanded, *fallback);
	else
		add_value(expansion, value, text_string(&subject), length);
	text_done(&content);
	text_done(&subject);
}

/* Adds the value of the variable; `length`: bytes of the whole `${…}`. */
static void add_variable(struct expansion *expansion, struct span name, const struct span *fallback,
                         size_t length)
{
	char key[NAME_MAX_BYTES + sizeof(FILE_SUFFIX)];
	char file_key[sizeof(key)];
	char subject[NAME_MAX_BYTES + 32];

	if (name.size > NAME_MAX_BYTES) {
		fail(expansion, length, "a variable's name can have at most %d bytes", NAME_MAX_BYTES);
		return;
	}
	memcpy(key, name.data, name.size);
	key[name.size] = '\0';
	(void)snprintf(file_key, sizeof(file_key), "%.*s" FILE_SUFFIX, (int)name.size, key);
	(void)snprintf(subject, sizeof(subject), "the environment variable \"%.*s\"", (int)name.size,
	               key);

	const char *value = expansion->lookup(key);
	const char *path = expansion->lookup(file_key);
	bool is_given = value && *value;

	if (path && *path && is_given)
		fail(expansion, length, "the environment variables \"%s\" and \"%s\" are both set", key,
		     file_key);
	else if (path && *path)
		add_file(expansion, file_key, path, fallback, length);
	else if (fallback && !is_given)
		text_put(&expansion->expanded, *fallback);
	else if (!value)
		fail(expansion, length,
		     "the environment variable \"%s\" is not set; ${%s:-default} would give a default", key,
		     key);
	else
		add_value(expansion, span_of_string(value), subject, length);
}

/* Notes a variable of the request, for whoever knows what may hold one. */
static void note_variable(struct expansion *expansion, struct span name, size_t length)
{
	struct node_variable *variable = arena_new(&expansion->document->arena, 1, sizeof(*variable));

	if (!variable || arena_copy(&expansion->document->arena, name, &variable->name)) {
		expansion->starved = true;
		return;
	}
	variable->at = expansion->expanded.size;
	variable->place = place_of_dollar(expansion->node, expansion->dollars, length);
	*expansion->last_variable = variable;
	expansion->last_variable = &variable->next;
}

/* `rest` begins with `${`. Returns how many bytes were used; all of them after a failure. */
static size_t expand_braces(struct expansion *expansion)
{
	struct span rest = expansion->rest;
	size_t close = span_find(rest, '}');
	struct span name = span_cut(rest, 2, 2 + name_length(span_from(rest, 2)));
	struct span after = span_cut(rest, 2 + name.size, close);

	if (close == rest.size)
		fail(expansion, 2, "\"${\" without \"}\"; write $$ for a dollar sign");
	else if (name.size == 0)
		fail(expansion, close + 1, "a variable's name must stand after \"${\"");
	else if (span_starts_with(after, SPAN(".")))
		note_variable(expansion, span_cut(rest, 2, close), close + 1);
	else if (after.size > 0 && !span_starts_with(after, SPAN(":-")))
		fail(expansion, close + 1,
		     "after the variable's name there must be \"}\" or \":-\" and a default");
	else {
		struct span fallback = span_from(after, 2);

		add_variable(expansion, name, after.size > 0 ? &fallback : NULL, close + 1);
	}
	return close < rest.size ? close + 1 : rest.size;
}

/* `rest` begins with `$`. Returns how many bytes were used. */
static size_t expand_dollar(struct expansion *expansion)
{
	struct span rest = expansion->rest;

	if (rest.size > 1 && rest.data[1] == '$') {
		text_put_char(&expansion->expanded, '$');
		return 2;
	}
	if (rest.size > 1 && rest.data[1] == '{')
		return expand_braces(expansion);
	fail(expansion, 1, "write ${NAME} for a variable, or $$ for a dollar sign");
	return 1;
}

static enum error expand_scalar(struct document *document, struct expansion *expansion)
{
	struct node *node = expansion->node;

	expansion->rest = node->text;
	while (expansion->rest.size > 0) {
		size_t plain = span_find(expansion->rest, '$');

		text_put(&expansion->expanded, span_cut(expansion->rest, 0, plain));
		expansion->rest = span_from(expansion->rest, plain);
		if (expansion->rest.size == 0)
			break;

		size_t used = expand_dollar(expansion);

		expansion->dollars += count_dollars(span_cut(expansion->rest, 0, used));
		expansion->rest = span_from(expansion->rest, used);
	}
	if (expansion->starved)
		return ERROR_OUT_OF_MEMORY;
	if (expansion->failed) {
		node->kind = NODE_BROKEN;
		return OK;
	}
	if (expansion->expanded.cut && expansion->expanded.size < EXPAND_VALUE_MAX)
		return ERROR_OUT_OF_MEMORY;
	if (expansion->expanded.cut) {
		expansion->dollars = 0;
		fail(expansion, 1, "the expanded value has more than 16 KiB");
		node->kind = NODE_BROKEN;
		return OK;
	}
	return arena_copy(&document->arena, text_span(&expansion->expanded), &node->text);
}

enum error expand_document(struct document *document, char *(*lookup)(const char *name),
                           struct diagnostics *diagnostics)
{
	struct document_file **last_file = &document->files;
	enum error error = OK;

	for (struct node *node = document->root; node && !error; node = node_after(node)) {
		if (node->kind != NODE_SCALAR || span_find(node->text, '$') == node->text.size)
			continue;

		struct expansion expansion = {
			.node = node,
			.lookup = lookup,
			.diagnostics = diagnostics,
			.document = document,
			.last_file = last_file,
			.last_variable = &node->variables,
		};

		text_init(&expansion.expanded, EXPAND_VALUE_MAX);
		error = expand_scalar(document, &expansion);
		last_file = expansion.last_file;
		text_done(&expansion.expanded);
	}
	return error;
}
