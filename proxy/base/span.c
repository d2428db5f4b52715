#include "base/span.h"

bool span_equal(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool span_equal_nocase(struct span a, struct span b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	return true;
}

bool span_starts_with(struct span span, struct span prefix)
{
	return span.size >= prefix.size && span_equal(span_cut(span, 0, prefix.size), prefix);
}

bool span_ends_with_nocase(struct span span, struct span suffix)
{
	return span.size >= suffix.size &&
	       span_equal_nocase(span_from(span, span.size - suffix.size), suffix);
}

struct span span_cut(struct span span, size_t from, size_t to)
{
	if (to > span.size)
		to = span.size;
	if (from > to)
		from = to;
	/* No arithmetic on a null pointer: an empty span may have one. */
	return span_of(from > 0 ? span.data + from : span.data, to - from);
}

struct span span_from(struct span span, size_t from)
{
	return span_cut(span, from, span.size);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span span_trim(struct span span)
{
	size_t from = 0;
	size_t to = span.size;

	while (from < to && is_blank(span.data[from]))
		from++;
	while (to > from && is_blank(span.data[to - 1]))
		to--;
	return span_cut(span, from, to);
}

size_t span_find(struct span span, char byte)
{
	const char *found = span.size > 0 ? memchr(span.data, byte, span.size) : NULL;

	return found ? (size_t)(found - span.data) : span.size;
}

bool span_next(struct span *rest, char separator, struct span *ret_element)
{
	if (rest->data == NULL)
		return false;

	size_t at = span_find(*rest, separator);

	*ret_element = span_trim(span_cut(*rest, 0, at));
	*rest = at < rest->size ? span_from(*rest, at + 1) : span_of(NULL, 0);
	return true;
}
