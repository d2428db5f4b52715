/*
 * Sallyport's configuration of Mbed TLS (MBEDTLS_CONFIG_FILE).
 *
 * Written from nothing rather than cut down from the default one: what is not named here is not
 * in the program. A TLS 1.3 and 1.2 server with ECDHE and AEAD ciphers, and the certificates and
 * groups that today's clients use. Left out on purpose: the client side, DTLS, renegotiation,
 * PSK without ECDHE, DHE and FFDH, static RSA and ECDH, CBC, CCM, ARIA, Camellia, DES, MD5,
 * Brainpool, secp192/224/256k1, x448, 0-RTT, context serialization, self tests, and whatever
 * opens files or sockets. SHA-1 is there for the handshake of WebSocket only (tls/digest.h).
 * MBEDTLS_USE_PSA_CRYPTO stays off: with it each record takes a global lock and expands its key
 * anew.
 */

#ifndef SALLYPORT_MBEDTLS_CONFIG_H
#define SALLYPORT_MBEDTLS_CONFIG_H

/* --- The platform ------------------------------------------------------------------------- */

#define MBEDTLS_HAVE_ASM       /* bignum multiplication and AES-NI are written in assembly */
#define MBEDTLS_HAVE_TIME      /* age of tickets */
#define MBEDTLS_HAVE_TIME_DATE /* notBefore and notAfter of certificates */
#define MBEDTLS_PLATFORM_MS_TIME_ALT /* tls/library.c: wall time, so that tickets outlive a reboot */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY   /* mbedtls_platform_set_calloc_free(): memory is counted */
#define MBEDTLS_THREADING_C       /* the PSA key store is one for the whole process */
#define MBEDTLS_THREADING_PTHREAD

/* --- What the library tells and demands ---------------------------------------------------- */

#define MBEDTLS_VERSION_C            /* `sallyport version` asks the library itself */
#define MBEDTLS_ERROR_C              /* mbedtls_strerror() in messages about certificates */
#define MBEDTLS_DEBUG_C              /* level 1 names the reason behind a failed handshake */
#define MBEDTLS_CHECK_RETURN_WARNING /* an ignored result is a compiler warning */
#define MBEDTLS_DEPRECATED_REMOVED   /* keeps us off what 4.x no longer has */

/* --- Random numbers ------------------------------------------------------------------------ */

#define MBEDTLS_ENTROPY_C  /* getrandom() */
#define MBEDTLS_CTR_DRBG_C /* one per worker */

/* --- Ciphers: AES-GCM and ChaCha20-Poly1305 ------------------------------------------------ */

#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#if defined(__x86_64__)
#define MBEDTLS_AESNI_C /* found at run time; without it AES is slow and its tables leak time */
#elif defined(__aarch64__)
#define MBEDTLS_AESCE_C /* the same on Arm */
#endif
#if defined(SALLYPORT_AEAD) /* these come from proxy/crypto, on ipsec-mb or libcrypto */
#define MBEDTLS_GCM_ALT
#define MBEDTLS_CHACHAPOLY_ALT
#endif

/* --- Hashes -------------------------------------------------------------------------------- */

#define MBEDTLS_MD_C
#define MBEDTLS_SHA1_C /* not in signatures: those are listed in tls/server.c */
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_HKDF_C /* key schedule of TLS 1.3 */
#if defined(SALLYPORT_LIBCRYPTO_SHA2) /* from proxy/crypto, on the library libcrypto */
#define MBEDTLS_SHA256_PROCESS_ALT
#define MBEDTLS_SHA512_PROCESS_ALT
#elif defined(__aarch64__) /* found at run time, as with AES */
#define MBEDTLS_SHA256_USE_ARMV8_A_CRYPTO_IF_PRESENT
#define MBEDTLS_SHA512_USE_A64_CRYPTO_IF_PRESENT
#endif

/* --- Elliptic curves ----------------------------------------------------------------------- */

#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_NIST_OPTIM /* fast reduction for the three NIST primes */
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC /* a repeated nonce would give the private key away */
#define MBEDTLS_HMAC_DRBG_C         /* makes that deterministic nonce (RFC 6979) */

/* --- RSA certificates ---------------------------------------------------------------------- */

#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15 /* signatures of TLS 1.2 and of nearly all certificates */
#define MBEDTLS_PKCS1_V21 /* PSS: the only RSA signature of TLS 1.3 */

/* --- Keys and certificates, read from memory ----------------------------------------------- */

#define MBEDTLS_OID_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C /* ECDSA signatures are DER */
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PK_WRITE_C           /* a checked key is kept as DER, to be parsed by each worker */
#define MBEDTLS_PK_PARSE_EC_EXTENDED /* `openssl ecparam -genkey` may spell the curve out */
#define MBEDTLS_PK_PARSE_EC_COMPRESSED
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_CRL_PARSE_C /* revoked client certificates */
#define MBEDTLS_X509_MAX_INTERMEDIATE_CA 4 /* in a client's path: each costs signature checks */
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT

/* --- PSA: the key exchange and key schedule of TLS 1.3 use it ------------------------------ */

#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS /* no other process sees what it is given: no copies */
#define MBEDTLS_PSA_KEY_STORE_DYNAMIC /* handshakes in flight are not limited to 32 key slots */

/* --- TLS ----------------------------------------------------------------------------------- */

#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE /* middleboxes (RFC 8446, D.4) */
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED /* resumption by ticket */
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES     /* a peer that fails is told why */
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET /* against the triple handshake (RFC 7627) */
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE  /* TLS 1.3 demands it; client certificates */
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_SESSION_TICKETS /* sealed by tls/ticket.c, not by MBEDTLS_SSL_TICKET_C */
#define MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY 1 /* no padding of records */

#endif
