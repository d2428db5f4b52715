/*
 * 0-RTT data that nobody asked for (RFC 8446 §4.2.10).
 *
 * A client that has a ticket of another server may send early data with its first ClientHello. A
 * server that does not accept it has to get rid of it: after a HelloRetryRequest all records with
 * the outer type application_data are it, until the second ClientHello. This skips them, record by
 * record, up to TLS_EARLY_DATA_MAX; what comes after is an error.
 *
 * Owner: a tls_handshake. Zero it first.
 */
#ifndef SALLYPORT_TLS_EARLY_DATA_H
#define SALLYPORT_TLS_EARLY_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Of the wire. A client may send as much as its ticket's max_early_data_size, which other servers
 * set: 16 KiB is usual. */
enum { TLS_EARLY_DATA_MAX = 64 * 1024 };

struct tls_early_data {
	size_t skipped; /* bytes so far */
	size_t left;    /* of the record that is being skipped */
};

/* How many bytes at the beginning of `wire` are to be skipped now; `wire` begins at the end of a
 * record, or where the last call left off. */
size_t tls_early_data_skip(struct tls_early_data *early_data, struct span wire);

/* Whether what is there, after all skipping, is only a part of what has to be skipped. */
bool tls_early_data_is_within(const struct tls_early_data *early_data, struct span wire);

#endif
