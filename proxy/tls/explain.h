/*
 * Why a TLS session failed, in one sentence for the operator.
 *
 * For a handshake in which tls_choose() found nothing in common: the step, what the client offers
 * there, what the policy allows, and what would let it in. Otherwise what the library says. The
 * client learns no more than the alert.
 *
 * Owner: nobody.
 */
#ifndef SALLYPORT_TLS_EXPLAIN_H
#define SALLYPORT_TLS_EXPLAIN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "tls/choice.h"
#include "tls/handshake.h"
#include "tls/session.h"

/* What is to be explained. Borrows: all. */
struct tls_failure {
	enum error error;
	int code; /* the library's number; 0: none */
	const struct tls_facts *facts;
	const struct tls_handshake *handshake; /* NULL: it had not begun, or was over */
	bool has_begun;                        /* the library has begun to work */
	bool has_bytes;                        /* something had come from the client */
};

/* Adds nothing if there is no error. Without a full stop. */
void tls_explain(const struct tls_failure *failure, struct text *text);

/* The part about a decision that is not DONE; begins with the reason code. */
void tls_explain_decision(const struct tls_policy *policy, unsigned kinds,
                          const struct tls_hello *offer, const struct tls_decision *decision,
                          struct text *text);

#endif
