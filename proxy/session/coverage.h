/*
 * Which hosts one TLS connection may be used for (RFC 9110 §7.4), whatever name it was opened for.
 *
 * A client may send requests for several hosts on one connection if its certificate covers them all
 * ("coalescing"), and that goes on working. But not for a host
 *
 *   - whose terms are others (tls/terms.h): the handshake has checked another policy, or has not
 *     asked for the certificate that this host demands;
 *   - that the connection's certificate does not cover while another one of the listener does: the
 *     client can not have meant this server. A client that named no server has taken whatever it
 *     was shown, and so the certificate does not count;
 *   - that is refused by name in the handshake, too (unknown_server_name).
 *
 * What it was opened with is what there was then; the host is served with what there is now, which
 * is something else once certificates have been renewed.
 */
#ifndef SALLYPORT_SESSION_COVERAGE_H
#define SALLYPORT_SESSION_COVERAGE_H

#include <stdbool.h>

#include "base/span.h"

struct session;

/* `host`: of a request, as given, without its port; empty: none. True on plain connections. */
bool coverage_includes(const struct session *session, struct span host);

/*
 * Whether a handshake for the connection's name would still be asked for the same: not once other
 * CAs or revocation lists have come. Then no request may follow the one that runs, so that what was
 * revoked ends. True on plain connections.
 */
bool coverage_holds(const struct session *session);

#endif
