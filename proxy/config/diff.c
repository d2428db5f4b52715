#include "config/diff.h"

#include <string.h>

#include "config/config_schema.h"
#include "config/document.h"
#include "config/value.h"

enum { ARENA_MAX = 256 << 20, PATH_MAX_BYTES = 2000, VALUE_MAX = 4000 };

static const char *const kind_words[CONFIG_CHANGE_KIND_COUNT] = {
	[CONFIG_ADDED] = "added",
	[CONFIG_REMOVED] = "removed",
	[CONFIG_CHANGED] = "changed",
};

/* One side of what is compared: a struct, and where it stands in its file. */
struct half {
	const char *object;
	const struct node *node; /* NULL: it is not in the file, or there is no file */
	struct place place;      /* of the nearest thing around it that is */
};

struct walk {
	struct config_diff *diff;
	struct text path;
	enum error error;
};

static void compare(struct walk *walk, const struct schema *schema, const struct half *before,
                    const struct half *after);

/* --- Where -------------------------------------------------------------------------------- */

static struct half half_of(const char *object, const struct node *node, const struct half *around)
{
	struct half half = {object, node, around->place};

	if (node)
		half.place = node_place(node);
	return half;
}

static const struct node *child_of(const struct node *node, const char *name)
{
	return node && node->kind == NODE_MAP ? node_child(node, span_of_string(name)) : NULL;
}

static const struct node *item_of(const struct node *node, size_t index)
{
	const struct node *item = node ? node->first : NULL;

	while (item && index-- > 0)
		item = item->next;
	return item;
}

/* --- What --------------------------------------------------------------------------------- */

static const struct config_text *text_at(const char *at)
{
	return (const struct config_text *)(const void *)at;
}

static unsigned unsigned_at(const char *at)
{
	return *(const unsigned *)(const void *)at;
}

static uint64_t number_at(const char *at)
{
	return *(const uint64_t *)(const void *)at;
}

static size_t size_at(const char *at)
{
	return *(const size_t *)(const void *)at;
}

static const char *pointer_at(const char *at)
{
	return *(const char *const *)(const void *)at;
}

static bool put_word(const struct schema_field *field, uint64_t value, struct text *out)
{
	for (const struct schema_word *word = field->words; word && word->name; word++) {
		if (word->value != value)
			continue;
		text_put_string(out, word->name);
		return true;
	}
	return false;
}

static void put_flags(const struct schema_field *field, unsigned flags, struct text *out)
{
	text_put_char(out, '[');
	for (const struct schema_word *word = field->words; word->name; word++)
		if ((flags & word->value) != 0)
			text_printf(out, "%s%s", out->size > 1 ? ", " : "", word->name);
	text_put_char(out, ']');
}

static void put_template(const struct config_template *template, struct text *out)
{
	for (size_t i = 0; i < template->piece_count; i++) {
		const struct config_piece *piece = &template->pieces[i];

		text_put(out, piece->text);
		if (piece->variable != VARIABLE_NONE)
			text_printf(out, "${%s}", variable_name(piece->variable));
	}
}

/* A scalar as one would write it; nothing if it is not given. */
static void put_scalar(const struct schema_field *field, const char *object, struct text *out)
{
	const char *at = object + field->offset;

	switch (field->kind) {
	case SCHEMA_BOOL:
		text_put_string(out, *(const bool *)(const void *)at ? "true" : "false");
		break;
	case SCHEMA_SWITCH:
		if (unsigned_at(at) != CONFIG_INHERITED)
			text_put_string(out, unsigned_at(at) == CONFIG_TRUE ? "true" : "false");
		break;
	case SCHEMA_ENUM:
		(void)put_word(field, unsigned_at(at), out);
		break;
	case SCHEMA_FLAGS:
		put_flags(field, unsigned_at(at), out);
		break;
	case SCHEMA_INTEGER:
	case SCHEMA_SIZE:
	case SCHEMA_DURATION:
		if (!put_word(field, number_at(at), out))
			value_put_number(field->kind, number_at(at), out);
		break;
	case SCHEMA_TEMPLATE:
		put_template((const struct config_template *)(const void *)at, out);
		break;
	default: /* all others begin with a struct config_text */
		text_put(out, text_at(at)->text);
		break;
	}
}

/* --- Changes ------------------------------------------------------------------------------ */

static struct span keep(struct walk *walk, struct span span)
{
	char *bytes = arena_bytes(&walk->diff->arena, span.size + 1);

	if (!bytes) {
		walk->error = ERROR_OUT_OF_MEMORY;
		return (struct span){0};
	}
	if (span.size > 0)
		memcpy(bytes, span.data, span.size);
	return span_of(bytes, span.size);
}

static bool make_room(struct walk *walk)
{
	struct config_diff *diff = walk->diff;

	if (diff->count < diff->capacity)
		return true;

	size_t capacity = diff->capacity > 0 ? 2 * diff->capacity : 32;
	struct config_change *changes = arena_new(&diff->arena, capacity, sizeof(*changes));

	if (!changes) {
		walk->error = ERROR_OUT_OF_MEMORY;
		return false;
	}
	if (diff->count > 0)
		memcpy(changes, diff->changes, diff->count * sizeof(*changes));
	diff->changes = changes;
	diff->capacity = capacity;
	return true;
}

static void add(struct walk *walk, enum config_change_kind kind, struct place place,
                struct span before, struct span after, bool needs_restart)
{
	if (walk->error || !make_room(walk))
		return;
	walk->diff->changes[walk->diff->count++] = (struct config_change){
		.kind = kind,
		.path = keep(walk, text_span(&walk->path)),
		.place = place,
		.before = keep(walk, before),
		.after = keep(walk, after),
		.needs_restart = needs_restart,
	};
}

static void compare_values(struct walk *walk, const struct schema_field *field,
                           const struct text *before, const struct text *after, struct place place)
{
	if (span_equal(text_span(before), text_span(after)))
		return;
	if (field->is_secret)
		add(walk, CONFIG_CHANGED, place, SPAN(""), SPAN(""), false);
	else
		add(walk, CONFIG_CHANGED, place, text_span(before), text_span(after), field->needs_restart);
}

static void compare_scalars(struct walk *walk, const struct schema_field *field,
                            const struct half *before, const struct half *after)
{
	struct text old;
	struct text fresh;

	text_init(&old, VALUE_MAX);
	text_init(&fresh, VALUE_MAX);
	put_scalar(field, before->object, &old);
	put_scalar(field, after->object, &fresh);
	compare_values(walk, field, &old, &fresh, after->place);
	text_done(&old);
	text_done(&fresh);
}

/* --- Lists and maps ----------------------------------------------------------------------- */

/* What tells an item from others: its name, or the values of the fields that identify it. */
static void put_identity(const struct schema_field *field, const char *item, struct text *out)
{
	if (field->kind == SCHEMA_MAP) {
		size_t offset = field->of ? field->of->name_offset : field->item->beside;

		text_put(out, text_at(item + offset)->text);
		return;
	}
	for (size_t i = 0; i < field->of->count; i++)
		if (field->of->fields[i].identifies)
			put_scalar(&field->of->fields[i], item, out);
}

struct items {
	const struct schema_field *field;
	const char *first;
	size_t size;
	size_t count;
};

static struct items items_of(const struct schema_field *field, const char *object)
{
	return (struct items){
		.field = field,
		.first = pointer_at(object + field->offset),
		.size = field->of ? field->of->size : field->item_size,
		.count = size_at(object + field->beside),
	};
}

static const char *item_at(const struct items *items, size_t index)
{
	return items->first + index * items->size;
}

/* The index of the item with this identity; items->count: there is none. */
static size_t find_item(const struct items *items, const struct text *identity)
{
	struct text other;
	size_t i = 0;

	text_init(&other, VALUE_MAX);
	for (; i < items->count; i++) {
		text_clear(&other);
		put_identity(items->field, item_at(items, i), &other);
		if (span_equal(text_span(&other), text_span(identity)))
			break;
	}
	text_done(&other);
	return i;
}

static void put_item_path(struct walk *walk, const struct schema_field *field,
                          const struct text *identity)
{
	text_printf(&walk->path, field->kind == SCHEMA_MAP ? ".%s" : "[%s]", text_string(identity));
}

static void compare_items(struct walk *walk, const struct schema_field *field,
                          const struct half *before, const struct half *after)
{
	if (field->of) {
		compare(walk, field->of, before, after);
		return;
	}

	const struct schema_field value = {
		.kind = field->item->kind,
		.offset = field->item->offset,
		.words = field->item->words,
		.is_secret = field->is_secret,
	};

	compare_scalars(walk, &value, before, after);
}

/* Those of `here` that are not in `there` are told as `kind`; the others are compared if they are
 * not told. */
static void walk_items(struct walk *walk, const struct items *here, const struct half *here_half,
                       const struct items *there, const struct half *there_half,
                       enum config_change_kind kind)
{
	for (size_t i = 0; i < here->count && !walk->error; i++) {
		size_t size = walk->path.size;
		struct text identity;

		text_init(&identity, VALUE_MAX);
		put_identity(here->field, item_at(here, i), &identity);
		put_item_path(walk, here->field, &identity);

		size_t at = find_item(there, &identity);
		struct half own = half_of(item_at(here, i), item_of(here_half->node, i), here_half);

		if (at == there->count) {
			add(walk, kind, own.place, SPAN(""), SPAN(""), false);
		} else if (kind == CONFIG_ADDED) {
			const struct node *node = item_of(there_half->node, at);
			struct half old = half_of(item_at(there, at), node, there_half);

			compare_items(walk, here->field, &old, &own);
		}
		text_done(&identity);
		text_cut(&walk->path, size);
	}
}

/* The same items, but others come first. */
static void compare_order(struct walk *walk, const struct items *before, const struct items *after,
                          struct place place)
{
	struct text old;
	struct text fresh;
	bool is_same_set = true;

	text_init(&old, VALUE_MAX);
	text_init(&fresh, VALUE_MAX);
	for (size_t i = 0; i < before->count; i++) {
		size_t size = fresh.size;

		put_identity(after->field, item_at(after, i), &fresh);

		struct text one;

		text_init(&one, VALUE_MAX);
		text_put(&one, span_from(text_span(&fresh), size));
		is_same_set &= find_item(before, &one) < before->count;
		text_done(&one);
		text_put_string(&fresh, i + 1 < before->count ? ", " : "");
		put_identity(before->field, item_at(before, i), &old);
		text_put_string(&old, i + 1 < before->count ? ", " : "");
	}
	if (is_same_set && !span_equal(text_span(&old), text_span(&fresh)))
		add(walk, CONFIG_CHANGED, place, text_span(&old), text_span(&fresh), false);
	text_done(&old);
	text_done(&fresh);
}

/* A list of values: as a whole. */
static void put_list(const struct items *items, struct text *out)
{
	text_put_char(out, '[');
	for (size_t i = 0; i < items->count; i++) {
		text_put_string(out, i > 0 ? ", " : "");
		put_scalar(items->field->item, item_at(items, i), out);
	}
	text_put_char(out, ']');
}

static void compare_lists(struct walk *walk, const struct schema_field *field,
                          const struct half *before, const struct half *after)
{
	struct items old = items_of(field, before->object);
	struct items fresh = items_of(field, after->object);
	struct text old_text;
	struct text fresh_text;

	if (field->of || field->kind == SCHEMA_MAP) {
		walk_items(walk, &old, before, &fresh, after, CONFIG_REMOVED);
		walk_items(walk, &fresh, after, &old, before, CONFIG_ADDED);
		if (field->order_counts && old.count == fresh.count)
			compare_order(walk, &old, &fresh, after->place);
		return;
	}
	text_init(&old_text, VALUE_MAX);
	text_init(&fresh_text, VALUE_MAX);
	put_list(&old, &old_text);
	put_list(&fresh, &fresh_text);
	compare_values(walk, field, &old_text, &fresh_text, after->place);
	text_done(&old_text);
	text_done(&fresh_text);
}

/* --- All ---------------------------------------------------------------------------------- */

static void compare_optional(struct walk *walk, const struct schema_field *field,
                             const struct half *before, const struct half *after)
{
	struct half old = *before;
	struct half fresh = *after;

	old.object = pointer_at(before->object + field->offset);
	fresh.object = pointer_at(after->object + field->offset);
	if (old.object && fresh.object)
		compare(walk, field->of, &old, &fresh);
	else if (old.object)
		add(walk, CONFIG_REMOVED, old.place, SPAN(""), SPAN(""), false);
	else if (fresh.object)
		add(walk, CONFIG_ADDED, fresh.place, SPAN(""), SPAN(""), false);
}

static void compare_field(struct walk *walk, const struct schema_field *field,
                          const struct half *before, const struct half *after)
{
	struct half old = half_of(before->object, child_of(before->node, field->name), before);
	struct half fresh = half_of(after->object, child_of(after->node, field->name), after);
	size_t size = walk->path.size;

	text_printf(&walk->path, "%s%s", size > 0 ? "." : "", field->name);
	if (field->kind == SCHEMA_STRUCT) {
		old.object += field->offset;
		fresh.object += field->offset;
		compare(walk, field->of, &old, &fresh);
	} else if (field->kind == SCHEMA_OPTIONAL) {
		compare_optional(walk, field, &old, &fresh);
	} else if (field->kind == SCHEMA_LIST || field->kind == SCHEMA_MAP) {
		compare_lists(walk, field, &old, &fresh);
	} else {
		compare_scalars(walk, field, &old, &fresh);
	}
	text_cut(&walk->path, size);
}

static void compare(struct walk *walk, const struct schema *schema, const struct half *before,
                    const struct half *after)
{
	for (size_t i = 0; i < schema->count && !walk->error; i++)
		compare_field(walk, &schema->fields[i], before, after);
}

/* The places of a file that has been read and found good before. */
static void read_places(struct document *document, struct span source)
{
	struct diagnostics unheard;

	diagnostics_init(&unheard);
	document_init(document);
	if (source.size == 0 || document_read(document, source, &unheard))
		document->root = NULL;
	diagnostics_done(&unheard);
}

enum error config_diff_make(const struct config_version *before, const struct config_version *after,
                            struct config_diff *ret_diff)
{
	struct document old;
	struct document fresh;
	struct walk walk = {.diff = ret_diff};

	*ret_diff = (struct config_diff){.before = *before, .after = *after};
	arena_init(&ret_diff->arena, NULL, ARENA_MAX);
	read_places(&old, before->source);
	read_places(&fresh, after->source);
	text_init(&walk.path, PATH_MAX_BYTES);

	const struct half old_half = {(const char *)before->config, old.root, {0}};
	const struct half fresh_half = {(const char *)after->config, fresh.root, {0}};

	compare(&walk, &config_schema, &old_half, &fresh_half);
	text_done(&walk.path);
	document_done(&old);
	document_done(&fresh);
	return walk.error;
}

void config_diff_done(struct config_diff *diff)
{
	arena_done(&diff->arena);
}

/* --- Printing ----------------------------------------------------------------------------- */

static const struct config_version *version_of(const struct config_diff *diff,
                                               const struct config_change *change)
{
	return change->kind == CONFIG_REMOVED ? &diff->before : &diff->after;
}

static bool has_values(const struct config_change *change)
{
	return change->before.size > 0 || change->after.size > 0;
}

static void put_value(struct span value, struct text *out)
{
	if (value.size > 0)
		text_put(out, value);
	else
		text_put_string(out, "nothing");
}

void config_diff_print(const struct config_diff *diff, struct text *out)
{
	for (size_t i = 0; i < diff->count; i++) {
		const struct config_change *change = &diff->changes[i];

		text_put(out, version_of(diff, change)->name);
		if (change->place.line > 0)
			text_printf(out, ":%u:%u", change->place.line, change->place.column);
		text_printf(out, ": %s: ", kind_words[change->kind]);
		text_put(out, change->path);
		if (has_values(change)) {
			text_put_string(out, ": ");
			put_value(change->after, out);
			text_put_string(out, ", before ");
			put_value(change->before, out);
		}
		text_put_string(out, change->needs_restart ? " (only with a restart)\n" : "\n");
	}
	if (diff->count == 0)
		text_put_string(out, "nothing changes\n");
	else
		text_printf(out, "%zu change%s\n", diff->count, diff->count == 1 ? "" : "s");
}

static void put_json_value(const char *name, struct span value, bool is_there, struct text *out)
{
	text_printf(out, "\"%s\":", name);
	if (!is_there) {
		text_put_string(out, "null");
		return;
	}
	text_put_char(out, '"');
	text_put_json(out, value);
	text_put_char(out, '"');
}

static void put_json_change(const struct config_diff *diff, const struct config_change *change,
                            struct text *out)
{
	text_printf(out, "{\"change\":\"%s\",", kind_words[change->kind]);
	put_json_value("path", change->path, true, out);
	text_put_char(out, ',');
	put_json_value("file", version_of(diff, change)->name, true, out);
	text_printf(out, ",\"line\":%u,\"column\":%u,", change->place.line, change->place.column);
	put_json_value("before", change->before, has_values(change), out);
	text_put_char(out, ',');
	put_json_value("after", change->after, has_values(change), out);
	text_printf(out, ",\"needs_restart\":%s}", change->needs_restart ? "true" : "false");
}

void config_diff_print_json(const struct config_diff *diff, struct text *out)
{
	text_put_char(out, '{');
	put_json_value("before", diff->before.name, true, out);
	text_put_char(out, ',');
	put_json_value("after", diff->after.name, true, out);
	text_put_string(out, ",\"changes\":[");
	for (size_t i = 0; i < diff->count; i++) {
		text_put_string(out, i > 0 ? "," : "");
		put_json_change(diff, &diff->changes[i], out);
	}
	text_put_string(out, "]}\n");
}
