/*
 * The header of the PROXY protocol, versions 1 and 2: what a balancer says first on a connection
 * that it has taken from somebody else (the public specification of HAProxy,
 * https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
 *
 * Read strictly, and refused at the first byte that is out of place. Version 1 is a line of at most
 * 107 bytes. Version 2 has a fixed part of 16 bytes that tells how many follow: the addresses, then
 * type-length-value parts, which are checked to fit and passed over.
 *
 * Does not: decide who may say such things; read what TLS the client spoke to the balancer; check
 * the CRC32c that version 2 may carry (TCP has its own sums).
 */
#ifndef SALLYPORT_NET_PROXY_HEADER_H
#define SALLYPORT_NET_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/error.h"
#include "base/span.h"

enum proxy_version { PROXY_VERSION_1, PROXY_VERSION_2, PROXY_VERSION_COUNT };

struct proxy_header {
	/* False: the balancer speaks for itself (LOCAL) or does not say for whom (UNKNOWN, UNSPEC); the
	   addresses of the connection hold. */
	bool has_addresses;
	struct address source; /* ADDRESS_UNIX without path for a client on a unix socket */
	struct address destination;
};

/* What a client's TLS agreed on. Borrows: all spans; an empty one is not known. */
struct proxy_tls {
	struct span version;
	struct span suite;
	struct span server_name;
	struct span protocol; /* by ALPN */
};

/* The most that is ever written. */
#define PROXY_HEADER_WRITTEN_MAX 1024

/*
 * Reads the header at the start of `in`, all that has come so far; with version 2 at most
 * `size_max` bytes. *ret_size: how many of them it is; 0: more are needed.
 * ERROR_PROXY_HEADER_MALFORMED (also: too large).
 */
MUST_CHECK enum error proxy_header_read(struct span in, size_t size_max,
                                        struct proxy_header *ret_header, size_t *ret_size);

/*
 * Writes a header; `tls`: NULL if the client spoke none; only version 2 tells it. Addresses that
 * are not both of one IP version are not told. Returns how many bytes.
 */
size_t proxy_header_write(enum proxy_version version, const struct proxy_header *header,
                          const struct proxy_tls *tls, char ret_bytes[PROXY_HEADER_WRITTEN_MAX]);

#endif
