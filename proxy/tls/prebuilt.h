/*
 * The library's configurations of a tls_server: one that allows all of the policy, and one for each
 * outcome of tls_choose(), which allows nothing else.
 *
 * Mbed TLS's server follows the client's order in TLS 1.3, and partly in 1.2. With one version,
 * suite, group and signature algorithm to choose from, it does what was decided
 * (proxy/decisions/0008). Where clients are asked for certificates more groups and signature
 * algorithms stand behind the chosen ones, for those. Built when first needed, then kept: there are
 * at most as many as the policy has combinations, 108 in the built-in ones, TLS_PREBUILTS_MAX in
 * one that allows all that the library has, of about 550 bytes each.
 *
 * Owner: a tls_server; the library reads them until the last session has gone. Threads: one worker.
 */
#ifndef SALLYPORT_TLS_PREBUILT_H
#define SALLYPORT_TLS_PREBUILT_H

#include "base/error.h"
#include "tls/choice.h"
#include "tls/terms.h"

/* 3 suites, 4 groups, 6 signatures in TLS 1.3; 6, 4, 3 in 1.2; and the one that allows all. */
enum { TLS_PREBUILTS_MAX = 3 * 4 * 6 + 6 * 4 * 3 + 1 };

struct mbedtls_ssl_config;
struct tls_prebuilt;

struct tls_prebuilts {
	const struct tls_terms *terms; /* Borrows: from the sites */
	struct tls_prebuilt *first;    /* the last used one first */
	size_t count;
	/* Sets what all have in common. 0, or the library's error number. */
	int (*set_up)(void *owner, struct mbedtls_ssl_config *config);
	void *owner;
};

/* Nothing is built yet. */
void tls_prebuilts_init(struct tls_prebuilts *prebuilts, const struct tls_terms *terms,
                        int (*set_up)(void *owner, struct mbedtls_ssl_config *config), void *owner);
void tls_prebuilts_done(struct tls_prebuilts *prebuilts);

/*
 * The configuration for a decision that is DONE, else the one that allows all of the policy: the
 * library then finds the same step wanting and sends the alert. ERROR_OUT_OF_MEMORY,
 * ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_prebuilts_get(struct tls_prebuilts *prebuilts,
                                        const struct tls_decision *decision,
                                        const struct mbedtls_ssl_config **ret_config);

#endif
