/*
 * The certificate that a client was shown, in words: for the log line of a client that rejected it.
 *
 * Owner: nobody.
 */
#ifndef SALLYPORT_TLS_PRESENTED_H
#define SALLYPORT_TLS_PRESENTED_H

#include <stdint.h>

#include "base/text.h"
#include "tls/certificate.h"

enum { TLS_PRESENTED_NAMES_MAX = 3 }; /* that are told by name */

/*
 * "the certificate that it was shown is for a.example, issued by "An Issuer", valid until
 * 2027-01-31, with 1 intermediate certificate up to the issuer "A Root"". Then what may be wrong
 * with it: not valid at `now_s` (seconds since 1970), self-signed, an intermediate one seems to be
 * missing, or it is not for `server_name` (empty: none was asked for).
 */
void tls_presented_put(struct tls_certificate *certificate, struct span server_name, int64_t now_s,
                       struct text *text);

#endif
