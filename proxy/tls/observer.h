/*
 * What can be seen of a handshake from outside: a reader over the records of both directions, as
 * they pass.
 *
 * Mbed TLS 3.6 tells neither the group nor whether a session was resumed, nor which alert came; all
 * that is in the plaintext of ServerHello (RFC 8446 §4.1.3), ServerKeyExchange (RFC 8422 §5.4) and
 * alerts. Reading ends where encryption begins, counting goes on: tls/channel must know how many
 * records were sent encrypted (TLS 1.3). All else is for the log.
 *
 * Owner: a tls_handshake. Bounded: it keeps at most KEPT_MAX bytes of a message.
 */
#ifndef SALLYPORT_TLS_OBSERVER_H
#define SALLYPORT_TLS_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "tls/record.h"

enum { TLS_OBSERVER_KEPT_MAX = 256 };

/* One direction. */
struct tls_observed_side {
	unsigned char record_header[TLS_RECORD_HEADER];
	uint8_t record_header_size;
	bool encrypted; /* from the next record on */
	uint16_t record_left;
	uint16_t record_size;
	unsigned char message_header[4];
	uint8_t message_header_size;
	uint32_t message_left;
	uint64_t bytes;
};

struct tls_observer {
	struct tls_observed_side received;
	struct tls_observed_side sent;
	unsigned char kept[TLS_OBSERVER_KEPT_MAX]; /* of the server's message that is passing */
	size_t kept_size;
	/* Results; 0 and -1: not seen. */
	unsigned version; /* 0x0304, 0x0303 */
	unsigned suite;
	unsigned group;
	bool has_server_hello;
	bool has_retry;              /* HelloRetryRequest */
	bool has_psk;                /* the ServerHello accepts a ticket (TLS 1.3) */
	bool has_certificate;        /* sent in plaintext (TLS 1.2) */
	bool has_change_cipher_spec; /* sent in TLS 1.2: what came before it is all the plaintext */
	int alert_received;          /* fatal ones, in plaintext */
	int alert_sent;
	bool has_sent_alert; /* also if encrypted, told by its length */
};

void tls_observer_init(struct tls_observer *observer);
void tls_observer_received(struct tls_observer *observer, struct span bytes);
void tls_observer_sent(struct tls_observer *observer, struct span bytes);

/* Whether the handshake, as far as seen, resumes an earlier one. */
bool tls_observer_is_resumed(const struct tls_observer *observer);

#endif
