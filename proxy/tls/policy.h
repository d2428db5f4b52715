/*
 * What is allowed in TLS, and in which order: versions, cipher suites, groups, signature
 * algorithms.
 *
 * The built-in ones are named and dated tables; a dated policy never changes, an undated name means
 * the newest of its kind. Others come from the configuration (setup/policies.h). The built-in ones
 * follow Mozilla's guideline 6.0 ("modern", "intermediate"), but for what the
 * library does not have: see `text`, which `sallyport policies NAME` prints.
 *
 * Owner: nobody of the built-in ones: they are static. All are immutable.
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

/* What every policy lacks, of the guideline or of the user's own. */
#define TLS_POLICY_WITHOUT_MLKEM                                                                  \
	"The guideline's first group, X25519MLKEM768, is not available in Mbed TLS: key exchange is " \
	"not safe from a future quantum computer."

/* Whose order counts where several are possible. The version is always the newest. */
enum tls_order { TLS_ORDER_SERVER, TLS_ORDER_CLIENT, TLS_ORDER_COUNT };

/*
 * Which groups of TLS 1.3 are considered. A client sends key shares for one or two of its groups;
 * any other costs it a HelloRetryRequest, which is a round trip.
 */
enum tls_group_order {
	TLS_GROUPS_OFFERED, /* those with a key share; others only if there is none */
	TLS_GROUPS_STRICT,  /* all that the client lists: the best one, at the price of a round trip */
	TLS_GROUPS_COUNT
};

struct tls_policy {
	const char *name;     /* with its date, if it is built in */
	const char *alias;    /* without; NULL: there is a newer one of its kind, or it has no date */
	const char *based_on; /* of the user's own: the policy that the rest comes from; else NULL */
	const char *summary;
	const char *text;
	unsigned version_min;
	unsigned version_max;
	/* IANA's numbers, the best first, 0 at the end. */
	const uint16_t *suites; /* of both versions */
	const uint16_t *groups;
	const uint16_t *signatures;
	enum tls_order order;
	enum tls_group_order group_order;
	/* Before all other suites, if it is the first of the client's that are allowed: such a client
	 * has no hardware for AES. */
	bool prefer_chacha_if_client_does;
	bool tickets; /* sessions under it may be resumed, if the listener has tickets at all */
};

/* The built-in one of this name, with or without its date; NULL: there is none. */
const struct tls_policy *tls_policy_find(struct span name);
/* "intermediate" */
const struct tls_policy *tls_policy_default(void);
/* All built-in ones, one by one; NULL at the end. */
const struct tls_policy *tls_policy_at(size_t index);

#endif
