/*
 * What a listener allows in TLS, and in which order: versions, cipher suites, groups, signature
 * algorithms. Named and dated tables; a dated policy never changes, an undated name means the
 * newest of its kind.
 *
 * The built-in ones follow Mozilla's guideline 6.0 ("modern", "intermediate"), but for what the
 * library does not have: see `text`, which `sallyport policies NAME` prints.
 *
 * Owner: nobody; all is static and immutable.
 */
#ifndef SALLYPORT_TLS_POLICY_H
#define SALLYPORT_TLS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum { TLS_VERSION_1_2 = 0x0303, TLS_VERSION_1_3 = 0x0304 };

enum {
	TLS_POLICY_SUITES_MAX = 15,
	TLS_POLICY_GROUPS_MAX = 7,
	TLS_POLICY_SIGNATURES_MAX = 15,
};

/* Whose order counts where several are possible. The version is always the newest. */
enum tls_order { TLS_ORDER_SERVER, TLS_ORDER_CLIENT, TLS_ORDER_COUNT };

struct tls_policy {
	const char *name;  /* with its date */
	const char *alias; /* without; NULL: there is a newer one of its kind */
	const char *summary;
	const char *text;
	unsigned version_min;
	unsigned version_max;
	/* IANA's numbers, the best first, 0 at the end. */
	const uint16_t *suites; /* of both versions */
	const uint16_t *groups;
	const uint16_t *signatures;
	enum tls_order order;
	/* Before all other suites, if it is the first of the client's that are allowed: such a client
	 * has no hardware for AES. */
	bool prefer_chacha_if_client_does;
};

/* By its name with or without a date; NULL: there is none. */
const struct tls_policy *tls_policy_find(struct span name);
/* "intermediate" */
const struct tls_policy *tls_policy_default(void);
/* All of them, one by one; NULL at the end. */
const struct tls_policy *tls_policy_at(size_t index);

#endif
