/*
 * The TLS library as a whole: started once, its version, and random numbers.
 *
 * All heap memory of the library comes from base/memory.h, so that tests can fail each allocation.
 */
#ifndef SALLYPORT_TLS_LIBRARY_H
#define SALLYPORT_TLS_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Starts the library. Once per process, before any other function of tls/ and before threads are
 * started. ERROR_TLS_INTERNAL: no entropy, or a library built otherwise than we need it.
 * ERROR_CRYPTO: a primitive computes wrong results (crypto/start.h).
 */
MUST_CHECK enum error tls_library_open(void);
/* After ERROR_CRYPTO: which one, as "AES-GCM". Else NULL. */
const char *tls_library_broken_primitive(void);
/* After everything of tls/ has been freed and the other threads have ended. */
void tls_library_close(void);
/* "Mbed TLS 3.6.7" */
const char *tls_library_version(void);

/*
 * A generator of random bytes: CTR_DRBG (NIST SP 800-90A), seeded and reseeded by getrandom().
 *
 * Owner: a worker; it outlives the worker's tls_servers and sessions.
 * Threads: each thread has its own.
 */
struct tls_random;

/* ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL (no entropy). */
MUST_CHECK enum error tls_random_new(struct tls_random **ret_random);
void tls_random_free(struct tls_random *random);
/* Fills `size` bytes, any number of them. ERROR_TLS_INTERNAL (no entropy for reseeding). */
MUST_CHECK enum error tls_random_bytes(struct tls_random *random, void *bytes, size_t size);

/* --- For tls/ -------------------------------------------------------------------------------- */

/*
 * Whether the library wanted memory in vain since the last call, in this thread. It often hides
 * that behind another error, such as "not a key" after trying several forms.
 */
bool tls_library_starved(void);
/* The error for a failure of the library that is not the client's: ERROR_OUT_OF_MEMORY if it
 * starved, else ERROR_TLS_INTERNAL. */
enum error tls_library_failure(void);

#endif
