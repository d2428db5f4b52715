#include <stdbool.h>
#include <string.h>

#include "admin/tree.h"
#include "admin/tree_node.h"

enum {
	INDENT = 2,
	TABLE_COLUMNS_MAX = 16,
	TABLE_WIDTH_MAX = 160, /* beyond that, items stand one below the other */
	CELL_MAX = 4096,
};

static bool is_scalar(const struct tree_node *node)
{
	return node->kind != TREE_OBJECT && node->kind != TREE_LIST;
}

static void put_spaces(struct text *out, size_t count)
{
	while (count-- > 0)
		text_put_char(out, ' ');
}

/* The name as people read it. */
static void put_label(const struct tree_node *node, struct text *out)
{
	struct span name = span_of_string(node->name);
	struct span unit = node->kind == TREE_SECONDS ? SPAN("_seconds")
	                   : node->kind == TREE_BYTES ? SPAN("_bytes")
	                                              : (struct span){0};

	if (unit.size > 0 && span_ends_with_nocase(name, unit))
		name = span_cut(name, 0, name.size - unit.size);
	for (size_t i = 0; i < name.size; i++)
		text_put_char(out, name.data[i] == '_' ? ' ' : name.data[i]);
}

/* Nothing that a client has sent may move the cursor. */
static void put_printable(struct text *out, struct span value)
{
	if (value.size == 0)
		text_put_char(out, '-');
	for (size_t i = 0; i < value.size; i++) {
		unsigned char c = (unsigned char)value.data[i];

		if (c >= 0x20 && c < 0x7f)
			text_put_char(out, (char)c);
		else
			text_printf(out, "\\x%02x", c);
	}
}

/* The largest unit that it has, and the one below it: `3d 4h`, `2m`, `0s`. */
static void put_seconds(struct text *out, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (i + 1 < ARRAY_LENGTH(units) && seconds < units[i].seconds)
		i++;
	text_printf(out, "%llu%c", (unsigned long long)(seconds / units[i].seconds), units[i].letter);
	seconds %= units[i].seconds;
	i++;
	if (i < ARRAY_LENGTH(units) && seconds >= units[i].seconds)
		text_printf(out, " %llu%c", (unsigned long long)(seconds / units[i].seconds),
		            units[i].letter);
}

static void put_bytes(struct text *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	unsigned unit = 0;
	uint64_t tenths = bytes * 10;

	if (bytes >= UINT64_MAX / 10)
		tenths = UINT64_MAX - 9;
	while (tenths >= 10240 && unit + 1 < ARRAY_LENGTH(units)) {
		tenths /= 1024;
		unit++;
	}
	if (unit == 0)
		text_printf(out, "%llu B", (unsigned long long)bytes);
	else
		text_printf(out, "%llu.%u %s", (unsigned long long)(tenths / 10), (unsigned)(tenths % 10),
		            units[unit]);
}

static void put_scalar(const struct tree_node *node, struct text *out)
{
	switch (node->kind) {
	case TREE_STRING:
		put_printable(out, node->string);
		break;
	case TREE_NEGATIVE:
		text_put_char(out, '-');
		text_put_number(out, node->number);
		break;
	case TREE_THOUSANDTHS:
		text_printf(out, "%llu.%u", (unsigned long long)(node->number / 1000),
		            (unsigned)(node->number % 1000 / 100));
		break;
	case TREE_BOOL:
		text_put_string(out, node->number ? "yes" : "no");
		break;
	case TREE_SECONDS:
		put_seconds(out, node->number);
		break;
	case TREE_BYTES:
		put_bytes(out, node->number);
		break;
	case TREE_NOTHING:
		text_put_char(out, '-');
		break;
	default:
		text_put_number(out, node->number);
		break;
	}
}

/* A scalar, or a list of scalars in one line. */
static void put_value(const struct tree_node *node, struct text *out)
{
	if (node->kind != TREE_LIST) {
		put_scalar(node, out);
		return;
	}
	if (!node->first)
		text_put_char(out, '-');
	for (const struct tree_node *item = node->first; item; item = item->next) {
		if (item != node->first)
			text_put_string(out, ", ");
		put_scalar(item, out);
	}
}

/* It stands in one line: no object is in it. */
static bool is_flat(const struct tree_node *node)
{
	if (node->kind != TREE_LIST)
		return is_scalar(node);
	for (const struct tree_node *item = node->first; item; item = item->next)
		if (!is_scalar(item))
			return false;
	return true;
}

static size_t width_of(const struct tree_node *node,
                       void (*put)(const struct tree_node *node, struct text *out))
{
	struct text text;
	size_t width;

	text_init(&text, CELL_MAX);
	put(node, &text);
	width = text.size;
	text_done(&text);
	return width;
}

/* Put, then filled up to the width; the last of a line is not. */
static void put_padded(const struct tree_node *node, struct text *out, size_t width, bool is_last,
                       void (*put)(const struct tree_node *node, struct text *out))
{
	size_t before = out->size;

	put(node, out);
	if (!is_last && out->size - before < width)
		put_spaces(out, width - (out->size - before));
}

/* The width of each column, if the list can be a table: all its items have the same flat values. */
static size_t measure_table(const struct tree_node *list, size_t widths[TABLE_COLUMNS_MAX])
{
	size_t count = list->first->count;
	size_t sum = 0;

	if (count == 0 || count > TABLE_COLUMNS_MAX)
		return 0;
	memset(widths, 0, TABLE_COLUMNS_MAX * sizeof(widths[0]));
	for (const struct tree_node *item = list->first; item; item = item->next) {
		const struct tree_node *model = list->first->first;
		size_t i = 0;

		if (item->kind != TREE_OBJECT || item->count != count)
			return 0;
		for (const struct tree_node *cell = item->first; cell && model; cell = cell->next, i++) {
			size_t label = width_of(cell, put_label);
			size_t value = width_of(cell, put_value);

			if (!is_flat(cell) || strcmp(cell->name, model->name) != 0)
				return 0;
			model = model->next;
			widths[i] = label > widths[i] ? label : widths[i];
			widths[i] = value > widths[i] ? value : widths[i];
		}
	}
	for (size_t i = 0; i < count; i++)
		sum += widths[i] + INDENT;
	return sum <= TABLE_WIDTH_MAX ? count : 0;
}

static void put_row(const struct tree_node *item, struct text *out, size_t indent,
                    const size_t *widths,
                    void (*put)(const struct tree_node *node, struct text *out))
{
	size_t i = 0;

	put_spaces(out, indent);
	for (const struct tree_node *cell = item->first; cell; cell = cell->next, i++) {
		put_padded(cell, out, widths[i] + INDENT, !cell->next, put);
	}
	text_put_char(out, '\n');
}

static void put_object(const struct tree_node *object, struct text *out, size_t indent,
                       bool begins_item);

/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_list(const struct tree_node *list, struct text *out, size_t indent)
{
	size_t widths[TABLE_COLUMNS_MAX];

	if (measure_table(list, widths) > 0) {
		put_row(list->first, out, indent, widths, put_label);
		for (const struct tree_node *item = list->first; item; item = item->next)
			put_row(item, out, indent, widths, put_value);
		return;
	}
	for (const struct tree_node *item = list->first; item; item = item->next) {
		put_spaces(out, indent);
		text_put_string(out, "- ");
		if (item->kind == TREE_OBJECT)
			put_object(item, out, indent + INDENT, true);
		else
			text_put_char(out, '\n'); /* lists of lists are not made */
	}
}

/* A name whose value stands below it. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_section(const struct tree_node *node, struct text *out, size_t indent)
{
	if (indent == 0 && out->size > 0)
		text_put_char(out, '\n');
	put_spaces(out, indent);
	put_label(node, out);
	text_put_string(out, ":\n");
	if (node->kind == TREE_LIST)
		put_list(node, out, indent + INDENT);
	else
		put_object(node, out, indent + INDENT, false);
}

/* The values that stand in one line; returns how many there are. */
static size_t put_flat(const struct tree_node *object, struct text *out, size_t indent,
                       bool begins_item)
{
	size_t width = 0;
	size_t count = 0;

	for (const struct tree_node *child = object->first; child; child = child->next) {
		size_t label = is_flat(child) ? width_of(child, put_label) : 0;

		width = label > width ? label : width;
	}
	for (const struct tree_node *child = object->first; child; child = child->next) {
		if (!is_flat(child))
			continue;
		put_spaces(out, begins_item && count == 0 ? 0 : indent);
		put_padded(child, out, width + INDENT, false, put_label);
		put_value(child, out);
		text_put_char(out, '\n');
		count++;
	}
	return count;
}

/* First the values in one line, then the others. Its depth is bounded by TREE_DEPTH_MAX.
 * `begins_item`: the first line is indented already. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_object(const struct tree_node *object, struct text *out, size_t indent,
                       bool begins_item)
{
	size_t count = put_flat(object, out, indent, begins_item);

	for (const struct tree_node *child = object->first; child; child = child->next)
		if (!is_flat(child))
			put_section(child, out, begins_item && count++ == 0 ? 0 : indent);
	if (!object->first && begins_item)
		text_put_char(out, '\n');
}

void tree_write_text(const struct tree *tree, struct text *out)
{
	if (tree->root)
		put_object(tree->root, out, 0, false);
}
