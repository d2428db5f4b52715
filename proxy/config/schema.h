/*
 * Tables that say what a document may hold, and the decoder that they drive.
 *
 * One row for each key: its name, kind, where its value goes, its default, its range, and one
 * sentence for people. Decoding, defaults, unknown keys, the words of errors and the reference
 * (config/reference.h) all come from the row.
 *
 * All errors of a document are reported, not only the first; a value that is wrong is left zeroed.
 */
#ifndef SALLYPORT_CONFIG_SCHEMA_H
#define SALLYPORT_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "config/diagnostics.h"
#include "config/document.h"

/* Kinds and the type of the field that they fill. */
enum schema_kind {
	SCHEMA_BOOL,     /* bool */
	SCHEMA_SWITCH,   /* enum config_switch: as bool, or neither */
	SCHEMA_ENUM,     /* an enum; `words` */
	SCHEMA_FLAGS,    /* unsigned; a list of `words`, their values combined with | */
	SCHEMA_INTEGER,  /* uint64_t; decimal, or one of `words` */
	SCHEMA_SIZE,     /* uint64_t; bytes */
	SCHEMA_DURATION, /* uint64_t; milliseconds */
	SCHEMA_NAME,     /* struct config_text; letters, digits, `-`, `_`, `.`, at most 64 */
	SCHEMA_TEXT,     /* struct config_text; one line of at most `max` bytes, not empty */
	SCHEMA_LINES,    /* struct config_text; any lines of at most `max` bytes in all */
	SCHEMA_TEMPLATE, /* struct config_template; one line with variables (config/variable.h) */
	SCHEMA_PATH,     /* struct config_text; made absolute; or one of `words` */
	SCHEMA_HOST,     /* struct config_text; host name or `*.` and a name, in lower case */
	SCHEMA_PREFIX,   /* struct config_text; of a URL's path */
	SCHEMA_LISTEN,   /* struct config_text and struct address; without names; or one of `words` */
	SCHEMA_ADDRESS,  /* struct config_text and struct address */
	SCHEMA_NETWORK,  /* struct config_network */
	SCHEMA_STRUCT,   /* the struct itself; if it is not given, its fields have their defaults */
	SCHEMA_OPTIONAL, /* a pointer to the struct; NULL if it is not given */
	SCHEMA_LIST,     /* a pointer to the first item, and size_t; of `of` or `item` */
	SCHEMA_MAP,      /* the same; keys, of kind `key`, go to name_offset of each item, or to where
	                    `item` says */
	SCHEMA_KIND_COUNT
};

/* A word that stands for a value; the last of a table has no name. */
struct schema_word {
	const char *name;
	unsigned value;
};

struct schema;

struct schema_field {
	const char *name;
	enum schema_kind kind;
	bool required;
	size_t offset;
	size_t beside;        /* offset of the struct address, or of the size_t of a list or map */
	const char *fallback; /* the default as one would write it; NULL: none */
	uint64_t min;         /* numbers: the value; lists and maps: how many items */
	uint64_t max;
	const struct schema_word *words;
	const struct schema *of; /* structs, and lists and maps of them */
	/* Lists and maps of scalars: name "", the value's offset, and in maps beside: the name's. */
	const struct schema_field *item;
	size_t item_size;     /* of `item` */
	enum schema_kind key; /* of maps: SCHEMA_NAME, SCHEMA_HOST */
	const char *sentence; /* what it does */
	const char *example;  /* reference: a value to show where there is no default */
	const char *more;     /* reference: lines to show after the first item */
	bool is_aside;        /* reference: shown with all that is in it, commented out */
	bool shown;           /* reference: not commented out, though it is not required */
	bool identifies;      /* diff: tells an item of a list from the others */
	bool order_counts;    /* diff: of a list of structs */
	bool is_secret;       /* its values are never printed */
	bool needs_restart;   /* a reload does not change it */
};

/* An offset that a struct does not have. */
#define SCHEMA_NOWHERE SIZE_MAX

struct schema {
	size_t size;         /* of the struct */
	size_t place_offset; /* of its struct place, or SCHEMA_NOWHERE */
	size_t name_offset;  /* of its struct config_text with its key, or SCHEMA_NOWHERE */
	const struct schema_field *fields;
	size_t count;
};

/* What the decoder needs besides table and document. */
struct schema_reader {
	struct diagnostics *diagnostics;
	struct arena *arena;   /* texts, lists and structs come from here */
	struct span directory; /* absolute, without a `/` at its end; relative paths begin here */
};

/*
 * Decodes `node` into `object`, which is zeroed. What is wrong is only reported. `node` may be
 * NULL or nothing: all defaults. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error schema_decode(const struct schema *schema, struct schema_reader *reader,
                                    const struct node *node, void *object);

/* Reports an error about a node: `place` in the file, the node's path, and a suggestion unless it
 * is empty. `node` may be NULL. */
void schema_error(struct schema_reader *reader, const struct node *node, struct place place,
                  struct span suggestion, const char *format, ...) PRINTF_LIKE(5, 6);

#endif
