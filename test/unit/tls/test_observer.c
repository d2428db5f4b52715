/*
 * What is read from the records that pass. Real handshakes are seen in test_session; here are
 * pieces of them, and nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "tls/observer.h"

#define RANDOM "01234567890123456789012345678901"
#define RETRY                                                          \
	"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" \
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"
/* 2 + 32 + 1 + 2 + 1 + 2 bytes before the extensions */
#define HELLO_1_3(random, extensions_size, message_size, record_size)            \
	"\x16\x03\x03\x00" record_size "\x02\x00\x00" message_size "\x03\x03" random \
	"\x00\x13\x02\x00\x00" extensions_size "\x00\x2b\x00\x02\x03\x04"
#define FULL_1_3 HELLO_1_3(RANDOM, "\x0f", "\x37", "\x3b") "\x00\x33\x00\x05\x00\x1d\x00\x01k"
#define RESUMED_1_3                           \
	HELLO_1_3(RANDOM, "\x15", "\x3d", "\x41") \
	"\x00\x33\x00\x05\x00\x1d\x00\x01k\x00\x29\x00\x02\x00\x00"
#define RETRY_1_3 HELLO_1_3(RETRY, "\x0c", "\x34", "\x38") "\x00\x33\x00\x02\x00\x17"
#define HELLO_1_2 "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" RANDOM "\x00\xc0\x2b\x00"
#define REST_1_2  /* Certificate, ServerKeyExchange, ServerHelloDone in one record */ \
	"\x16\x03\x03\x00\x15\x0b\x00\x00\x03"                                            \
	"crt"                                                                             \
	"\x0c\x00\x00\x06\x03\x00\x18\x01xy\x0e\x00\x00\x00"
#define CHANGE_CIPHER_SPEC "\x14\x03\x03\x00\x01\x01"
#define FINISHED_1_2       \
	"\x16\x03\x03\x00\x04" \
	"\x02\x00\x00\x09" /* encrypted: not a ServerHello */

#define BYTES(literal) ((struct span){literal, sizeof(literal) - 1})

static struct tls_observer watch(struct span sent, struct span received, size_t step)
{
	struct tls_observer observer;

	tls_observer_init(&observer);
	for (size_t at = 0; at < sent.size; at += step)
		tls_observer_sent(&observer, span_cut(sent, at, at + step));
	for (size_t at = 0; at < received.size; at += step)
		tls_observer_received(&observer, span_cut(received, at, at + step));
	assert_int_equal(observer.sent.bytes, sent.size);
	assert_int_equal(observer.received.bytes, received.size);
	return observer;
}

static void test_1_3(void **state)
{
	(void)state;
	for (size_t step = 1; step < 100; step++) {
		struct tls_observer seen =
			watch(BYTES(FULL_1_3 CHANGE_CIPHER_SPEC "\x17\x03\x03\x00\x05....."), BYTES(""), step);

		assert_true(seen.has_server_hello);
		assert_int_equal(seen.version, 0x0304);
		assert_int_equal(seen.suite, 0x1302);
		assert_int_equal(seen.group, 29);
		assert_false(tls_observer_is_resumed(&seen));
		assert_false(seen.has_retry || seen.has_sent_alert);
		seen = watch(BYTES(RESUMED_1_3), BYTES(""), step);
		assert_true(tls_observer_is_resumed(&seen));
		assert_int_equal(seen.group, 29);
		seen = watch(BYTES(RETRY_1_3), BYTES(""), step);
		assert_true(seen.has_retry);
		assert_false(seen.has_server_hello);
		assert_int_equal(seen.group, 23);
		seen = watch(BYTES(RETRY_1_3 CHANGE_CIPHER_SPEC FULL_1_3), BYTES(""), step);
		assert_true(seen.has_retry && seen.has_server_hello);
		assert_int_equal(seen.group, 29);
	}
}

static void test_1_2(void **state)
{
	(void)state;
	for (size_t step = 1; step < 100; step++) {
		struct tls_observer seen =
			watch(BYTES(HELLO_1_2 REST_1_2 CHANGE_CIPHER_SPEC FINISHED_1_2), BYTES(""), step);

		assert_true(seen.has_server_hello);
		assert_int_equal(seen.version, 0x0303);
		assert_int_equal(seen.suite, 0xc02b);
		assert_int_equal(seen.group, 24);
		assert_false(tls_observer_is_resumed(&seen));
		seen = watch(BYTES(HELLO_1_2), BYTES(""), step);
		assert_false(tls_observer_is_resumed(&seen));
		seen = watch(BYTES(HELLO_1_2 CHANGE_CIPHER_SPEC FINISHED_1_2), BYTES(""), step);
		assert_true(tls_observer_is_resumed(&seen));
		assert_int_equal(seen.group, 0);
	}
}

static void test_alerts(void **state)
{
	(void)state;
	for (size_t step = 1; step < 20; step++) {
		struct tls_observer seen = watch(BYTES("\x15\x03\x03\x00\x02\x02\x28"),
		                                 BYTES("\x15\x03\x03\x00\x02\x02\x30"), step);

		assert_int_equal(seen.alert_sent, 40);
		assert_int_equal(seen.alert_received, 48);
		assert_true(seen.has_sent_alert);
		/* Warnings do not count, nor what is encrypted or of a strange size. */
		seen = watch(BYTES(""),
		             BYTES("\x15\x03\x03\x00\x02\x01\x5a\x15\x03\x03\x00\x03\x02\x28\x28"
		                   "\x15\x03\x03\x00\x00\x17\x03\x03\x00\x01x"
		                   "\x15\x03\x03\x00\x02\x02\x30"),
		             step);
		assert_int_equal(seen.alert_received, -1);
		seen = watch(BYTES(FULL_1_3 "\x17\x03\x03\x00\x13..................."), BYTES(""), step);
		assert_true(seen.has_sent_alert);
		assert_int_equal(seen.alert_sent, -1);
	}
}

/* Every prefix, and every byte changed: nothing breaks. */
static void test_nonsense(void **state)
{
	static const char whole[] = HELLO_1_2 REST_1_2 CHANGE_CIPHER_SPEC FINISHED_1_2 FULL_1_3;
	char bytes[sizeof(whole)];

	(void)state;
	for (size_t size = 0; size < sizeof(whole); size++)
		(void)watch(span_of(whole, size), span_of(whole, size), 3);
	for (size_t at = 0; at < sizeof(whole); at++)
		for (int change = 1; change < 256; change += 3) {
			memcpy(bytes, whole, sizeof(bytes));
			bytes[at] = (char)(bytes[at] ^ change);
			(void)watch(span_of(bytes, sizeof(bytes)), span_of(bytes, sizeof(bytes)), 7);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_3),
		cmocka_unit_test(test_1_2),
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
