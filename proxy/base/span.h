/*
 * A run of bytes that somebody else owns. Not NUL-terminated; may hold any byte.
 *
 * Borrows: the memory. A span is valid only as long as what it was cut from.
 * All comparisons that ignore case do so for ASCII letters only (RFC 9110 §5.1, RFC 4343).
 */
#ifndef SALLYPORT_BASE_SPAN_H
#define SALLYPORT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *data;
	size_t size;
};

/* A span of a string literal. */
#define SPAN(literal) ((struct span){.data = "" literal, .size = sizeof(literal) - 1})
/* The same in the initialiser of a static table, where C11 does not take the above as constant. */
#define SPAN_INIT(literal)                              \
	{                                                   \
		.data = "" literal, .size = sizeof(literal) - 1 \
	}

static inline struct span span_of(const char *data, size_t size)
{
	return (struct span){.data = data, .size = size};
}

/* A span of a NUL-terminated string, without its NUL. NULL gives the empty span. */
static inline struct span span_of_string(const char *string)
{
	return (struct span){.data = string, .size = string ? strlen(string) : 0};
}

static inline bool span_is_empty(struct span span)
{
	return span.size == 0;
}

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool span_equal(struct span a, struct span b);
bool span_equal_nocase(struct span a, struct span b);
bool span_starts_with(struct span span, struct span prefix);
bool span_ends_with_nocase(struct span span, struct span suffix);

/* The bytes from `from` (inclusive) to `to` (exclusive); both are cut down to the size. */
struct span span_cut(struct span span, size_t from, size_t to);
/* The bytes from `from` on. */
struct span span_from(struct span span, size_t from);
/* Without the spaces and tabs (OWS, RFC 9110 §5.6.3) at both ends. */
struct span span_trim(struct span span);

/* Index of the first `byte`, or span.size if there is none. */
size_t span_find(struct span span, char byte);

/*
 * Takes the next element of a list separated by `separator`, without OWS around it, off the front
 * of `rest`. Returns false at the end. Empty elements are returned as empty spans.
 */
bool span_next(struct span *rest, char separator, struct span *ret_element);

#endif
