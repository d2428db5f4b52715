/*
 * Why a decision of tls_choose() is not DONE, in one sentence for the operator: the step, what the
 * client offers there, what the policy allows, and what would let it in. The client learns no more
 * than the alert. All other failures: tls/failure.h.
 *
 * Owner: nobody.
 */
#ifndef SALLYPORT_TLS_EXPLAIN_H
#define SALLYPORT_TLS_EXPLAIN_H

#include "base/text.h"
#include "tls/choice.h"

/* Adds it, without a full stop; it begins with the reason code. Nothing if the decision is DONE. */
void tls_explain_decision(const struct tls_policy *policy, unsigned kinds,
                          const struct tls_hello *offer, const struct tls_decision *decision,
                          struct text *text);

#endif
