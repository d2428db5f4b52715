/*
 * What is wrong with a configuration file, told so that one finds it: all of it, in the order of
 * the file, each with its place, the line, a caret and perhaps a suggestion.
 *
 *     site.yaml:12:16: error: routes[0].cluster: unknown cluster "ap"; did you mean "app"?
 *        12 |       cluster: ap
 *           |                ^~
 *
 * Bytes of the file or of a message that could steer a terminal (control characters, broken UTF-8,
 * changes of the writing direction) are never printed raw.
 *
 * Limits: keeps the first DIAGNOSTICS_MAX, counts the others. Adding never fails: if memory is used
 * up, the diagnostic is counted, so that an error is never taken for none.
 *
 * Owner: the caller, from diagnostics_init() to diagnostics_done(). Threads: one.
 */
#ifndef SALLYPORT_CONFIG_DIAGNOSTICS_H
#define SALLYPORT_CONFIG_DIAGNOSTICS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "base/text.h"

/*
 * Where a value stands in the file. Line and column count from 1, the column in characters (not
 * bytes), as editors do. `length`: characters to underline on that line, at least 1.
 * Line 0: the file as a whole.
 */
struct place {
	unsigned line;
	unsigned column;
	unsigned length;
};

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
	SEVERITY_NOTICE, /* good to know; nothing that should be changed */
	SEVERITY_COUNT
};

enum { DIAGNOSTICS_MAX = 200 };

struct diagnostic {
	enum severity severity;
	struct place place;
	struct span path; /* of keys, such as `routes[0].cluster`; empty: none */
	struct span message;
	struct span suggestion; /* what may have been meant; empty: none */
};

struct diagnostics {
	struct diagnostic *items; /* in the order of the file, once something was printed */
	size_t count;
	size_t capacity;
	size_t errors; /* all, the dropped ones included */
	size_t warnings;
	size_t notices;
	bool without_notices; /* for whoever does not want them: they are dropped at once */
	struct span name;     /* of the file, as the user wrote it */
	struct span source;   /* the file's text; empty: unknown */
	struct arena arena;
};

void diagnostics_init(struct diagnostics *diagnostics);
void diagnostics_done(struct diagnostics *diagnostics);

/* The file that they are about; copies both. config_load() does it. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error diagnostics_open(struct diagnostics *diagnostics, struct span name,
                                       struct span source);

/* Adds an error. `path`: NULL or "" for none. The message is one clause without a full stop. */
void diagnostics_error(struct diagnostics *diagnostics, struct place place, const char *path,
                       const char *format, ...) PRINTF_LIKE(4, 5);
/* Adds a warning, likewise. Warnings do not keep the configuration from being used. */
void diagnostics_warning(struct diagnostics *diagnostics, struct place place, const char *path,
                         const char *format, ...) PRINTF_LIKE(4, 5);
/* Adds a notice, likewise. Not even those who take warnings for errors mind it. */
void diagnostics_notice(struct diagnostics *diagnostics, struct place place, const char *path,
                        const char *format, ...) PRINTF_LIKE(4, 5);
/* As diagnostics_error(), and afterwards `did you mean "…"?`, unless the suggestion is empty. */
void diagnostics_error_suggest(struct diagnostics *diagnostics, struct place place,
                               const char *path, struct span suggestion, const char *format, ...)
	PRINTF_LIKE(5, 6);

/* For people: as above. Nothing at all if there are none. */
void diagnostics_print(struct diagnostics *diagnostics, struct text *out);
/*
 * For programs: one JSON object and a line end.
 *
 *     {"file":…,"errors":1,"warnings":0,"notices":0,"diagnostics":[{"severity":"error","line":12,
 *      "column":16,"length":2,"path":…,"message":…,"suggestion":…}]}
 *
 * `suggestion` is null if there is none; line, column and length are 0 for the file as a whole.
 */
void diagnostics_print_json(struct diagnostics *diagnostics, struct text *out);

#endif
