/*
 * The first rule that a ClientHello breaks, with the alert that is due for it.
 *
 * Mbed TLS takes some ClientHellos that it must not (an extension twice, bytes after the end), and
 * tells of others in words that help nobody. What is found here is refused before the library
 * sees it; whatever is not looked at here stays the library's to judge. So a hello is never let in
 * by this, only kept out.
 *
 * Owner: nobody; a pure function of the bytes.
 */
#ifndef SALLYPORT_TLS_FAULT_H
#define SALLYPORT_TLS_FAULT_H

#include <stdbool.h>

#include "base/check.h"
#include "base/span.h"

struct tls_fault {
	int alert;         /* RFC 8446 §6.2 */
	const char *words; /* "the list of cipher suites is empty"; static */
};

/* `message`: whole, with its header, without record headers. False: no fault was found. */
MUST_CHECK bool tls_fault_find(struct span message, struct tls_fault *ret_fault);

#endif
