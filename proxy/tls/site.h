/*
 * What a listener has for each server name: the terms, and the certificates.
 *
 * Found by the exact name, else by the wildcard that stands for its first label (RFC 9525 §6.3):
 * terms and certificates each for itself, so that a name with terms of its own may have its
 * certificate from a wildcard, and the other way round. A name without terms of its own has the
 * listener's.
 *
 * Owner: whoever holds a reference to the tls_sites: the setup, each worker's tls_server, and so
 * each session. Threads: immutable, so shared by all; the counter is atomic.
 */
#ifndef SALLYPORT_TLS_SITE_H
#define SALLYPORT_TLS_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"
#include "tls/certificate.h"
#include "tls/terms.h"

/* Indices of certificates for one name; -1: there is none of that kind. */
struct tls_candidates {
	int ecdsa;
	int rsa;
};

struct tls_site {
	const struct tls_terms *terms; /* Borrows: from the tls_sites */
	struct tls_candidates candidates;
	unsigned kinds; /* of the candidates: bits 1 << TLS_KEY_…, as for tls_choose() */
};

struct tls_sites;

/* Terms of one name: exact or "*.example.com", in its normal form (tls/name.h). */
struct tls_named_terms {
	struct span name;
	struct tls_terms terms;
};

/* All is copied or referenced, but for the policies of the terms, which must outlive the sites. */
struct tls_sites_options {
	/* At least one. If two are for one name and of one kind (RSA, ECDSA), the first is used. */
	struct tls_certificate *const *certificates;
	size_t certificate_count;
	/* Sealed. For names that are not in `names`, and for clients that name no server. */
	const struct tls_terms *terms;
	const struct tls_named_terms *names; /* each name once */
	size_t name_count;
	/* Clients that name no server, or one that no certificate is for, are refused; otherwise they
	 * get the first certificate. */
	bool refuse_unknown_name;
};

/* Holds one reference. ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error tls_sites_new(const struct tls_sites_options *options,
                                    struct tls_sites **ret_sites);
/* One more reference; returns its argument. */
struct tls_sites *tls_sites_ref(struct tls_sites *sites);
/* NULL is allowed. */
void tls_sites_unref(struct tls_sites *sites);

/* For a name in its normal form; empty: the client named none. NULL: it is to be refused. */
const struct tls_site *tls_sites_find(const struct tls_sites *sites, struct span name);

/* The different terms, the listener's own first. A site's `terms` points to one of these. */
const struct tls_terms *tls_sites_terms(const struct tls_sites *sites, size_t *ret_count);

/* What the candidates' indices mean. */
struct tls_certificate *tls_sites_certificate(const struct tls_sites *sites, size_t index);
size_t tls_sites_certificate_count(const struct tls_sites *sites);

#endif
