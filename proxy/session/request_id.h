/*
 * Ids of exchanges: 128 random bits as 32 hexadecimal digits, told to the backend in X-Request-Id
 * and written to the log.
 *
 * They are made in batches from a cryptographic generator, so that nobody can guess another's.
 * Owner: the worker. Threads: one.
 */
#ifndef SALLYPORT_SESSION_REQUEST_ID_H
#define SALLYPORT_SESSION_REQUEST_ID_H

#include <stddef.h>

#include "base/error.h"

enum { REQUEST_ID_SIZE = 32, REQUEST_ID_BATCH = 64 };

struct tls_random;

struct request_ids {
	struct tls_random *random; /* Borrows: from the worker */
	unsigned char bytes[REQUEST_ID_BATCH][REQUEST_ID_SIZE / 2];
	size_t left;
};

void request_ids_init(struct request_ids *ids, struct tls_random *random);
/* Writes REQUEST_ID_SIZE digits, without a NUL. ERROR_TLS_INTERNAL (no entropy). */
MUST_CHECK enum error request_ids_next(struct request_ids *ids, char ret_id[REQUEST_ID_SIZE]);

#endif
