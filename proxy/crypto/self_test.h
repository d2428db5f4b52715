/*
 * Known answers: each primitive must compute what its standard says, through the very functions
 * that TLS calls. A primitive that does not is worse than none.
 */
#ifndef SALLYPORT_CRYPTO_SELF_TEST_H
#define SALLYPORT_CRYPTO_SELF_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/start.h"

struct self_test {
	enum crypto_primitive primitive;
	bool (*is_right)(void);
};

/* All of them. ERROR_CRYPTO: *ret_failed is the first that failed. */
MUST_CHECK enum error crypto_self_test(enum crypto_primitive *ret_failed);

/* The same with other rows. For the tests of this module. */
MUST_CHECK enum error self_test_run(const struct self_test *tests, size_t count,
                                    enum crypto_primitive *ret_failed);

#endif
