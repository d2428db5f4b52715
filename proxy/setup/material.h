/*
 * What TLS needs of files that are renewed while the proxy runs: certificates, each with its key,
 * and bundles of client CAs, each with its revocation lists. Each is there once, however many
 * listeners and names it is for.
 *
 * Owner: the setup of those that it was loaded with, the server's renewal of those of now.
 * Borrows: paths, from the configuration. Threads: one at a time; what the items refer to is
 * immutable and shared by all.
 */
#ifndef SALLYPORT_SETUP_MATERIAL_H
#define SALLYPORT_SETUP_MATERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "setup/file.h"
#include "tls/certificate.h"
#include "tls/client_ca.h"

enum { MATERIAL_FILES = 2, MATERIAL_LISTENERS_MAX = 64 };

enum material_kind {
	MATERIAL_CERTIFICATE, /* of a chain and its key */
	MATERIAL_CLIENT_CA,   /* of CAs and their revocation lists */
};

struct material {
	enum material_kind kind;
	const char *paths[MATERIAL_FILES]; /* the second is NULL if there are no revocation lists */
	unsigned depth;                    /* of client CAs */
	/* Of the files, from before they were read. */
	struct file_mark marks[MATERIAL_FILES];
	/* One of the two; a reference. Both NULL: not read yet. */
	struct tls_certificate *certificate;
	struct tls_client_ca *client_ca;
	uint64_t listeners;         /* that it is for: bits 1 << index */
	uint64_t expiry_warning_ms; /* how long before its end one wants to know */
};

/* What is wrong with each of the files, and what one should know if nothing is. */
struct material_words {
	struct text faults[MATERIAL_FILES]; /* with the path; empty: nothing */
	struct text warning;                /* without */
};

void material_words_init(struct material_words *words);
void material_words_done(struct material_words *words);

/*
 * Reads and checks the files that the paths name, and notes their marks; the reference in it is the
 * caller's. On any thread. ERROR_INVALID: see `words`; ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL. On
 * failure only the marks are set.
 */
MUST_CHECK enum error material_read(struct material *material, struct material_words *words);
/* Lets go of what it refers to. */
void material_done(struct material *material);
/* Whether they are made of the same certificates and lists. */
bool material_equal(const struct material *a, const struct material *b);

/* A set of them, in the order in which they were added. Zeroed: none. */
struct materials {
	struct material *items;
	size_t count;
	size_t capacity;
	size_t *slots; /* a hash table: index + 1, 0: free */
	size_t slot_count;
};

void materials_done(struct materials *materials);
/* `ret_copy` has references of its own. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error materials_copy(const struct materials *materials, struct materials *ret_copy);
/* The one with this kind, these paths and this depth; NULL: there is none. Valid until the next is
 * added. */
struct material *materials_find(const struct materials *materials, const struct material *wanted);
/* Takes over the references. It must not be there yet. ERROR_OUT_OF_MEMORY: they stay the
 * caller's. */
MUST_CHECK enum error materials_add(struct materials *materials, const struct material *material);

#endif
