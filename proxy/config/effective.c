#include "config/effective.h"

#include <string.h>

#include "config/config_schema.h"
#include "config/value.h"
#include "config/variable.h"

enum { INDENT = 2 };

static const char secret[] = "\"(secret)\"";

static void put_indent(struct text *out, size_t indent)
{
	while (indent-- > 0)
		text_put_char(out, ' ');
}

/* In double quotes, where YAML takes what JSON does. A dollar sign is written twice. */
static void put_plain(struct text *out, struct span value)
{
	while (value.size > 0) {
		size_t end = span_find(value, '$');

		text_put_json(out, span_cut(value, 0, end));
		if (end < value.size)
			text_put_string(out, "$$");
		value = span_from(value, end + 1);
	}
}

static void put_quoted(struct text *out, struct span value)
{
	text_put_char(out, '"');
	put_plain(out, value);
	text_put_char(out, '"');
}

static void put_template(struct text *out, const struct config_template *template)
{
	text_put_char(out, '"');
	if (template->piece_count == 0)
		put_plain(out, template->text.text);
	for (size_t i = 0; i < template->piece_count; i++) {
		const struct config_piece *piece = &template->pieces[i];

		if (piece->variable)
			text_printf(out, "${%s}", variable_name(piece->variable));
		else
			put_plain(out, piece->text);
	}
	text_put_char(out, '"');
}

static const char *word_of(const struct schema_field *field, uint64_t value)
{
	for (const struct schema_word *word = field->words; word && word->name; word++)
		if (word->value == value)
			return word->name;
	return NULL;
}

static unsigned unsigned_at(const char *at)
{
	unsigned value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t number_at(const char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static const struct config_text *text_at(const char *at)
{
	return (const struct config_text *)(const void *)at;
}

static size_t count_at(const struct schema_field *field, const char *object)
{
	size_t count;

	memcpy(&count, object + field->beside, sizeof(count));
	return count;
}

static const char *pointer_at(const char *at)
{
	const char *pointer;

	memcpy(&pointer, at, sizeof(pointer));
	return pointer;
}

static bool has_any(const struct schema *schema, const char *object);

/* Whether there is something to write for a key. */
/* The depth is that of the tables. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool is_given(const struct schema_field *field, const char *object)
{
	const char *at = object + field->offset;

	switch (field->kind) {
	case SCHEMA_BOOL:
	case SCHEMA_INTEGER:
	case SCHEMA_SIZE:
	case SCHEMA_DURATION:
		return true;
	case SCHEMA_SWITCH:
		return unsigned_at(at) != CONFIG_INHERITED;
	case SCHEMA_ENUM:
		return word_of(field, unsigned_at(at)) != NULL;
	case SCHEMA_FLAGS:
		return unsigned_at(at) != 0;
	case SCHEMA_STRUCT:
		return field->of && has_any(field->of, at);
	case SCHEMA_OPTIONAL:
		return pointer_at(at) != NULL;
	case SCHEMA_LIST:
	case SCHEMA_MAP:
		return count_at(field, object) > 0;
	default: /* they all begin with a text */
		return text_at(at)->text.data != NULL;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static bool has_any(const struct schema *schema, const char *object)
{
	for (size_t i = 0; i < schema->count; i++)
		if (is_given(&schema->fields[i], object))
			return true;
	return false;
}

static void put_flags(const struct schema_field *field, unsigned flags, struct text *out)
{
	bool is_first = true;

	text_put_char(out, '[');
	for (const struct schema_word *word = field->words; word->name; word++) {
		if ((flags & word->value) == 0)
			continue;
		text_printf(out, "%s%s", is_first ? "" : ", ", word->name);
		is_first = false;
	}
	text_put_char(out, ']');
}

static void put_scalar(const struct schema_field *field, const char *object, struct text *out)
{
	const char *at = object + field->offset;

	if (field->is_secret) {
		text_put_string(out, secret);
		return;
	}
	switch (field->kind) {
	case SCHEMA_BOOL:
		text_put_string(out, *at ? "true" : "false");
		break;
	case SCHEMA_SWITCH:
		text_put_string(out, unsigned_at(at) == CONFIG_TRUE ? "true" : "false");
		break;
	case SCHEMA_ENUM:
		text_put_string(out, word_of(field, unsigned_at(at)));
		break;
	case SCHEMA_FLAGS:
		put_flags(field, unsigned_at(at), out);
		break;
	case SCHEMA_INTEGER:
	case SCHEMA_SIZE:
	case SCHEMA_DURATION:
		if (word_of(field, number_at(at)))
			text_put_string(out, word_of(field, number_at(at)));
		else
			value_put_number(field->kind, number_at(at), out);
		break;
	case SCHEMA_TEMPLATE:
		put_template(out, (const struct config_template *)(const void *)at);
		break;
	default:
		put_quoted(out, text_at(at)->text);
		break;
	}
}

/* Values of such a field of a message are credentials. */
static bool is_credential(struct span name)
{
	static const struct span parts[] = {
		SPAN_INIT("auth"),     SPAN_INIT("cookie"),     SPAN_INIT("token"), SPAN_INIT("secret"),
		SPAN_INIT("password"), SPAN_INIT("credential"), SPAN_INIT("key"),   SPAN_INIT("signature"),
	};

	for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
		for (size_t at = 0; at + parts[i].size <= name.size; at++)
			if (span_equal_nocase(span_cut(name, at, at + parts[i].size), parts[i]))
				return true;
	return false;
}

static void put_schema(const struct schema *schema, const char *object, struct text *out,
                       size_t indent, bool begins_item);

/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_list(const struct schema_field *field, const char *object, struct text *out,
                     size_t indent)
{
	const char *items = pointer_at(object + field->offset);
	size_t size = field->of ? field->of->size : field->item_size;

	for (size_t i = 0; i < count_at(field, object); i++) {
		put_indent(out, indent);
		text_put_string(out, "- ");
		if (field->of) {
			put_schema(field->of, items + i * size, out, indent + INDENT, true);
			continue;
		}
		put_scalar(field->item, items + i * size, out);
		text_put_char(out, '\n');
	}
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_map(const struct schema_field *field, const char *object, struct text *out,
                    size_t indent)
{
	const char *items = pointer_at(object + field->offset);
	size_t size = field->of ? field->of->size : field->item_size;
	size_t name_offset = field->of ? field->of->name_offset : field->item->beside;

	for (size_t i = 0; i < count_at(field, object); i++) {
		const char *item = items + i * size;
		struct span name = text_at(item + name_offset)->text;

		put_indent(out, indent);
		put_quoted(out, name);
		text_put_string(out, field->of ? ":\n" : ": ");
		if (field->of) {
			put_schema(field->of, item, out, indent + INDENT, false);
			continue;
		}
		if (field->is_secret || (field->item->kind == SCHEMA_TEMPLATE && is_credential(name)))
			text_put_string(out, secret);
		else
			put_scalar(field->item, item, out);
		text_put_char(out, '\n');
	}
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_inside(const struct schema_field *field, const char *object, struct text *out,
                       size_t indent)
{
	const char *at = object + field->offset;

	switch (field->kind) {
	case SCHEMA_STRUCT:
		put_schema(field->of, at, out, indent, false);
		break;
	case SCHEMA_OPTIONAL:
		put_schema(field->of, pointer_at(at), out, indent, false);
		break;
	case SCHEMA_LIST:
		put_list(field, object, out, indent);
		break;
	default:
		put_map(field, object, out, indent);
		break;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_schema(const struct schema *schema, const char *object, struct text *out,
                       size_t indent, bool begins_item)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_field *field = &schema->fields[i];
		bool has_inside = field->of || field->kind == SCHEMA_LIST || field->kind == SCHEMA_MAP;

		if (!is_given(field, object))
			continue;
		put_indent(out, begins_item ? 0 : indent);
		begins_item = false;
		text_printf(out, "%s:", field->name);
		if (has_inside) {
			text_put_char(out, '\n');
			put_inside(field, object, out, indent + INDENT);
		} else {
			text_put_char(out, ' ');
			put_scalar(field, object, out);
			text_put_char(out, '\n');
		}
	}
	if (begins_item) /* nothing was given */
		text_put_string(out, "{}\n");
}

void config_write_effective(const struct config *config, struct text *out)
{
	put_schema(&config_schema, (const char *)config, out, 0, false);
}
