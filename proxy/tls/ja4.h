/*
 * JA4: a short name for the kind of client that sent a ClientHello, after FoxIO's definition of JA4
 * for TLS over TCP.
 *
 *     t13d1516h2_8daaf6152771_e5627efa2ab1
 *     │ │ │ │ │  │            └ SHA-256, 12 digits, of the extensions in numerical order (without
 *     │ │ │ │ │  │              server_name and ALPN) and the signature algorithms as sent
 *     │ │ │ │ │  └ SHA-256, 12 digits, of the cipher suites in numerical order
 *     │ │ │ │ └ first and last character of the first protocol of ALPN; 00: none
 *     │ │ │ └ how many extensions; at most 99
 *     │ │ └ how many cipher suites; at most 99
 *     │ └ d: a server is named, i: not
 *     └ t: TCP; the newest version offered
 *
 * GREASE (RFC 8701) does not count. It names a kind of software, not a person, and anybody can
 * imitate it: good for statistics, not for trust.
 */
#ifndef SALLYPORT_TLS_JA4_H
#define SALLYPORT_TLS_JA4_H

#include "base/error.h"
#include "tls/hello.h"

enum { TLS_JA4_SIZE = sizeof("t13d1516h2_8daaf6152771_e5627efa2ab1") };

/* NUL-terminated. Needs tls_library_open(). ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL. */
MUST_CHECK enum error tls_ja4(const struct tls_hello *hello, char ret_ja4[TLS_JA4_SIZE]);

#endif
