/*
 * The inside of a struct tls_random (tls/library.h), for those of tls/ that hand it to the library.
 */
#ifndef SALLYPORT_TLS_RANDOM_H
#define SALLYPORT_TLS_RANDOM_H

#include "tls/compat.h"
#include "tls/library.h"

struct tls_random {
	struct compat_random source;
};

#endif
