/*
 * Variables of the environment in the values of a document: `${NAME}`, `${NAME:-default}` (used if
 * NAME is not set or empty, as in a shell), and `$$` for one `$`.
 *
 * Each value is expanded exactly once: neither a variable's value nor a default is looked through
 * again. Keys are never expanded. A name is a letter or `_`, then letters, digits and `_`.
 *
 * If NAME is not set, or empty, and NAME_FILE is set, the value is what the file of that path
 * holds, without a line end at its end: that is how containers hand secrets over. Both at once are
 * an error, for nobody could tell which one counts. Without a folder in front the path begins
 * where the program was started, not where the document is.
 *
 * Such files are noted in `document->files`: whoever confines the process must let it read them
 * again.
 *
 * A name with a dot in it, as in `${client.address}`, is no variable of the environment but one of
 * each request. It is taken out of the text and noted at the node, with the place where its value
 * goes; so what a variable of the environment holds can never become one.
 *
 * Limits: a variable's value, from a file too, has at most EXPAND_VALUE_MAX bytes, of UTF-8 and
 * without control characters; an expanded value at most as many.
 */
#ifndef SALLYPORT_CONFIG_EXPAND_H
#define SALLYPORT_CONFIG_EXPAND_H

#include "base/error.h"
#include "config/document.h"

enum { EXPAND_VALUE_MAX = 16 << 10 };

/*
 * Expands all scalars of the document in place. `lookup` returns the value of a variable or NULL:
 * getenv(3) in the program, a table in tests. What can not be expanded is reported with its exact
 * place, and its node becomes NODE_BROKEN. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error expand_document(struct document *document, char *(*lookup)(const char *name),
                                      struct diagnostics *diagnostics);

#endif
