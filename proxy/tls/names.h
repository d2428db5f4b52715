/*
 * A hash table from server names, exact ("www.example.com") or wildcard ("*.example.com"), to what
 * there is for them.
 *
 * Owner: a tls_sites. Borrows: the patterns. Threads: immutable once filled.
 */
#ifndef SALLYPORT_TLS_NAMES_H
#define SALLYPORT_TLS_NAMES_H

#include <stddef.h>

#include "base/error.h"
#include "base/span.h"
#include "tls/site.h"

struct tls_names {
	struct tls_name_slot {
		struct span pattern; /* empty: a free slot */
		struct tls_site site;
	} * slots;
	size_t slot_count; /* a power of two, at least twice the patterns */
};

/* Makes room for `pattern_count` patterns. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error tls_names_init(struct tls_names *names, size_t pattern_count);
void tls_names_done(struct tls_names *names);

/* What there is for a pattern in its normal form (tls/name.h): new ones have nothing. */
struct tls_site *tls_names_add(struct tls_names *names, struct span pattern);

/* For a name in its normal form: that of the exact name, else of its wildcard; or NULL. */
const struct tls_site *tls_names_find(const struct tls_names *names, struct span name);
/* That of the wildcard for the name; or NULL. */
const struct tls_site *tls_names_find_wildcard(const struct tls_names *names, struct span name);

#endif
