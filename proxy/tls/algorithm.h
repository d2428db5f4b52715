/*
 * What a policy can be made of: the cipher suites, groups and signature algorithms that the library
 * has, by IANA's numbers and names.
 *
 * Owner: nobody; all is static and immutable.
 */
#ifndef SALLYPORT_TLS_ALGORITHM_H
#define SALLYPORT_TLS_ALGORITHM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum tls_list { TLS_LIST_SUITES, TLS_LIST_GROUPS, TLS_LIST_SIGNATURES, TLS_LIST_COUNT };

/* By its name; 0: it is none of ours. */
unsigned tls_algorithm_find(enum tls_list list, struct span name);
/* By the name that OpenSSL has for it; 0: it is none of ours, or has no other name. */
unsigned tls_algorithm_find_openssl(enum tls_list list, struct span name);
/* Why there is none of this name, in one clause without a full stop, as far as the name, IANA's or
 * OpenSSL's, shows it; NULL: it does not. */
const char *tls_algorithm_why_not(enum tls_list list, struct span name);
/* All of a list, one by one, the best first; 0 at the end. */
unsigned tls_algorithm_at(enum tls_list list, size_t index);
/* IANA's name of one of ours. */
const char *tls_algorithm_name(enum tls_list list, unsigned number);

#endif
