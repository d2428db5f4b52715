/*
 * The policy engine: what a handshake shall agree on, from the policy, the kinds of certificates
 * that there are for the name, and the ClientHello; or the first step that finds nothing.
 *
 * A pure function of its arguments: nothing is allocated, nothing is kept. Steps in this order:
 *
 *   version    the newest that both have
 *   suite      the policy's first that the client has; in TLS 1.2 a suite also says which kind of
 *              certificate signs, so that one counts only if there is a certificate of that kind
 *              and the client can verify it
 *   group      the policy's first for which the client sends a key share; without any such share,
 *              or under TLS_GROUPS_STRICT, the policy's first that the client has. Without a share
 *              for it, it costs a HelloRetryRequest. For a client that sends 0-RTT data a group
 *              without a key share comes first, since it then can be skipped (RFC 8446 §4.2.10)
 *   signature  the policy's first that the client has and a certificate can make, and with it the
 *              kind of certificate
 *
 * Under TLS_ORDER_CLIENT it is the client's first, in place of the policy's. What the policy does
 * not list is not looked at, GREASE (RFC 8701) included.
 *
 * It decides what the library is told to do (tls/prebuilt.h); the library then reads the same bytes
 * and does it, or ends the handshake. Nothing can be agreed on here that the policy does not list.
 */
#ifndef SALLYPORT_TLS_CHOICE_H
#define SALLYPORT_TLS_CHOICE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"
#include "tls/certificate.h"
#include "tls/hello.h"
#include "tls/policy.h"

/* The library looks at no more of a TLS 1.3 client's signature algorithms. */
enum { TLS_CHOICE_SIGNATURES_MAX = 19 };

enum tls_step {
	TLS_STEP_VERSION,
	TLS_STEP_SUITE,
	TLS_STEP_GROUP,
	TLS_STEP_SIGNATURE,
	TLS_STEP_DONE, /* nothing is missing */
	TLS_STEP_COUNT
};

/* What a step that fails lacks. */
enum tls_lack {
	TLS_LACK_NOTHING,
	TLS_LACK_COMMON,      /* client and policy have nothing in common */
	TLS_LACK_CERTIFICATE, /* they have, but there is no certificate for it */
	TLS_LACK_CURVE,       /* TLS 1.2: the client does not list the curve of the certificate's key */
	TLS_LACK_COUNT
};

struct tls_decision {
	enum tls_step step; /* the first that fails, or DONE */
	enum tls_lack lack;
	unsigned version; /* IANA's numbers; 0: not reached */
	unsigned suite;
	unsigned group;
	bool has_retry; /* the group costs a HelloRetryRequest */
	unsigned signature;
	enum tls_key_kind kind; /* of the certificate; only if DONE */
};

/* `kinds`: the bits 1 << TLS_KEY_… of the certificates for the name. */
void tls_choose(const struct tls_policy *policy, unsigned kinds, const struct tls_hello *offer,
                struct tls_decision *ret_decision);

/* The error of a handshake that has nothing in common at this step; OK for DONE. */
enum error tls_step_error(enum tls_step step);

/* The kinds of keys, as bits, that can make this signature in that version; 0: none of ours. */
unsigned tls_signature_kinds(unsigned version, unsigned signature);
/* The kinds of keys, as bits, that can authenticate this suite; 0: not one of ours. */
unsigned tls_suite_kinds(unsigned suite);
/* TLS_VERSION_1_3 or TLS_VERSION_1_2. */
unsigned tls_suite_version(unsigned suite);
/* Whether the client has this version. */
bool tls_offers_version(const struct tls_hello *offer, unsigned version);

#endif
