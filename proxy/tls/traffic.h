/*
 * The keys that a handshake ends with, as the library exports them, for tls/channel.h.
 *
 * TLS 1.3: the two application traffic secrets (RFC 8446 §7.1). TLS 1.2: the master secret and the
 * two randoms, of which the key block is made (RFC 5246 §6.3).
 *
 * Owner: a tls_handshake. Wiped with tls_traffic_done().
 */
#ifndef SALLYPORT_TLS_TRAFFIC_H
#define SALLYPORT_TLS_TRAFFIC_H

#include <stdint.h>

#include "base/error.h"
#include "tls/record.h"

struct mbedtls_ssl_context;

enum { TLS_RANDOM_SIZE = 32 };

struct tls_traffic {
	size_t secret_size;                          /* 0: none has come */
	unsigned char client[TLS_RECORD_SECRET_MAX]; /* TLS 1.2: the master secret */
	unsigned char server[TLS_RECORD_SECRET_MAX]; /* TLS 1.3 only */
	unsigned char randoms[2 * TLS_RANDOM_SIZE];  /* TLS 1.2: the server's, the client's */
	int prf;                                     /* TLS 1.2: the library's number of it */
};

/* Has the library put them into `traffic`, which is zeroed. */
void tls_traffic_listen(struct tls_traffic *traffic, struct mbedtls_ssl_context *ssl);
void tls_traffic_done(struct tls_traffic *traffic);

/*
 * Makes the keys of both directions. `received`, `sent`: records that those keys have protected
 * already: the Finished messages of TLS 1.2, the tickets of TLS 1.3. ERROR_OUT_OF_MEMORY,
 * ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_traffic_keys(const struct tls_traffic *traffic,
                                       const struct tls_protection *protection, uint64_t received,
                                       uint64_t sent, struct tls_record_keys *ret_in,
                                       struct tls_record_keys *ret_out);

#endif
