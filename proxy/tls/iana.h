/*
 * IANA's names for TLS's numbers, for logs and explanations.
 */
#ifndef SALLYPORT_TLS_IANA_H
#define SALLYPORT_TLS_IANA_H

/* "TLSv1.3", or NULL. */
const char *tls_version_name(unsigned version);
/* "TLS_AES_256_GCM_SHA384"; NULL if it is neither one that we can negotiate nor
 * one that old clients often have. */
const char *tls_suite_name(unsigned suite);
/* "x25519"; NULL if it is not one that we know. */
const char *tls_group_name(unsigned group);
/* "ecdsa_secp256r1_sha256"; NULL if it is not one that we know. */
const char *tls_signature_name(unsigned signature);

#endif
