/*
 * The remedy for a client that a decision refuses: the fewest additions to the policy and to the
 * name's certificates that would let this client in, among equals the cheapest; or another of the
 * built-in policies, where that is one change in place of several. And the price.
 *
 * A pure function, like tls_choose(): it tries additions until tls_choose() says DONE. Where all
 * that the library has would not do, there is none, and it tells what the client lacks.
 * Bounded: TLS_REMEDY_TRIES_MAX decisions, whatever the client sends.
 */
#ifndef SALLYPORT_TLS_REMEDY_H
#define SALLYPORT_TLS_REMEDY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "tls/choice.h"

enum {
	TLS_REMEDY_TRIES_MAX = 1000,
	TLS_REMEDY_LIST_MAX = TLS_POLICY_SUITES_MAX + 2, /* a whole list, one more, and the end */
};

/* What is to be added; 0: nothing of that kind. */
struct tls_remedy {
	bool is_possible; /* if not, nothing below is set but `lacking` */
	/* To be used in place of the name's; nothing is to be added to it, and `version` is an older
	 * one that it allows. NULL: the name's own, with the additions. */
	const struct tls_policy *policy;
	unsigned version;
	unsigned suite;
	unsigned group;
	unsigned signature;
	bool has_certificate; /* one with this kind of key */
	enum tls_key_kind kind;
	bool has_retry; /* this client would then need a HelloRetryRequest */
	/* The step for which the client has nothing that the library has. DONE: it has all, so that a
	 * remedy exists, if it was found. */
	enum tls_step lacking;
};

/* For a policy, kinds of certificates and offer of which tls_choose() does not say DONE. */
void tls_remedy_find(const struct tls_policy *policy, unsigned kinds, const struct tls_hello *offer,
                     struct tls_remedy *ret_remedy);

/* "allow x25519, and add an RSA certificate", or what is impossible. Without a full stop. */
void tls_remedy_put(const struct tls_remedy *remedy, struct text *text);
/* "TLS 1.2 is below Mozilla modern 6.0; one more certificate to renew", or "nothing". */
void tls_remedy_put_price(const struct tls_remedy *remedy, struct text *text);

/* The policy with the additions in it, or the other one. Borrows: the lists from itself. */
struct tls_remedied {
	struct tls_policy policy;
	unsigned kinds;
	uint16_t suites[TLS_REMEDY_LIST_MAX];
	uint16_t groups[TLS_REMEDY_LIST_MAX];
	uint16_t signatures[TLS_REMEDY_LIST_MAX];
};

/* `ret_remedied` must stay where it is. */
void tls_remedy_apply(const struct tls_policy *policy, unsigned kinds,
                      const struct tls_remedy *remedy, struct tls_remedied *ret_remedied);

#endif
