#include "config/document.h"

#include <string.h>
#include <yaml.h>

#include "config/character.h"

enum { ARENA_MAX = 128 << 20 };

/* One reading; lives on the stack of document_read(). */
struct reading {
	struct document *document;
	struct diagnostics *diagnostics;
	yaml_parser_t parser;
	struct node *open;    /* the list or map being filled; NULL: at the top */
	struct node *pending; /* in a map: a node that has its key and waits for its value */
	size_t depth;
	bool ended; /* the document is complete */
	struct {    /* where offset_of() was last */
		size_t line;
		size_t column;
		size_t offset;
	} known;
};

void document_init(struct document *document)
{
	*document = (struct document){0};
	arena_init(&document->arena, NULL, ARENA_MAX);
}

void document_done(struct document *document)
{
	arena_done(&document->arena);
	document_init(document);
}

struct node *node_child(const struct node *map, struct span key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (struct node *child = map->first; child; child = child->next)
		if (span_equal(child->key, key))
			return child;
	return NULL;
}

bool node_is_nothing(const struct node *node)
{
	return node->kind == NODE_SCALAR && !node->quoted &&
	       (node->text.size == 0 || span_equal(node->text, SPAN("~")) ||
	        span_equal_nocase(node->text, SPAN("null")));
}

struct place node_place(const struct node *node)
{
	return node->key.data ? node->key_place : node->place;
}

void node_put_path(const struct node *node, struct text *out)
{
	const struct node *steps[DOCUMENT_DEPTH_MAX + 1];
	size_t count = 0;

	for (; node && node->parent && count < ARRAY_LENGTH(steps); node = node->parent)
		steps[count++] = node;
	while (count > 0) {
		const struct node *step = steps[--count];

		if (step->parent->kind == NODE_LIST) {
			text_printf(out, "[%zu]", step->index);
			continue;
		}
		if (out->size > 0)
			text_put_char(out, '.');
		text_put(out, step->key);
	}
}

struct node *node_after(struct node *node)
{
	if (node->first)
		return node->first;
	while (node && !node->next)
		node = node->parent;
	return node ? node->next : NULL;
}

struct place node_place_inside(const struct node *node, size_t offset, unsigned length)
{
	struct place place = {.line = node->place.line, .column = node->place.column, .length = length};
	struct span rest = span_cut(node->source, 0, offset);

	while (rest.size > 0) {
		char c = rest.data[0];

		place.column++;
		if (c == '\n' || (c == '\r' && !(rest.size > 1 && rest.data[1] == '\n'))) {
			place.line++;
			place.column = 1;
		}
		rest = span_from(rest, character_first(rest).size);
	}
	return place;
}

/*
 * The byte offset of a mark. libyaml counts characters. It goes through the file only forwards, so
 * the search goes on where the last one ended.
 */
static size_t offset_of(struct reading *reading, yaml_mark_t mark)
{
	struct span source = reading->document->source;
	size_t line = reading->known.line;
	size_t column = reading->known.column;
	size_t at = reading->known.offset;

	if (mark.line < line || (mark.line == line && mark.column < column))
		line = column = at = 0;
	while (at < source.size && (line < mark.line || column < mark.column)) {
		char c = source.data[at];

		if (c == '\n' || c == '\r') {
			if (line == mark.line)
				break; /* the mark is at the end of its line */
			at += c == '\r' && at + 1 < source.size && source.data[at + 1] == '\n' ? 2 : 1;
			line++;
			column = 0;
		} else {
			at += character_first(span_from(source, at)).size;
			column++;
		}
	}
	reading->known.line = line;
	reading->known.column = column;
	reading->known.offset = at;
	return at;
}

/*
 * The place from `start` to `end`, cut at the end of the first line. libyaml marks the end of a
 * file without a last line end on a line of its own; here it is the end of the last line.
 */
static struct place place_of(struct reading *reading, yaml_mark_t start, yaml_mark_t end)
{
	struct span rest = span_from(reading->document->source, offset_of(reading, start));
	struct place place = {
		.line = (unsigned)reading->known.line + 1,
		.column = (unsigned)reading->known.column + 1,
		.length = 1,
	};
	unsigned length = 0;

	if (start.line == end.line) {
		if (end.column > start.column)
			place.length = (unsigned)(end.column - start.column);
		return place;
	}
	while (rest.size > 0 && rest.data[0] != '\n' && rest.data[0] != '\r') {
		length++;
		rest = span_from(rest, character_first(rest).size);
	}
	place.length = length > 0 ? length : 1;
	return place;
}

static struct place place_of_event(struct reading *reading, const yaml_event_t *event)
{
	return place_of(reading, event->start_mark, event->end_mark);
}

static void complain(struct reading *reading, struct place place, const struct node *node,
                     const char *message)
{
	struct text path;

	text_init(&path, 1000);
	if (node)
		node_put_path(node, &path);
	diagnostics_error(reading->diagnostics, place, text_string(&path), "%s", message);
	text_done(&path);
}

/* libyaml's most common complaints in words that tell what to do. */
struct complaint {
	const char *theirs;
	const char *ours;
	bool at_context; /* the place is where the thing began, not where libyaml gave up */
};

static const struct complaint *find_complaint(const char *problem)
{
	static const struct complaint table[] = {
		{"mapping values are not allowed in this context",
	     "a \": \" is not allowed here; is the indentation right, or are quotes missing?", false},
		{"did not find expected key",
	     "expected a key here; is the indentation right, or a bracket not closed?", false},
		{"could not find expected ':'", "a key must be followed by \": \"", true},
		{"did not find expected '-' indicator",
	     "expected a list item beginning with \"- \"; is the indentation right?", false},
		{"did not find expected ',' or ']'", "this \"[\" is not closed, or a \",\" is missing",
	     true},
		{"did not find expected ',' or '}'", "this \"{\" is not closed, or a \",\" is missing",
	     true},
		{"found unexpected end of stream", "this quote is not closed", true},
		{"did not find expected <document start>", "nothing can follow the end of the document",
	     false},
		{"block sequence entries are not allowed in this context",
	     "a list item is not allowed here; is the indentation right?", false},
		{"did not find expected node content",
	     "expected a value here; one that begins with [, {, * or & needs quotes", false},
		{"did not find expected alphabetic or numeric character",
	     "a value that begins with * or & needs quotes", false},
		{"found character that cannot start any token",
	     "a value can not begin with this character, unless it is in quotes", false},
		{"found unknown escape character",
	     "an unknown escape after \"\\\"; in single quotes a backslash is only a backslash", false},
	};

	for (size_t i = 0; problem && i < ARRAY_LENGTH(table); i++)
		if (strcmp(problem, table[i].theirs) == 0)
			return &table[i];
	return NULL;
}

/* Passes on what libyaml's parser complains about. */
static enum error parser_failed(struct reading *reading)
{
	const yaml_parser_t *parser = &reading->parser;
	const struct complaint *known = find_complaint(parser->problem);
	struct span source = reading->document->source;
	const char *message = parser->problem ? parser->problem : "this is not YAML";
	yaml_mark_t mark = parser->problem_mark;
	size_t at;

	if (parser->error == YAML_MEMORY_ERROR)
		return ERROR_OUT_OF_MEMORY;
	at = offset_of(reading, mark);
	if (at < source.size && source.data[at] == '\t') {
		message = "a tab is not allowed here; indent with spaces";
	} else if (at > 0 && span_starts_with(span_from(source, at - 1), SPAN("${"))) {
		message = "a value with ${...} needs quotes inside [ ] and { }";
		mark.column--;
	} else if (known) {
		message = known->ours;
		mark = known->at_context ? parser->context_mark : mark;
	}
	/* A reader's error has no mark and becomes 1:1, but bytes are checked before libyaml. */
	complain(reading, place_of(reading, mark, mark), NULL, message);
	return ERROR_CONFIG;
}

static struct node *new_node(struct reading *reading)
{
	reading->document->nodes++;
	return arena_new(&reading->document->arena, 1, sizeof(struct node));
}

/* Puts a node where the next value belongs. */
static void attach(struct reading *reading, struct node *node)
{
	struct node *parent = reading->open;

	node->parent = parent;
	if (!parent) {
		reading->document->root = node;
		return;
	}
	node->index = parent->count++;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

/* The node for the value that an event begins: the one that waits in a map, or a new one. */
static enum error begin_value(struct reading *reading, const yaml_event_t *event,
                              enum node_kind kind, struct node **ret_node)
{
	struct node *node = reading->pending;

	if (!node) {
		node = new_node(reading);
		if (!node)
			return ERROR_OUT_OF_MEMORY;
		attach(reading, node);
	}
	reading->pending = NULL;
	node->kind = node->refused ? NODE_BROKEN : kind;
	node->place = place_of_event(reading, event);
	*ret_node = node;
	return OK;
}

/* Complains about a tag or an anchor; the node is kept, so that what is in it is checked too. */
static void check_properties(struct reading *reading, const struct node *node,
                             const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct place place = node->place;

	place.length = 1;
	if (anchor)
		complain(reading, place, node, "anchors (&name) are not supported");
	if (tag)
		complain(reading, place, node, "tags (!name) are not supported");
}

static enum error copy_scalar(struct reading *reading, const yaml_event_t *event,
                              struct span *ret_text)
{
	return arena_copy(&reading->document->arena,
	                  span_of((const char *)event->data.scalar.value, event->data.scalar.length),
	                  ret_text);
}

static void check_key(struct reading *reading, struct node *node, const yaml_event_t *event)
{
	const struct node *twin = reading->open->first;

	while (twin && !(twin->key.size == node->key.size && span_equal(twin->key, node->key)))
		twin = twin->next;
	if (event->data.scalar.anchor || event->data.scalar.tag) {
		complain(reading, node->key_place, NULL, "a key can not have a tag or an anchor");
	} else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	           span_equal(node->key, SPAN("<<"))) {
		complain(reading, node->key_place, reading->open, "merge keys (<<) are not supported");
	} else if (twin) {
		struct text path;

		text_init(&path, 1000);
		node_put_path(twin, &path);
		diagnostics_error(reading->diagnostics, node->key_place, text_string(&path),
		                  "duplicate key; it is already on line %u", twin->key_place.line);
		text_done(&path);
	} else {
		return;
	}
	node->refused = true;
}

/* A scalar where a map expects a key. */
static enum error begin_key(struct reading *reading, const yaml_event_t *event)
{
	struct node *node = new_node(reading);

	if (!node || copy_scalar(reading, event, &node->key))
		return ERROR_OUT_OF_MEMORY;
	node->key_place = place_of_event(reading, event);
	check_key(reading, node, event);
	if (reading->open->count >= DOCUMENT_KEYS_MAX) {
		complain(reading, node->key_place, reading->open, "a map can have at most 4096 keys");
		return ERROR_CONFIG;
	}
	if (reading->open->count == 0 && node->key_place.line == reading->open->place.line &&
	    node->key_place.column == reading->open->place.column)
		reading->open->place.length = node->key_place.length; /* a map without braces */
	attach(reading, node);
	reading->pending = node;
	return OK;
}

/* The bytes of a scalar as they stand in the file. */
static struct span source_of(struct reading *reading, const yaml_event_t *event)
{
	size_t start = offset_of(reading, event->start_mark);
	size_t end = offset_of(reading, event->end_mark);

	return span_cut(reading->document->source, start, end);
}

static enum error on_scalar(struct reading *reading, const yaml_event_t *event)
{
	struct node *node;

	if (reading->open && reading->open->kind == NODE_MAP && !reading->pending)
		return begin_key(reading, event);

	enum error error = begin_value(reading, event, NODE_SCALAR, &node);

	if (error)
		return error;
	if (copy_scalar(reading, event, &node->text))
		return ERROR_OUT_OF_MEMORY;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->source = source_of(reading, event);
	check_properties(reading, node, event->data.scalar.anchor, event->data.scalar.tag);
	return OK;
}

static enum error on_alias(struct reading *reading, const yaml_event_t *event)
{
	struct node *node;

	if (reading->open && reading->open->kind == NODE_MAP && !reading->pending) {
		complain(reading, place_of_event(reading, event), reading->open,
		         "aliases (*name) are not supported");
		return ERROR_CONFIG;
	}

	enum error error = begin_value(reading, event, NODE_BROKEN, &node);

	if (error)
		return error;
	complain(reading, node->place, node, "aliases (*name) are not supported");
	return OK;
}

static enum error on_start(struct reading *reading, const yaml_event_t *event, enum node_kind kind)
{
	struct place place = place_of_event(reading, event);
	struct node *node;

	if (reading->open && reading->open->kind == NODE_MAP && !reading->pending) {
		complain(reading, place, reading->open, "a key can not be a list or a map");
		return ERROR_CONFIG;
	}
	if (reading->depth == DOCUMENT_DEPTH_MAX) {
		complain(reading, place, NULL, "lists and maps are nested more than 32 deep");
		return ERROR_CONFIG;
	}

	enum error error = begin_value(reading, event, kind, &node);

	if (error)
		return error;
	if (kind == NODE_LIST)
		check_properties(reading, node, event->data.sequence_start.anchor,
		                 event->data.sequence_start.tag);
	else
		check_properties(reading, node, event->data.mapping_start.anchor,
		                 event->data.mapping_start.tag);
	node->kind = kind; /* even under a refused key, until on_end(), so that its inside is read */
	reading->open = node;
	reading->depth++;
	return OK;
}

static void on_end(struct reading *reading)
{
	struct node *node = reading->open;

	if (node->refused)
		node->kind = NODE_BROKEN;
	reading->open = node->parent;
	reading->depth--;
}

static enum error on_document_start(struct reading *reading, const yaml_event_t *event)
{
	const char *message = NULL;

	if (reading->ended)
		message = "a second document; one file can hold only one";
	else if (event->data.document_start.version_directive ||
	         event->data.document_start.tag_directives.start !=
	             event->data.document_start.tag_directives.end)
		message = "directives (%YAML, %TAG) are not supported";
	if (!message)
		return OK;
	complain(reading, place_of_event(reading, event), NULL, message);
	return ERROR_CONFIG;
}

static enum error on_event(struct reading *reading, const yaml_event_t *event)
{
	if (reading->document->nodes > DOCUMENT_NODES_MAX) {
		complain(reading, place_of_event(reading, event), NULL,
		         "there are more than 100000 values in the file");
		return ERROR_CONFIG;
	}
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(reading, event);
	case YAML_ALIAS_EVENT:
		return on_alias(reading, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(reading, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return on_start(reading, event, NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_end(reading);
		return OK;
	case YAML_DOCUMENT_START_EVENT:
		return on_document_start(reading, event);
	case YAML_DOCUMENT_END_EVENT:
		reading->ended = true;
		return OK;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
		return OK;
	}
	return OK;
}

static enum error read_events(struct reading *reading)
{
	bool ended = false;

	while (!ended) {
		yaml_event_t event;

		if (!yaml_parser_parse(&reading->parser, &event))
			return parser_failed(reading);

		enum error error = on_event(reading, &event);

		ended = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		if (error)
			return error;
	}
	return OK;
}

/* Bytes that no text file has; found before libyaml, which is less exact about their place. */
static enum error check_bytes(struct document *document, struct diagnostics *diagnostics)
{
	struct place place = {.line = 1, .column = 1, .length = 1};
	struct span rest = document->source;

	while (rest.size > 0) {
		struct character character = character_first(rest);
		char c = rest.data[0];

		if (!character.valid) {
			diagnostics_error(diagnostics, place, NULL,
			                  "the byte 0x%02x is not UTF-8; the file must be UTF-8",
			                  character.code);
			return ERROR_CONFIG;
		}
		if (!character.harmless && c != '\n' && c != '\r' && c != '\t') {
			diagnostics_error(diagnostics, place, NULL,
			                  "the invisible character U+%04X is not allowed", character.code);
			return ERROR_CONFIG;
		}
		place.column++;
		if (c == '\n' || (c == '\r' && !(rest.size > 1 && rest.data[1] == '\n'))) {
			place.line++;
			place.column = 1;
		}
		rest = span_from(rest, character.size);
	}
	return OK;
}

enum error document_read(struct document *document, struct span source,
                         struct diagnostics *diagnostics)
{
	struct reading reading = {.document = document, .diagnostics = diagnostics};
	const struct place whole = {.line = 0};
	const struct place start = {.line = 1, .column = 1, .length = 1};

	if (span_starts_with(source, SPAN("\xef\xbb\xbf")))
		source = span_from(source, 3);
	document->source = source;
	if (source.size > DOCUMENT_SIZE_MAX) {
		diagnostics_error(diagnostics, whole, NULL, "the file is larger than 1 MiB");
		return ERROR_CONFIG;
	}

	enum error error = check_bytes(document, diagnostics);

	if (error)
		return error;
	if (!yaml_parser_initialize(&reading.parser))
		return ERROR_OUT_OF_MEMORY;
	yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reading.parser, (const unsigned char *)source.data, source.size);
	error = read_events(&reading);
	yaml_parser_delete(&reading.parser);
	if (!error && !document->root) {
		diagnostics_error(diagnostics, start, NULL, "the file holds no configuration");
		error = ERROR_CONFIG;
	}
	if (error)
		document->root = NULL;
	return error;
}

const char *document_library_version(void)
{
	return yaml_get_version_string();
}
