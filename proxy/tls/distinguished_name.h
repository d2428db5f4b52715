/*
 * Names in certificates as text: a distinguished name in the form of RFC 4514, and the alternative
 * names of a subject.
 *
 * Both are for fields of HTTP and for logs: printable ASCII only, all else escaped as `\xx`
 * (RFC 4514 §2.4), so that no value can be mistaken for two, or end a line.
 */
#ifndef SALLYPORT_TLS_DISTINGUISHED_NAME_H
#define SALLYPORT_TLS_DISTINGUISHED_NAME_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

struct mbedtls_x509_crt;

/*
 * Adds the Name (RFC 5280 §4.1.2.4) that `der` holds: the last part first, `CN=a\, b,O=Example`.
 * Types without a short name stand as numbers, and values that are no text as `#` and their DER in
 * hexadecimal digits. What can not be read is left out.
 */
void tls_distinguished_name_put(struct text *text, struct span der);

/*
 * Adds the alternative names of these kinds, in their order: `DNS:a.example.com,email:b@c.org,
 * URI:spiffe://d/e,IP:192.0.2.1`, without spaces. Other kinds are left out. False, and what was
 * added is of no use: one of them holds a NUL, by which readers could be made to see another name
 * (RFC 5280 §4.2.1.6: IA5String, and no control bytes in a host name).
 */
MUST_CHECK bool tls_alternative_names_put(struct text *text, const struct mbedtls_x509_crt *crt);

#endif
