/*
 * The observer: the first byte tells how the rest is cut, and what is seen must not depend on it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "tls/observer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void watch(struct tls_observer *observer, struct span bytes, size_t step)
{
	tls_observer_init(observer);
	for (size_t at = 0; at < bytes.size; at += step) {
		tls_observer_sent(observer, span_cut(bytes, at, at + step));
		tls_observer_received(observer, span_cut(bytes, at, at + step));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_of((const char *)data, size);
	struct tls_observer whole;
	struct tls_observer parts;

	if (size < 1)
		return 0;
	watch(&parts, span_from(bytes, 1), 1u + data[0]);
	/* In each direction alone the order of the two does not matter. */
	watch(&whole, span_from(bytes, 1), 1);
	if (whole.suite != parts.suite || whole.group != parts.group ||
	    whole.has_server_hello != parts.has_server_hello || whole.has_psk != parts.has_psk ||
	    whole.alert_sent != parts.alert_sent || whole.has_certificate != parts.has_certificate ||
	    whole.has_sent_alert != parts.has_sent_alert || whole.kept_size > TLS_OBSERVER_KEPT_MAX)
		abort();
	return 0;
}
