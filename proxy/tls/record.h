/*
 * One direction of the record protection of a connection whose handshake is over: TLS 1.3 (RFC 8446
 * §5.2, §5.3) and the AEAD suites of TLS 1.2 (RFC 5288, RFC 7905).
 *
 * Records are sealed from the caller's bytes straight into the wire's buffer, and opened from
 * there straight into the buffer for plain bytes. Nothing is held in between: an idle connection
 * keeps keys, and no buffer. The ciphers themselves are the library's.
 *
 * Owner: a tls_channel, one for each direction. Threads: one worker.
 */
#ifndef SALLYPORT_TLS_RECORD_H
#define SALLYPORT_TLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

enum {
	TLS_RECORD_HEADER = 5,
	TLS_RECORD_IV_SIZE = 12,
	TLS_RECORD_KEY_MAX = 32,
	TLS_RECORD_SECRET_MAX = 48,
	TLS_RECORD_CONTENT_MAX = 1 << 14, /* RFC 8446 §5.1 */
	/* A whole record as on the wire is not longer than this (RFC 8446 §5.2). */
	TLS_RECORD_SIZE_MAX = TLS_RECORD_HEADER + TLS_RECORD_CONTENT_MAX + 256,
	/* Header, explicit nonce (TLS 1.2 with GCM) or inner type (TLS 1.3), tag. */
	TLS_RECORD_OVERHEAD_MAX = TLS_RECORD_HEADER + 8 + 16,
};

/* RFC 8446 §5.1 */
enum tls_content {
	TLS_CONTENT_CHANGE_CIPHER_SPEC = 20,
	TLS_CONTENT_ALERT = 21,
	TLS_CONTENT_HANDSHAKE = 22,
	TLS_CONTENT_APPLICATION = 23,
};

/* What protects the records of a suite; static. */
struct tls_protection;

struct tls_record_keys {
	const struct tls_protection *protection; /* NULL: no keys */
	void *cipher;                            /* the library's context */
	uint64_t sequence;                       /* of the next record */
	unsigned char iv[TLS_RECORD_IV_SIZE];
	unsigned char secret[TLS_RECORD_SECRET_MAX]; /* TLS 1.3: the traffic secret */
	bool seals;                                  /* else it opens */
};

/* NULL if the suite's records can not be protected here. */
const struct tls_protection *tls_protection_find(unsigned suite);
/* Bytes of a key. */
size_t tls_protection_key_size(const struct tls_protection *protection);
/* Bytes of the IV that the key schedule gives: 4 with TLS 1.2 and GCM, else 12. */
size_t tls_protection_iv_size(const struct tls_protection *protection);
/* Bytes that a record has beyond its content. */
size_t tls_protection_overhead(const struct tls_protection *protection);
/* Where the ciphertext begins in a record. */
size_t tls_protection_content_at(const struct tls_protection *protection);
/* Records that one key may protect (RFC 8446 §5.5). */
uint64_t tls_protection_records_max(const struct tls_protection *protection);

/* Whether keys can be replaced while the connection is open: TLS 1.3. */
bool tls_protection_has_key_update(const struct tls_protection *protection);

/*
 * Takes keys of a TLS 1.2 connection, or of TLS 1.3 its traffic secret (as long as the suite's
 * hash). The sequence begins with `sequence`. ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_record_keys_init(struct tls_record_keys *keys,
                                           const struct tls_protection *protection, bool seals,
                                           const unsigned char *key, const unsigned char *iv,
                                           uint64_t sequence);
MUST_CHECK enum error tls_record_keys_derive(struct tls_record_keys *keys,
                                             const struct tls_protection *protection, bool seals,
                                             struct span secret, uint64_t sequence);
/* TLS 1.3: the next generation of keys (RFC 8446 §7.2), into zeroed keys or in place. */
MUST_CHECK enum error tls_record_keys_next(const struct tls_record_keys *keys,
                                           struct tls_record_keys *ret_next);
MUST_CHECK enum error tls_record_keys_update(struct tls_record_keys *keys);
/* Wipes them. Zeroed keys are allowed. */
void tls_record_keys_done(struct tls_record_keys *keys);

/*
 * Writes a whole record to `ret_record`, which has room for the content and the protection's
 * overhead. `content`: at most TLS_RECORD_CONTENT_MAX. ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_record_seal(struct tls_record_keys *keys, enum tls_content type,
                                      struct span content, char *ret_record, size_t *ret_size);

/* The alert that is due for the header of the first record in `wire`; -1: none, or not all of it
 * is there. */
int tls_record_header_alert(const struct tls_protection *protection, struct span wire);

/* Bytes of the first record in `wire`, header included; 0: its header is not complete. */
size_t tls_record_size(struct span wire);

/*
 * Writes the content of a whole record to `ret_content`, which has room for record.size bytes, or
 * is where the ciphertext stands: then the record is opened in place.
 * *ret_alert: the alert that is due on an error, all of which are ERROR_TLS_RECORD.
 */
MUST_CHECK enum error tls_record_open(struct tls_record_keys *keys, struct span record,
                                      char *ret_content, size_t *ret_size,
                                      enum tls_content *ret_type, int *ret_alert);

#endif
