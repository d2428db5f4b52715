#include "tls/chain.h"

#include <mbedtls/x509_crt.h>
#include <string.h>

bool tls_chain_equal(struct tls_certificate *a, struct tls_certificate *b)
{
	const mbedtls_x509_crt *left = tls_certificate_chain(a);
	const mbedtls_x509_crt *right = tls_certificate_chain(b);

	while (left && right && left->raw.len == right->raw.len &&
	       memcmp(left->raw.p, right->raw.p, left->raw.len) == 0) {
		left = left->next;
		right = right->next;
	}
	return !left && !right;
}
