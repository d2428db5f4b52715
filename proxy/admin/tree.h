/*
 * What a page of the admin interface says: values with names, objects and lists, made once and
 * written either as JSON (RFC 8259) for programs or as text for people.
 *
 *     tree_put_string(&tree, "version", "1.0");
 *     tree_begin_list(&tree, "workers");
 *         tree_begin_object(&tree, NULL);          items of lists have no name
 *         tree_put_number(&tree, "sessions", 3);
 *         tree_end(&tree);
 *     tree_end(&tree);
 *
 * In text the scalars of an object stand one in a line, lists of objects as a table where that is
 * not too wide; spaces stand for the underscores of names, and no byte but printable ASCII comes
 * out, whatever a client has sent. A name that ends in `_seconds` or `_bytes` loses that in text,
 * where the value has its unit.
 *
 * Values are copied. What does not fit the maximum, or memory, makes the tree `failed`: look once,
 * at the end.
 * Owner: whoever declares it, until tree_done().
 */
#ifndef SALLYPORT_ADMIN_TREE_H
#define SALLYPORT_ADMIN_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/text.h"

enum { TREE_DEPTH_MAX = 8 };

struct tree_node;

struct tree {
	struct arena arena;
	struct tree_node *root;
	struct tree_node *open[TREE_DEPTH_MAX]; /* the root first */
	unsigned depth;
	bool failed;
};

/* An empty object. `size_max`: bytes of all values together, with what they take to keep. */
void tree_init(struct tree *tree, size_t size_max);
void tree_done(struct tree *tree);

/* `name`: not copied; NULL in a list. */
void tree_put(struct tree *tree, const char *name, struct span value);
void tree_put_string(struct tree *tree, const char *name, const char *value);
void tree_put_number(struct tree *tree, const char *name, uint64_t value);
/* Below zero, too. */
void tree_put_integer(struct tree *tree, const char *name, int64_t value);
void tree_put_thousandths(struct tree *tree, const char *name, uint64_t value);
void tree_put_bool(struct tree *tree, const char *name, bool value);
/* Seconds, in text as `3d 4h 5m 6s`. */
void tree_put_seconds(struct tree *tree, const char *name, uint64_t value);
/* Bytes, in text as `1.5 MiB`. */
void tree_put_bytes(struct tree *tree, const char *name, uint64_t value);
/* Microseconds since 1970, in both as RFC 3339 in UTC, to the second. */
void tree_put_time(struct tree *tree, const char *name, uint64_t wall_us);
/* There is no value: null, in text `-`. */
void tree_put_nothing(struct tree *tree, const char *name);
void tree_begin_object(struct tree *tree, const char *name);
void tree_begin_list(struct tree *tree, const char *name);
/* Ends the object or list that was begun last. */
void tree_end(struct tree *tree);

/*
 * Adds all items of the first list in `other` to the list that is open. They stay where they are:
 * `other` must live until `tree` is written, and not be written itself.
 */
void tree_adopt(struct tree *tree, const struct tree *other);
/* What the object that is open is sorted by. */
void tree_set_order(struct tree *tree, uint64_t order);
/* Sorts the objects of the list that is open, the largest order first, and keeps `max` of them. */
void tree_sort(struct tree *tree, size_t max);

/* One JSON object and a line end. */
void tree_write_json(const struct tree *tree, struct text *out);
void tree_write_text(const struct tree *tree, struct text *out);

#endif
