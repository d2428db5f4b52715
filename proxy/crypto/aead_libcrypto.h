/*
 * AES-GCM and ChaCha20-Poly1305 on libcrypto, for machines and builds without ipsec-mb.
 *
 * Each thread keeps its operations, one for each cipher and direction, because making one costs as
 * much as sealing a short record. So a thread's last key of each cipher stays in memory, expanded,
 * until the next one takes its place or the thread ends.
 */
#ifndef SALLYPORT_CRYPTO_AEAD_LIBCRYPTO_H
#define SALLYPORT_CRYPTO_AEAD_LIBCRYPTO_H

#include "crypto/aead.h"

/* After libcrypto_open(), before there are threads. NULL: libcrypto does not do it. */
const struct aead_engine *aead_libcrypto_open(void);
/* Before libcrypto_close(), after the other threads have ended. */
void aead_libcrypto_close(void);

#endif
