/*
 * The ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2), read before the library sees it.
 *
 * tls_hello_scan() tells whether all of it has arrived: it may span records and segments.
 * tls_hello_read() then takes it apart, strictly and within bounds, without copying.
 *
 * What is read here is advice: which certificate, which configuration, what to write in the log.
 * On any doubt it says so, and the library decides on the same bytes.
 *
 * Owner: nobody; both work on the caller's bytes.
 */
#ifndef SALLYPORT_TLS_HELLO_H
#define SALLYPORT_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"

/* A ClientHello that says to be longer is refused at its header: 16 KiB is what a record holds, and
 * real ones have less than 3 KiB. */
enum { TLS_HELLO_MESSAGE_MAX = 17 * 1024 };

enum tls_hello_state {
	TLS_HELLO_MORE, /* not all of it is here yet */
	TLS_HELLO_COMPLETE,
	TLS_HELLO_DOUBTFUL,   /* not a ClientHello as we know it: the library shall decide */
	TLS_HELLO_PLAIN_HTTP, /* the beginning of an HTTP request */
	TLS_HELLO_STATE_COUNT
};

/* Where scanning stopped, so that bytes that come one by one are looked at once. Zero it first. */
struct tls_hello_scan {
	size_t at;               /* of the next record */
	size_t message_have;     /* bytes of the message in the records before, its header included */
	size_t message_size;     /* of the whole message, header included; 0: not known */
	unsigned record_version; /* of the first record; 0: not known */
	unsigned char head[4];   /* the message's header */
	bool has_overflow;       /* a record says to be longer than it may */
};

/* `wire`: all bytes since the connection began; each call has those of the last and maybe more. */
enum tls_hello_state tls_hello_scan(struct tls_hello_scan *scan, struct span wire);

/*
 * Copies the message, without record headers, to `ret_message`, which has room for
 * scan->message_size bytes. Only after TLS_HELLO_COMPLETE.
 */
void tls_hello_assemble(const struct tls_hello_scan *scan, struct span wire, char *ret_message);

/*
 * The parts. Borrows: all from the message. A list is of two-byte code points, as on the wire, with
 * the GREASE that may be among them: tls_is_grease() in tls/iana.h tells it apart.
 */
struct tls_hello {
	unsigned version; /* legacy_version */
	struct span session_id;
	struct span suites;
	struct span compressions;
	struct span extensions;  /* all, with their headers */
	struct span server_name; /* as sent, not checked; empty: none */
	struct span versions;    /* supported_versions; empty: no TLS 1.3 */
	struct span groups;
	struct span key_shares;                 /* entries with their headers */
	struct span signatures;                 /* signature_algorithms */
	struct span signatures_of_certificates; /* signature_algorithms_cert; empty: the same */
	struct span protocols;                  /* ALPN, entries with their lengths */
	struct span psk_modes;                  /* psk_key_exchange_modes, one byte each */
	struct span ticket;                     /* TLS 1.2; empty: none, or an empty one */
	bool has_ticket; /* session_ticket is there: the client can keep one of TLS 1.2 */
	bool has_psk;
	bool has_early_data;
};

/* False if the message is not a well-formed ClientHello; `ret_hello` is then not touched. */
MUST_CHECK bool tls_hello_read(struct span message, struct tls_hello *ret_hello);

/* The next of an offer's extensions, in the order in which they were sent; begin with all of them
 * in `rest`. False at the end, and where a list is broken. */
bool tls_hello_next_extension(struct span *rest, unsigned *ret_type, struct span *ret_content);
/* The same for the entries of ALPN and of the key shares. */
bool tls_hello_next_protocol(struct span *rest, struct span *ret_protocol);
bool tls_hello_next_key_share(struct span *rest, unsigned *ret_group, struct span *ret_key);

#endif
