/*
 * Chains as they are sent.
 */
#ifndef SALLYPORT_TLS_CHAIN_H
#define SALLYPORT_TLS_CHAIN_H

#include <stdbool.h>

#include "tls/certificate.h"

/* Whether both are the same certificate with the same chain behind it, and so with the same key. */
bool tls_chain_equal(struct tls_certificate *a, struct tls_certificate *b);

#endif
