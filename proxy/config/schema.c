#include "config/schema.h"

#include <string.h>

#include "config/config.h"
#include "config/nearest.h"
#include "config/value.h"

enum { PATH_MAX_BYTES = 1000, MESSAGE_MAX = 1000 };

void schema_error(struct schema_reader *reader, const struct node *node, struct place place,
                  struct span suggestion, const char *format, ...)
{
	struct text path;
	struct text message;
	va_list arguments;

	va_start(arguments, format);
	text_init(&path, PATH_MAX_BYTES);
	text_init(&message, MESSAGE_MAX);
	node_put_path(node, &path);
	text_vprintf(&message, format, arguments);
	diagnostics_error_suggest(reader->diagnostics, place, text_string(&path), suggestion, "%s",
	                          text_string(&message));
	text_done(&message);
	text_done(&path);
	va_end(arguments);
}

static void expected(const struct schema_field *field, struct schema_reader *reader,
                     const struct node *node)
{
	struct text words;

	text_init(&words, MESSAGE_MAX);
	text_put_string(&words, "expected ");
	value_put_expected(field, &words);
	text_put_string(&words, ", found ");
	value_put_found(node, &words);
	schema_error(reader, node, node->place, (struct span){0}, "%s", text_string(&words));
	text_done(&words);
}

static bool is_known(const struct schema *schema, struct span key)
{
	for (size_t i = 0; i < schema->count; i++)
		if (span_equal(key, span_of_string(schema->fields[i].name)))
			return true;
	return false;
}

/* Complains about a key that is not in the table: with the nearest one, or else with all. */
static void unknown_key(const struct schema *schema, struct schema_reader *reader,
                        const struct node *node)
{
	struct nearest nearest;
	struct text known;

	nearest_init(&nearest, node->key);
	text_init(&known, MESSAGE_MAX);
	for (size_t i = 0; i < schema->count; i++) {
		struct span name = span_of_string(schema->fields[i].name);

		nearest_offer(&nearest, name);
		text_put_string(&known, i == 0 ? "; known here: " : ", ");
		text_put(&known, name);
	}
	schema_error(reader, node, node->key_place, nearest.best, "unknown key%s",
	             nearest.best.size > 0 ? "" : text_string(&known));
	text_done(&known);
}

/* Complains about how many items a list or map has; true if there is nothing to complain about. */
static bool check_count(const struct schema_field *field, struct schema_reader *reader,
                        const struct node *node)
{
	if (node->count < field->min)
		schema_error(reader, node, node_place(node), (struct span){0},
		             "at least %u %s needed, found %s", (unsigned)field->min,
		             field->min == 1 ? "is" : "are", node->count == 0 ? "none" : "fewer");
	else if (node->count > field->max)
		schema_error(reader, node, node_place(node), (struct span){0},
		             "%zu are too many; there can be %u", node->count, (unsigned)field->max);
	else
		return true;
	return false;
}

/* The key of a map's item, as a value of its own. */
static enum error decode_key(const struct schema_field *field, struct schema_reader *reader,
                             const struct node *node, char *at)
{
	size_t name_offset = field->of ? field->of->name_offset : field->item->beside;
	const struct schema_field row = {.kind = field->key, .offset = name_offset};
	struct node key = *node;

	if (field->key == SCHEMA_NAME && !value_is_name(node->key)) {
		schema_error(reader, node, node->key_place, (struct span){0},
		             "a name has 1 to %d letters, digits, \"-\", \"_\" and \".\"", VALUE_NAME_MAX);
		return OK;
	}
	key.kind = NODE_SCALAR;
	key.quoted = true; /* `null` as a key is a name */
	key.text = key.source = node->key;
	key.variables = NULL; /* those of the value */
	key.place = node->key_place;
	return value_decode(&row, reader, &key, at);
}

static enum error decode_item(const struct schema_field *field, struct schema_reader *reader,
                              const struct node *node, char *at)
{
	if (field->kind == SCHEMA_MAP) {
		enum error error = decode_key(field, reader, node, at);

		if (error)
			return error;
	}
	if (!field->of)
		return value_decode(field->item, reader, node, at);
	if (node->kind == NODE_SCALAR && !node_is_nothing(node)) {
		const struct schema_field map = {.kind = SCHEMA_STRUCT};

		expected(&map, reader, node);
		return OK;
	}
	return schema_decode(field->of, reader, node, at);
}

/* A list, or a map of named structs. */
static enum error decode_items(const struct schema_field *field, struct schema_reader *reader,
                               const struct node *node, char *object)
{
	enum node_kind kind = field->kind == SCHEMA_LIST ? NODE_LIST : NODE_MAP;
	size_t item_size = field->of ? field->of->size : field->item_size;
	size_t index = 0;

	if (node->kind != kind && !node_is_nothing(node)) {
		expected(field, reader, node);
		return OK;
	}
	if (!check_count(field, reader, node) || node->count == 0)
		return OK;

	char *items = arena_new(reader->arena, node->count, item_size);

	if (!items)
		return ERROR_OUT_OF_MEMORY;
	for (const struct node *child = node->first; child; child = child->next) {
		if (child->refused)
			continue;

		enum error error = decode_item(field, reader, child, items + index++ * item_size);

		if (error)
			return error;
	}
	*(void **)(void *)(object + field->offset) = items;
	*(size_t *)(void *)(object + field->beside) = index;
	return OK;
}

/* A list of words. */
static enum error decode_flags(const struct schema_field *field, struct schema_reader *reader,
                               const struct node *node, char *object)
{
	const struct schema_field item = {.kind = SCHEMA_ENUM, .words = field->words};
	unsigned flags = 0;

	if (node->kind != NODE_LIST && !node_is_nothing(node)) {
		expected(field, reader, node);
		return OK;
	}
	for (const struct node *child = node->first; child; child = child->next) {
		unsigned flag = 0;

		if (child->refused)
			continue;

		enum error error = value_decode(&item, reader, child, &flag);

		if (error)
			return error;
		if ((flags & flag) != 0)
			schema_error(reader, child, child->place, (struct span){0},
			             "it is in the list already");
		flags |= flag;
	}
	memcpy(object + field->offset, &flags, sizeof(flags));
	return OK;
}

static enum error decode_optional(const struct schema_field *field, struct schema_reader *reader,
                                  const struct node *node, char *object)
{
	void *at = arena_new(reader->arena, 1, field->of->size);

	if (!at)
		return ERROR_OUT_OF_MEMORY;
	*(void **)(void *)(object + field->offset) = at;
	return schema_decode(field->of, reader, node, at);
}

static enum error decode_given(const struct schema_field *field, struct schema_reader *reader,
                               const struct node *node, char *object)
{
	switch (field->kind) {
	case SCHEMA_LIST:
	case SCHEMA_MAP:
		return node->kind == NODE_BROKEN ? OK : decode_items(field, reader, node, object);
	case SCHEMA_FLAGS:
		return node->kind == NODE_BROKEN ? OK : decode_flags(field, reader, node, object);
	case SCHEMA_STRUCT:
	case SCHEMA_OPTIONAL:
		if (node->kind == NODE_LIST || (node->kind == NODE_SCALAR && !node_is_nothing(node)))
			expected(field, reader, node);
		else if (field->kind == SCHEMA_OPTIONAL)
			return decode_optional(field, reader, node, object);
		else
			return schema_decode(field->of, reader, node, object + field->offset);
		return OK;
	default:
		return value_decode(field, reader, node, object);
	}
}

static enum error decode_missing(const struct schema_field *field, struct schema_reader *reader,
                                 const struct node *parent, char *object)
{
	if (field->fallback)
		return value_decode_default(field, reader, object);
	if (field->kind == SCHEMA_STRUCT)
		return schema_decode(field->of, reader, NULL, object + field->offset);
	if (field->required) {
		const struct place start = {.line = 1, .column = 1, .length = 1};

		schema_error(reader, parent, parent && parent->parent ? node_place(parent) : start,
		             (struct span){0}, "the key \"%s\" is missing", field->name);
	}
	return OK;
}

enum error schema_decode(const struct schema *schema, struct schema_reader *reader,
                         const struct node *node, void *object)
{
	char *bytes = object;

	if (node && node->kind == NODE_BROKEN)
		return OK;
	if (node && node->kind == NODE_LIST) {
		const struct schema_field map = {.kind = SCHEMA_STRUCT};

		expected(&map, reader, node);
		return OK;
	}
	if (node && schema->place_offset != SCHEMA_NOWHERE)
		*(struct place *)(void *)(bytes + schema->place_offset) = node_place(node);
	for (const struct node *child = node ? node->first : NULL; child; child = child->next)
		if (!child->refused && !is_known(schema, child->key))
			unknown_key(schema, reader, child);
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_field *field = &schema->fields[i];
		const struct node *child = node ? node_child(node, span_of_string(field->name)) : NULL;
		enum error error = child ? decode_given(field, reader, child, bytes)
		                         : decode_missing(field, reader, node, bytes);

		if (error)
			return error;
	}
	return OK;
}
