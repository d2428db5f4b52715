/*
 * What tls_choose() must decide, written another way: slow, by elimination, with the rules one by
 * one. And policies of any content, for those who compare the two.
 */
#ifndef SALLYPORT_TEST_TLS_CHOICE_REFERENCE_H
#define SALLYPORT_TEST_TLS_CHOICE_REFERENCE_H

#include "tls/choice.h"

struct tls_decision reference_choose(const struct tls_policy *policy, unsigned kinds,
                                     const struct tls_hello *offer);

/* A policy of any content, the same for the same seed. It may not allow anything. */
struct any_policy {
	struct tls_policy policy;
	uint16_t suites[TLS_POLICY_SUITES_MAX + 1];
	uint16_t groups[TLS_POLICY_GROUPS_MAX + 1];
	uint16_t signatures[TLS_POLICY_SIGNATURES_MAX + 1];
};

void make_any_policy(uint64_t seed, struct any_policy *ret_policy);

/* Equal in all that counts: what comes after a step that failed does not. */
bool decisions_are_equal(const struct tls_decision *a, const struct tls_decision *b);

#endif
