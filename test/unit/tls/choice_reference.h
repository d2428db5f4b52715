/*
 * What tls_choose() must decide, written another way: slow, by elimination, with the rules one by
 * one. And ClientHellos made of lists, for those who compare the two.
 */
#ifndef SALLYPORT_TEST_TLS_CHOICE_REFERENCE_H
#define SALLYPORT_TEST_TLS_CHOICE_REFERENCE_H

#include "tls/choice.h"

struct tls_decision reference_choose(const struct tls_policy *policy, unsigned kinds,
                                     const struct tls_hello *offer);

/* Equal in all that counts: what comes after a step that failed does not. */
bool decisions_are_equal(const struct tls_decision *a, const struct tls_decision *b);

#endif
