/*
 * Why a TLS session failed, in one sentence for the operator.
 *
 * No agreement: see tls/explain.h. An alert that came: its name, its meaning, where it most likely
 * comes from, and the certificate that the client was shown if it speaks of that. An end without
 * words: how far the handshake was. Otherwise what the library says. The client learns no more than
 * the alert.
 *
 * Owner: nobody.
 */
#ifndef SALLYPORT_TLS_FAILURE_H
#define SALLYPORT_TLS_FAILURE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "tls/handshake.h"
#include "tls/session.h"

/* What is to be explained. Borrows: all. */
struct tls_failure {
	enum error error;
	int code; /* the library's number; 0: none */
	const struct tls_facts *facts;
	const struct tls_handshake *handshake; /* NULL: it had not begun, or was over */
	const char *words; /* why it was refused before the library; NULL: it was not */
	bool has_begun;    /* the library has begun to work */
	bool has_bytes;    /* something had come from the client */
};

/* Adds nothing if there is no error. Without a full stop. */
void tls_failure_explain(const struct tls_failure *failure, struct text *text);
/* Where nothing was in common: "; to let it in: …; its price: …" (tls/remedy.h). It is looked for
 * by trying, so only for what is told. Nothing for other failures. */
void tls_failure_explain_remedy(const struct tls_failure *failure, struct text *text);

#endif
