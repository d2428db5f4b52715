/*
 * A doubly linked list whose nodes live inside the objects on it.
 *
 * Owner: nobody; the list only links. A node that is not on a list points to itself, so removing
 * twice is harmless.
 */
#ifndef SALLYPORT_BASE_LIST_H
#define SALLYPORT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *previous;
};

/* The object of type `type` whose member `member` is the node. */
#define LIST_OBJECT(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *node)
{
	node->next = node;
	node->previous = node;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_insert_between(struct list *node, struct list *before, struct list *after)
{
	node->previous = before;
	node->next = after;
	before->next = node;
	after->previous = node;
}

static inline void list_add_first(struct list *list, struct list *node)
{
	list_insert_between(node, list, list->next);
}

static inline void list_add_last(struct list *list, struct list *node)
{
	list_insert_between(node, list->previous, list);
}

static inline void list_remove(struct list *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	list_init(node);
}

#endif
