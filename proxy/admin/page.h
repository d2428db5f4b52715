/*
 * The pages of the admin interface, and what happens between a request for one and its answer.
 *
 * A page is a row of a table: a method, a path, and a function. The function is called on the
 * service's loop with an ask, and must see to it that the ask is answered exactly once: before it
 * returns or later, whether or not the client is still there.
 *
 * An answer made of a tree is JSON, or text for people if the request says `?format=text`, or
 * `Accept: text/plain` and neither application/json nor `*` before it.
 */
#ifndef SALLYPORT_ADMIN_PAGE_H
#define SALLYPORT_ADMIN_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "admin/tree.h"
#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "http/message.h"

enum { ADMIN_ARGUMENTS_MAX = 2, ADMIN_ANSWER_MAX = 16 << 20 /* bytes */ };

/* One request. Owner: its connection. All of it may be used until it is answered. */
struct admin_ask {
	void *owner; /* as given to the service */
	const struct message *request;
	struct span body;
	struct span arguments[ADMIN_ARGUMENTS_MAX]; /* what stands for the `*` of the page's path */
	bool wants_text;
	const struct admin_page *pages; /* all of them */
	size_t page_count;
};

struct admin_page {
	enum method method; /* GET answers HEAD, too; what changes something is POST */
	const char *path;   /* `*` is one segment, decoded: `/clusters/` `*` `/drain` */
	void (*answer)(struct admin_ask *ask);
	const char *sentence; /* for the list of pages */
};

/* A tree that an answer can be made of. Owner: the caller. */
void admin_begin(struct tree *tree);
/* Answers with it, then frees it. */
void admin_answer_tree(struct admin_ask *ask, int status, struct tree *tree);
/* Answers with text. Owner of its memory: the ask from now on. */
void admin_answer_text(struct admin_ask *ask, int status, const char *content_type,
                       struct text *content);
/* Answers with {"error": the reason code, "message": words}; `status`: 0: the error's own. */
void admin_answer_error(struct admin_ask *ask, int status, enum error error, const char *format,
                        ...) PRINTF_LIKE(4, 5);

/* The value of a parameter of the query, as it stands there; empty: it is not there. */
struct span admin_parameter(const struct admin_ask *ask, const char *name);
/* Whether the client would rather have this type than JSON: its Accept names it first. */
bool admin_accepts(const struct message *request, struct span type);

/* The page for a path, and its arguments in the arena. NULL: there is none, or no memory;
 * *ret_other: there is one, but with another method; else NULL. */
const struct admin_page *admin_find_page(struct admin_ask *ask, struct arena *arena,
                                         const struct admin_page **ret_other);
/* GET / : the list of pages. */
void admin_answer_index(struct admin_ask *ask);

#endif
