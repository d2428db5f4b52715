/*
 * The outlook for a ClientHello, without a connection: step by step what a listener would negotiate
 * with it, and why, or at which step and why not.
 *
 * It looks the name up as a tls_server does, and decides by the same tls_choose(). A pure function
 * of its arguments: `sallyport explain` shows what it finds.
 *
 * It tells what happens as far as it follows from the ClientHello: not whether the client will
 * trust our certificate, nor what is wrong with the client's own.
 */
#ifndef SALLYPORT_TLS_OUTLOOK_H
#define SALLYPORT_TLS_OUTLOOK_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "tls/choice.h"
#include "tls/fault.h"
#include "tls/hello.h"
#include "tls/name.h"
#include "tls/remedy.h"
#include "tls/site.h"

/* In the order in which they are shown; the first is what the client sent. */
enum tls_outlook_step {
	TLS_OUTLOOK_HELLO,
	TLS_OUTLOOK_NAME, /* the terms and the certificates for it */
	TLS_OUTLOOK_VERSION,
	TLS_OUTLOOK_SUITE,
	TLS_OUTLOOK_KEY_EXCHANGE,
	TLS_OUTLOOK_CERTIFICATE,
	TLS_OUTLOOK_PROTOCOL, /* ALPN */
	TLS_OUTLOOK_CLIENT_CERTIFICATE,
	TLS_OUTLOOK_FINISHED,
	TLS_OUTLOOK_STEP_COUNT
};

/* Borrows: the sites and the hello, which is NULL if it breaks a rule. */
struct tls_outlook {
	const struct tls_sites *sites;
	const struct tls_hello *hello;
	char name[TLS_NAME_SIZE_MAX]; /* what was looked up */
	size_t name_size;             /* 0: none */
	bool has_tickets;             /* of the listener */
	const struct tls_site *site;  /* NULL: the name is refused */
	enum error error;             /* OK: it would succeed */
	enum tls_outlook_step failed; /* only with an error */
	struct tls_fault fault;       /* only if it failed at the ClientHello */
	struct tls_decision decision; /* as far as it came */
	int certificate;              /* its index in the sites; -1: it did not come so far */
	struct span protocol;         /* ALPN; empty: none */
	struct tls_remedy remedy;     /* only if the decision is not DONE */
};

/* `name`: in its normal form, in place of the one in the hello; NULL: that one. `has_tickets`: the
 * listener has tickets. */
void tls_outlook(const struct tls_sites *sites, bool has_tickets, const struct tls_hello *hello,
                 const struct span *name, struct tls_outlook *ret_outlook);

/* For a ClientHello that is refused unread, since it breaks a rule of the protocol. */
void tls_outlook_malformed(const struct tls_sites *sites, const struct tls_fault *fault,
                           struct tls_outlook *ret_outlook);

/* "ClientHello", "cipher suite" … */
const char *tls_outlook_step_name(enum tls_outlook_step step);
/* What happens in a step, and why, without a full stop; nothing if it is not reached. */
void tls_outlook_put_step(const struct tls_outlook *outlook, enum tls_outlook_step step,
                          struct text *text);
/* Only with an error: why, what change of ours would let the client in, and its price, which may be
 * no text. Without full stops. */
void tls_outlook_put_reason(const struct tls_outlook *outlook, struct text *text);
void tls_outlook_put_fix(const struct tls_outlook *outlook, struct text *text);
void tls_outlook_put_price(const struct tls_outlook *outlook, struct text *text);

#endif
