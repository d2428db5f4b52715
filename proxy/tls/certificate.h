/*
 * A certificate chain and its private key, as loaded from PEM, checked and never changed after.
 *
 * Owner: whoever holds a reference; the last one frees it and wipes the key.
 * Threads: immutable, so shared by all; the counter is atomic. Signing needs a context of its own
 * in each worker: tls/server.h parses the key again for itself.
 *
 * It does not verify the chain against a root: clients do that.
 * Limits: TLS_CERTIFICATE_NAMES_MAX names, TLS_CERTIFICATE_CHAIN_MAX certificates, and a chain
 * whose Certificate message fits one TLS record (TLS_CERTIFICATE_CHAIN_SIZE_MAX bytes of DER).
 */
#ifndef SALLYPORT_TLS_CERTIFICATE_H
#define SALLYPORT_TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"

enum {
	TLS_CERTIFICATE_NAMES_MAX = 1000,
	TLS_CERTIFICATE_CHAIN_MAX = 10,
	TLS_CERTIFICATE_CHAIN_SIZE_MAX = 16000,
	TLS_CERTIFICATE_FINGERPRINT_DIGITS = 64,
	TLS_CERTIFICATE_SERIAL_SIZE_MAX = 32, /* bytes; RFC 5280 §4.1.2.2 allows 20 */
	TLS_CERTIFICATE_RSA_BITS_MIN = 2048,
	TLS_CERTIFICATE_RSA_BITS_MAX = 8192,
};

struct tls_certificate;

enum tls_key_kind {
	TLS_KEY_RSA,
	TLS_KEY_ECDSA_P256,
	TLS_KEY_ECDSA_P384,
	TLS_KEY_ECDSA_P521,
	TLS_KEY_KIND_COUNT
};

/* "RSA", "ECDSA P-256" … */
const char *tls_key_kind_name(enum tls_key_kind kind);

/* What is said about a certificate. Borrows: everything from the tls_certificate. */
struct tls_certificate_facts {
	/* DNS names of subjectAltName; the common name only if there is no subjectAltName at all.
	 * Lower case, without a trailing dot; a wildcard stands as "*.example.com". May be none. */
	const struct span *names;
	size_t name_count;
	int64_t not_before_s; /* seconds since 1970, UTC */
	int64_t not_after_s;
	enum tls_key_kind kind;
	unsigned key_bits;
	size_t chain_count;      /* certificates that are sent, the server's own included */
	bool in_order;           /* each certificate of the chain is signed by the one that follows */
	const char *fingerprint; /* SHA-256 of the DER, 64 hexadecimal digits */
	const char *serial;      /* hexadecimal digits, two for each byte, without zeros at the front */
};

/*
 * Reads a chain (the server's own certificate first, then the intermediates) and its private key
 * (PKCS#8, PKCS#1 or SEC1), both PEM. Other blocks are skipped, so that both may be in one file.
 * Holds one reference. Needs tls_library_open().
 *
 * `why` says in one sentence, without a full stop, what is wrong. If the result is OK and `why` is
 * not empty, it holds warnings, separated by "; ": not valid yet, order of the chain, a root that
 * is sent for nothing, no name.
 *
 * ERROR_TLS_CERTIFICATE: the chain is not PEM, too long, out of order, has expired, is signed
 *   with SHA-1 or MD5, is not for servers, RSA < 2048 bits, a kind of key that is not supported.
 * ERROR_TLS_KEY: the key is not PEM, encrypted, too weak, of a kind that is not supported.
 * ERROR_TLS_KEY_MISMATCH: it is the key of another certificate.
 * ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_certificate_load(struct span chain_pem, struct span key_pem,
                                           struct tls_certificate **ret_certificate,
                                           struct text *why);

/* One more reference; returns its argument. */
struct tls_certificate *tls_certificate_ref(struct tls_certificate *certificate);
/* NULL is allowed. */
void tls_certificate_unref(struct tls_certificate *certificate);

const struct tls_certificate_facts *tls_certificate_facts(
	const struct tls_certificate *certificate);

/*
 * Whether the certificate is for `server_name`: equal to one of its names, or with a wildcard in
 * place of the whole first label (RFC 9525 §6.3). ASCII case and a trailing dot do not count.
 */
bool tls_certificate_matches(const struct tls_certificate *certificate, struct span server_name);

/* --- For tls/server.c ------------------------------------------------------------------------ */

struct mbedtls_x509_crt;

/* The parsed chain. The library only reads it, so that all workers may use it at once. */
struct mbedtls_x509_crt *tls_certificate_chain(struct tls_certificate *certificate);
/* The private key as DER. */
struct span tls_certificate_key(const struct tls_certificate *certificate);

#endif
