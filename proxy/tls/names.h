/*
 * Which certificates serve which name: a hash table from patterns ("www.example.com",
 * "*.example.com") to the first certificate of each kind.
 *
 * Owner: a tls_server. Borrows: the patterns, from the certificates. Threads: immutable once
 * filled.
 */
#ifndef SALLYPORT_TLS_NAMES_H
#define SALLYPORT_TLS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

/* Indices of certificates for one name; -1: there is none of that kind. */
struct tls_candidates {
	int ecdsa;
	int rsa;
};

struct tls_names {
	struct tls_name_slot {
		struct span pattern; /* empty: a free slot */
		struct tls_candidates choice;
	} * slots;
	size_t slot_count; /* a power of two, at least twice the patterns */
};

/* Makes room for `pattern_count` patterns. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error tls_names_init(struct tls_names *names, size_t pattern_count);
void tls_names_done(struct tls_names *names);

/* Adds a certificate for a pattern in its normal form (tls/name.h). The first of a kind stays. */
void tls_names_add(struct tls_names *names, struct span pattern, bool is_ecdsa, int certificate);

/* The candidates for a name in its normal form: that of the exact name, else of the wildcard. */
const struct tls_candidates *tls_names_find(const struct tls_names *names, struct span name);

#endif
