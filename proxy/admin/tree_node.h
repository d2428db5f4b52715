/* What the writers of a tree (admin/tree.h) know of it, and nobody else does. */
#ifndef SALLYPORT_ADMIN_TREE_NODE_H
#define SALLYPORT_ADMIN_TREE_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum tree_kind {
	TREE_OBJECT,
	TREE_LIST,
	TREE_STRING,
	TREE_NUMBER,
	TREE_NEGATIVE, /* `number` below zero */
	TREE_THOUSANDTHS,
	TREE_BOOL,
	TREE_SECONDS,
	TREE_BYTES,
	TREE_NOTHING,
	TREE_KIND_COUNT
};

struct tree_node {
	const char *name; /* NULL: an item of a list, or the root */
	enum tree_kind kind;
	struct span string;
	uint64_t number;         /* of objects: their order */
	struct tree_node *first; /* of objects and lists */
	struct tree_node *last;
	struct tree_node *next; /* of what it is in */
	size_t count;
};

#endif
