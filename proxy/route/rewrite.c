#include "route/rewrite.h"

#include <string.h>

#include "route/path.h"

static struct span without_slash(struct span path)
{
	bool has_slash = path.size > 0 && path.data[path.size - 1] == '/';

	return span_cut(path, 0, path.size - has_slash);
}

/* The replacement, and what follows the prefix. Neither has a slash at its end. */
static enum error replace(struct span prefix, struct span replacement, struct span path,
                          struct arena *arena, struct span *ret_path)
{
	struct span rest = span_from(path, prefix.size);

	if (!span_starts_with(path, prefix) || (rest.size > 0 && rest.data[0] != '/'))
		return ERROR_PATH_AMBIGUOUS;
	if (replacement.size + rest.size == 0)
		rest = SPAN("/");

	char *bytes = arena_bytes(arena, replacement.size + rest.size);

	if (!bytes)
		return ERROR_OUT_OF_MEMORY;
	*ret_path = span_of(bytes, replacement.size + rest.size);
	if (replacement.size > 0)
		memcpy(bytes, replacement.data, replacement.size);
	if (rest.size > 0)
		memcpy(bytes + replacement.size, rest.data, rest.size);
	return OK;
}

/* The same with the normal forms of all three. */
static enum error replace_normal(struct span prefix, struct span replacement, struct span path,
                                 struct arena *arena, struct span *ret_path)
{
	enum error error = path_normalise(prefix, arena, &prefix);

	if (!error)
		error = path_normalise(replacement, arena, &replacement);
	if (!error)
		error = path_normalise(path, arena, &path);
	return error
	           ? error
	           : replace(without_slash(prefix), without_slash(replacement), path, arena, ret_path);
}

enum error rewrite_path(struct span prefix, struct span replacement, struct span path,
                        struct arena *arena, struct span *ret_path)
{
	struct span wanted;
	struct span made;
	struct span made_normal;

	if (path.size == 0 || path.data[0] != '/') {
		*ret_path = path;
		return OK;
	}

	enum error error = replace_normal(prefix, replacement, path, arena, &wanted);

	if (!error)
		error = replace(without_slash(prefix), without_slash(replacement), path, arena, &made);
	if (!error)
		error = path_normalise(made, arena, &made_normal);
	if (error)
		return error;
	if (!span_equal(made_normal, wanted) || span_starts_with(made, SPAN("//")))
		return ERROR_PATH_AMBIGUOUS;
	*ret_path = made;
	return OK;
}
