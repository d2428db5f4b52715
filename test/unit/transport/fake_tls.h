/*
 * A TLS session that any test can speak: `H` is its hello, which it answers with `S`, and `T` one
 * that it answers with a ticket, `t`; then come records, `r`, a byte of length and that many bytes
 * in upper case for lower; `c` is close_notify, `!` an alert (answered with `a`). It keeps the
 * rules of tls/session.h on what may block and what moves.
 */
#ifndef SALLYPORT_TEST_TRANSPORT_FAKE_TLS_H
#define SALLYPORT_TEST_TRANSPORT_FAKE_TLS_H

#include "tls/session.h"

struct tls_session *fake_tls_new(void);
/* Sessions that were not freed yet. */
unsigned fake_tls_count(void);
/* How often its next records were to be small. */
unsigned fake_tls_small_begins(const struct tls_session *session);

#endif
