/*
 * One YAML file as a tree of nodes, each of which knows its place.
 *
 * It takes the plain part of YAML 1.1: maps, lists and scalars of one document. Refused, each with
 * its place: tags, anchors, aliases (so there are no alias bombs), merge keys, directives, a second
 * document, keys that are not scalars, keys given twice, control characters, all that is not UTF-8.
 * Scalars stay text; what they mean is decided by the schema.
 *
 * Limits: the DOCUMENT_… constants; the scanner's own memory is proportional to the file.
 *
 * Owner: document_done() frees all nodes. Their text is in the document's arena.
 */
#ifndef SALLYPORT_CONFIG_DOCUMENT_H
#define SALLYPORT_CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "config/diagnostics.h"

enum {
	DOCUMENT_SIZE_MAX = 1 << 20, /* bytes of the file */
	DOCUMENT_DEPTH_MAX = 32,     /* lists and maps inside each other */
	DOCUMENT_NODES_MAX = 100000,
	DOCUMENT_KEYS_MAX = 4096, /* of one map */
};

enum node_kind {
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
	NODE_BROKEN, /* already complained about: skip it in silence */
	NODE_KIND_COUNT
};

/* A `${client.address}` in a scalar: known only with each request (config/variable.h). */
struct node_variable {
	struct node_variable *next; /* in the order of the text */
	struct span name;
	size_t at; /* its value goes before this byte of the node's expanded text */
	struct place place;
};

struct node {
	enum node_kind kind;
	bool refused;        /* its key was complained about; it ends up as NODE_BROKEN */
	bool quoted;         /* a scalar in quotes or of a block: empty is not "nothing" */
	struct place place;  /* of the value */
	struct span text;    /* of a scalar, NUL-terminated in memory */
	struct span source;  /* of a scalar: as it stands in the file, for places inside it */
	struct node *parent; /* NULL: the root */
	struct node *first;  /* children of a list or map, in order */
	struct node *last;
	struct node *next; /* sibling */
	size_t count;      /* children */
	size_t index;      /* among the siblings, from 0 */
	struct span key;   /* in a map; else data == NULL */
	struct place key_place;
	struct node_variable *variables; /* of a scalar; config/expand.h finds them */
};

/* A file whose content has become part of a scalar (config/expand.h). */
struct document_file {
	struct document_file *next; /* in the order of the text */
	struct span path;
	struct place place; /* of what stands for its content */
};

struct document {
	struct node *root;  /* NULL until read */
	struct span source; /* Borrows: the file's text, UTF-8, without BOM */
	size_t nodes;
	struct document_file *files;
	size_t file_count;
	struct arena arena;
};

void document_init(struct document *document);
void document_done(struct document *document);

/*
 * Reads `source`, which must outlive the document. ERROR_CONFIG: the text can not be understood and
 * there is no root. Complaints about single nodes make them NODE_BROKEN, are counted in
 * diagnostics->errors, and the result is OK. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error document_read(struct document *document, struct span source,
                                    struct diagnostics *diagnostics);

/* The child of a map under this key, or NULL. */
struct node *node_child(const struct node *map, struct span key);
/* True for a plain scalar that is empty, `~` or `null`. */
bool node_is_nothing(const struct node *node);
/* Where a reader would look for this node: its key if it has one, else itself. */
struct place node_place(const struct node *node);
/* Adds `routes[0].cluster`; nothing for the root. */
void node_put_path(const struct node *node, struct text *out);
/* The next node after `node` in the order of the file (children first), or NULL. */
struct node *node_after(struct node *node);
/* The place of the byte at `offset` of node->source, `length` characters long. */
struct place node_place_inside(const struct node *node, size_t offset, unsigned length);

/* Version of libyaml at run time. */
const char *document_library_version(void);

#endif
