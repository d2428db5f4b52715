/*
 * IANA's names for TLS's numbers, for logs and explanations.
 */
#ifndef SALLYPORT_TLS_IANA_H
#define SALLYPORT_TLS_IANA_H

#include <stdbool.h>

/* "TLSv1.3", or NULL. */
const char *tls_version_name(unsigned version);
/* "TLS_AES_256_GCM_SHA384"; NULL if it is neither one that we can negotiate nor one that the
 * clients in tls/profile.h have. */
const char *tls_suite_name(unsigned suite);
/* "x25519"; NULL if it is not one that we know. */
const char *tls_group_name(unsigned group);
/* "ecdsa_secp256r1_sha256"; NULL if it is not one that we know. */
const char *tls_signature_name(unsigned signature);

/* "server_name"; NULL if it is not one that we know. Those that IANA does not list have the names
 * that their makers gave them. */
const char *tls_extension_name(unsigned extension);

/* Whether the number of a suite, version, group, signature algorithm or extension is one that
 * clients put there only so that servers learn to skip what they do not know (RFC 8701):
 * 0x0a0a, 0x1a1a … */
static inline bool tls_is_grease(unsigned number)
{
	return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff);
}

#endif
