/*
 * A growing string with a maximum. For words to people: diagnostics, log lines, answers.
 *
 * Adding past the maximum, or when memory is used up, cuts the text there and remembers it in
 * `cut`: callers that write many pieces look once at the end. Always NUL-terminated once something
 * was added.
 *
 * Owner: the text owns its memory, until text_done().
 */
#ifndef SALLYPORT_BASE_TEXT_H
#define SALLYPORT_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

struct text {
	char *data;
	size_t size;
	size_t capacity;
	size_t max;
	bool cut;
};

/* `max`: bytes, without the NUL. Allocates nothing yet. */
void text_init(struct text *text, size_t max);
void text_done(struct text *text);
/* Empties it, keeps its memory. */
void text_clear(struct text *text);
/* Back to `size` bytes, which it must have. */
void text_cut(struct text *text, size_t size);
/* Takes `size` bytes off the front. */
void text_taken(struct text *text, size_t size);

void text_put(struct text *text, struct span bytes);
void text_put_string(struct text *text, const char *string);
void text_put_char(struct text *text, char c);
void text_put_number(struct text *text, uint64_t number);
void text_printf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_vprintf(struct text *text, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
/* As the inside of a JSON string (RFC 8259 §7): control bytes, quotes, and non-UTF-8 escaped. */
void text_put_json(struct text *text, struct span bytes);

/* The content; "" before anything was added. */
const char *text_string(const struct text *text);
struct span text_span(const struct text *text);

#endif
