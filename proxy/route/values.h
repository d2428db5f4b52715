/*
 * The values that the variables of config/variable.h have for one request, and texts made with
 * them.
 *
 * A template is expanded once: a value is copied as it is, whatever it looks like. What the values
 * come from has been read strictly, so none holds CR, LF, NUL or another control byte.
 */
#ifndef SALLYPORT_ROUTE_VALUES_H
#define SALLYPORT_ROUTE_VALUES_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "config/config_route.h"
#include "config/variable.h"

/* Borrows: all spans. Without a value: empty. */
struct values {
	struct span of[VARIABLE_COUNT];
};

/* Owner of the text: the arena, or the template if it has no variable. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error values_render(const struct values *values,
                                    const struct config_template *template, struct arena *arena,
                                    struct span *ret_text);

#endif
