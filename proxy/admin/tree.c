#include "admin/tree.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/tree_node.h"
#include "base/clock.h"

void tree_init(struct tree *tree, size_t size_max)
{
	*tree = (struct tree){.depth = 1};
	arena_init(&tree->arena, NULL, size_max);
	tree->root = arena_new(&tree->arena, 1, sizeof(*tree->root));
	if (tree->root)
		tree->root->kind = TREE_OBJECT;
	else
		tree->failed = true;
	tree->open[0] = tree->root;
}

void tree_done(struct tree *tree)
{
	arena_done(&tree->arena);
}

/* A new node at the end of what is open; NULL: the tree has failed. */
static struct tree_node *add(struct tree *tree, const char *name, enum tree_kind kind)
{
	struct tree_node *parent = tree->failed ? NULL : tree->open[tree->depth - 1];
	struct tree_node *node = parent ? arena_new(&tree->arena, 1, sizeof(*node)) : NULL;

	if (!node) {
		tree->failed = true;
		return NULL;
	}
	check((name != NULL) == (parent->kind == TREE_OBJECT));
	node->name = name;
	node->kind = kind;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
	return node;
}

static void put_number(struct tree *tree, const char *name, enum tree_kind kind, uint64_t value)
{
	struct tree_node *node = add(tree, name, kind);

	if (node)
		node->number = value;
}

void tree_put(struct tree *tree, const char *name, struct span value)
{
	struct tree_node *node = add(tree, name, TREE_STRING);

	if (node && arena_copy(&tree->arena, value, &node->string))
		tree->failed = true;
}

void tree_put_string(struct tree *tree, const char *name, const char *value)
{
	tree_put(tree, name, span_of_string(value));
}

void tree_put_number(struct tree *tree, const char *name, uint64_t value)
{
	put_number(tree, name, TREE_NUMBER, value);
}

void tree_put_integer(struct tree *tree, const char *name, int64_t value)
{
	bool is_negative = value < 0;

	put_number(tree, name, is_negative ? TREE_NEGATIVE : TREE_NUMBER,
	           is_negative ? 0 - (uint64_t)value : (uint64_t)value);
}

void tree_put_thousandths(struct tree *tree, const char *name, uint64_t value)
{
	put_number(tree, name, TREE_THOUSANDTHS, value);
}

void tree_put_bool(struct tree *tree, const char *name, bool value)
{
	put_number(tree, name, TREE_BOOL, value);
}

void tree_put_seconds(struct tree *tree, const char *name, uint64_t value)
{
	put_number(tree, name, TREE_SECONDS, value);
}

void tree_put_bytes(struct tree *tree, const char *name, uint64_t value)
{
	put_number(tree, name, TREE_BYTES, value);
}

void tree_put_time(struct tree *tree, const char *name, uint64_t wall_us)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(wall_us, text);
	(void)snprintf(text + sizeof("2026-11-23T20:26:00") - 1, 2, "Z");
	tree_put_string(tree, name, text);
}

void tree_put_nothing(struct tree *tree, const char *name)
{
	(void)add(tree, name, TREE_NOTHING);
}

static void begin(struct tree *tree, const char *name, enum tree_kind kind)
{
	struct tree_node *node = add(tree, name, kind);

	check(tree->depth < TREE_DEPTH_MAX);
	tree->open[tree->depth++] = node;
}

void tree_begin_object(struct tree *tree, const char *name)
{
	begin(tree, name, TREE_OBJECT);
}

void tree_begin_list(struct tree *tree, const char *name)
{
	begin(tree, name, TREE_LIST);
}

void tree_end(struct tree *tree)
{
	check(tree->depth > 1);
	tree->depth--;
}

void tree_adopt(struct tree *tree, const struct tree *other)
{
	const struct tree_node *list = other->failed ? NULL : other->root->first;
	struct tree_node *into = tree->failed ? NULL : tree->open[tree->depth - 1];

	if (!list || !into) {
		tree->failed = true;
		return;
	}
	check(list->kind == TREE_LIST && into->kind == TREE_LIST);
	if (list->count == 0)
		return;
	if (into->last)
		into->last->next = list->first;
	else
		into->first = list->first;
	into->last = list->last;
	into->count += list->count;
}

void tree_set_order(struct tree *tree, uint64_t order)
{
	if (!tree->failed)
		tree->open[tree->depth - 1]->number = order;
}

static int compare_orders(const void *a, const void *b)
{
	const struct tree_node *first = *(const struct tree_node *const *)a;
	const struct tree_node *second = *(const struct tree_node *const *)b;

	return (first->number < second->number) - (first->number > second->number);
}

void tree_sort(struct tree *tree, size_t max)
{
	struct tree_node *list = tree->failed ? NULL : tree->open[tree->depth - 1];
	struct tree_node **nodes;
	size_t count = 0;

	if (!list || list->count == 0)
		return;
	nodes = arena_new(&tree->arena, list->count, sizeof(struct tree_node *));
	if (!nodes) {
		tree->failed = true;
		return;
	}
	for (struct tree_node *node = list->first; node; node = node->next)
		nodes[count++] = node;
	qsort(nodes, count, sizeof(nodes[0]), compare_orders);
	count = count < max ? count : max;
	for (size_t i = 0; i < count; i++)
		nodes[i]->next = i + 1 < count ? nodes[i + 1] : NULL;
	list->first = count > 0 ? nodes[0] : NULL;
	list->last = count > 0 ? nodes[count - 1] : NULL;
	list->count = count;
}

static void put_json_scalar(const struct tree_node *node, struct text *out)
{
	switch (node->kind) {
	case TREE_STRING:
		text_put_char(out, '"');
		text_put_json(out, node->string);
		text_put_char(out, '"');
		break;
	case TREE_NEGATIVE:
		text_put_char(out, '-');
		text_put_number(out, node->number);
		break;
	case TREE_THOUSANDTHS:
		text_printf(out, "%llu.%03u", (unsigned long long)(node->number / 1000),
		            (unsigned)(node->number % 1000));
		break;
	case TREE_BOOL:
		text_put_string(out, node->number ? "true" : "false");
		break;
	case TREE_NOTHING:
		text_put_string(out, "null");
		break;
	default:
		text_put_number(out, node->number);
		break;
	}
}

/* The depth is bounded by TREE_DEPTH_MAX. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void put_json(const struct tree_node *node, struct text *out)
{
	bool is_object = node->kind == TREE_OBJECT;

	if (!is_object && node->kind != TREE_LIST) {
		put_json_scalar(node, out);
		return;
	}
	text_put_char(out, is_object ? '{' : '[');
	for (const struct tree_node *child = node->first; child; child = child->next) {
		if (child != node->first)
			text_put_char(out, ',');
		if (is_object)
			text_printf(out, "\"%s\":", child->name);
		put_json(child, out);
	}
	text_put_char(out, is_object ? '}' : ']');
}

void tree_write_json(const struct tree *tree, struct text *out)
{
	if (tree->root)
		put_json(tree->root, out);
	text_put_char(out, '\n');
}
