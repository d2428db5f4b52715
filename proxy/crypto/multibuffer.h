/*
 * The library ipsec-mb: found out once what the CPU can do, and AES-GCM and ChaCha20-Poly1305 by
 * its functions for that.
 *
 * Only its direct functions are used: no jobs, no queues, no state but the caller's own. Expanded
 * keys live on the stack for one message.
 */
#ifndef SALLYPORT_CRYPTO_MULTIBUFFER_H
#define SALLYPORT_CRYPTO_MULTIBUFFER_H

#include "crypto/aead.h"

/*
 * Before there are threads. NULL: the CPU lacks AES-NI, PCLMULQDQ or SSE 4.2, or there is no
 * memory. The engine's name is such as "ipsec-mb 1.3.0 (AVX-512 with VAES)".
 */
const struct aead_engine *multibuffer_open(void);

#endif
