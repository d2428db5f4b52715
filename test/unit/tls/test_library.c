/*
 * The library as a whole: version, random bytes, digest, numbers and their names; ticket keys used
 * by several threads.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tls/alert.h"
#include "tls/digest.h"
#include "tls/iana.h"
#include "unit/tls/link.h"

static void test_version(void **state)
{
	(void)state;
	assert_int_equal(strncmp(tls_library_version(), "Mbed TLS 3.6.", 13), 0);
}

static void test_random(void **state)
{
	unsigned char bytes[3000] = {0};
	unsigned char again[3000];
	unsigned seen[256] = {0};

	(void)state;
	assert_int_equal(tls_random_bytes(world.random, bytes, 0), OK);
	assert_int_equal(bytes[0], 0);
	assert_int_equal(tls_random_bytes(world.random, bytes, sizeof(bytes)), OK);
	assert_int_equal(tls_random_bytes(world.random, again, sizeof(again)), OK);
	assert_memory_not_equal(bytes, again, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		seen[bytes[i]]++;
	for (size_t i = 0; i < 256; i++)
		assert_true(seen[i] < 60); /* 12 expected */
	for (long successes = 0;; successes++) {
		struct tls_random *random = NULL;
		enum error error;

		memory_fail_after(successes);
		error = tls_random_new(&random);
		memory_fail_after(-1);
		tls_random_free(random);
		if (!error)
			break;
		assert_int_equal(error, ERROR_OUT_OF_MEMORY);
	}
}

/* HMAC-SHA-256 with the key 00 01 … 1f of "hash\0password", computed by Python's hmac. */
static void test_keyed_digest(void **state)
{
	static const unsigned char wanted[TLS_SHA256_SIZE] = {
		0x82, 0x20, 0xf2, 0x8f, 0xb6, 0x49, 0x76, 0x0d, 0x76, 0x03, 0xf1,
		0x19, 0xcb, 0x2a, 0xbd, 0x52, 0x66, 0x0e, 0x33, 0x3c, 0xfa, 0x0b,
		0xda, 0xd0, 0xa6, 0x43, 0xa4, 0xab, 0x0e, 0x75, 0xf8, 0xe1};
	unsigned char key[TLS_SHA256_SIZE];
	unsigned char digest[TLS_SHA256_SIZE];
	unsigned char other[TLS_SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	assert_int_equal(tls_keyed_digest(key, SPAN("hash"), SPAN("password"), digest), OK);
	assert_memory_equal(digest, wanted, sizeof(wanted));
	assert_int_equal(tls_keyed_digest(key, SPAN("hashp"), SPAN("assword"), other), OK);
	assert_memory_not_equal(digest, other, sizeof(other));
	key[31] ^= 1;
	assert_int_equal(tls_keyed_digest(key, SPAN("hash"), SPAN("password"), other), OK);
	assert_memory_not_equal(digest, other, sizeof(other));
	assert_int_equal(tls_keyed_digest(key, SPAN("hash"), SPAN(""), other), OK);
}

static void test_websocket_accept(void **state)
{
	char accept[TLS_WEBSOCKET_ACCEPT_SIZE];
	char key[65];

	(void)state;
	/* RFC 6455 §1.3 */
	assert_int_equal(tls_websocket_accept(SPAN("dGhlIHNhbXBsZSBub25jZQ=="), accept), OK);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_int_equal(tls_websocket_accept(SPAN(""), accept), OK);
	assert_string_equal(accept, "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=");
	memset(key, 'a', sizeof(key));
	assert_int_equal(tls_websocket_accept(span_of(key, 64), accept), OK);
	assert_int_equal(strlen(accept), 28);
	assert_int_equal(tls_websocket_accept(span_of(key, 65), accept), ERROR_TOO_LARGE);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_string_equal(tls_version_name(0x0304), "TLSv1.3");
	assert_null(tls_version_name(0x0305));
	assert_string_equal(tls_suite_name(0x1303), "TLS_CHACHA20_POLY1305_SHA256");
	assert_string_equal(tls_suite_name(0xc013), "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA");
	assert_null(tls_suite_name(0x0a0a));
	assert_string_equal(tls_signature_name(0x0804), "rsa_pss_rsae_sha256");
	assert_null(tls_signature_name(0));
	assert_string_equal(tls_group_name(29), "x25519");
	assert_null(tls_group_name(0));
	assert_string_equal(tls_alert_name(40), "handshake_failure");
	assert_string_equal(tls_alert_name(-1), "unknown");
	assert_string_equal(tls_alert_name(255), "unknown");
	assert_int_equal(tls_alert_in("0x55d0: is a fatal alert message (msg 48)\n"), 48);
	assert_int_equal(tls_alert_in("is a fatal alert message"), -1);
	assert_int_equal(tls_alert_in("is a fatal alert message (msg 99999999999)"), 999);
	for (unsigned phase = 0; phase < TLS_PHASE_COUNT; phase++)
		assert_true(strlen(tls_phase_name((enum tls_phase)phase)) > 3);
}

/* --- Ticket keys -------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 2000 };

static void *use_tickets(void *context)
{
	struct tls_tickets *tickets = tls_tickets_ref(context);
	uint32_t generation = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct tls_ticket_secrets secrets;
		uint32_t now = tls_tickets_refresh(tickets);

		if (now < generation)
			return (void *)1;
		generation = now;
		if (i % 50 == 0 && tls_tickets_rotate(tickets) != OK)
			return (void *)1;
		tls_tickets_copy(tickets, &secrets);
		if (secrets.generation < generation || secrets.count == 0)
			return (void *)1;
	}
	tls_tickets_unref(tickets);
	return NULL;
}

static void test_tickets_in_threads(void **state)
{
	struct tls_tickets *tickets = NULL;
	pthread_t threads[THREADS];

	(void)state;
	assert_int_equal(tls_tickets_new(3600000, &tickets), OK);
	assert_int_equal(tls_tickets_generation(tickets), 1);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_tickets, tickets), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *result = NULL;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
	assert_int_equal(tls_tickets_generation(tickets), 1 + THREADS * ROUNDS / 50);
	tls_tickets_unref(tickets);
	tls_tickets_unref(NULL);
}

static void test_tickets_limits(void **state)
{
	struct tls_tickets *tickets = NULL;

	(void)state;
	assert_int_equal(tls_tickets_new(0, &tickets), OK);
	assert_int_equal(tls_tickets_lifetime_ms(tickets), TLS_TICKETS_LIFETIME_MIN_MS);
	tls_tickets_unref(tickets);
	assert_int_equal(tls_tickets_new(UINT64_MAX, &tickets), OK);
	assert_int_equal(tls_tickets_lifetime_ms(tickets), TLS_TICKETS_LIFETIME_MAX_MS);
	tls_tickets_unref(tickets);
	memory_fail_after(0);
	assert_int_equal(tls_tickets_new(1, &tickets), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
}

/* --- Workers ------------------------------------------------------------------------------ */

/* Handshakes in several threads at once, each with its own server over shared certificates. */
static void *run_worker(void *context)
{
	const struct tls_server_options *shared = context;
	struct tls_server_options options = *shared;
	struct tls_server *server = NULL;
	void *result = (void *)1;

	if (tls_random_new(&options.random) != OK || tls_server_new(&options, &server) != OK)
		return result;
	for (int i = 0; i < 10; i++) {
		struct link link;
		bool is_open;

		link_open(&link, server,
		          &(struct wish){.name = i % 2 ? "a.example" : "b.example",
		                         .version = i % 3 ? TLS1_3_VERSION : TLS1_2_VERSION});
		link_run(&link);
		is_open = tls_session_phase(link.session) == TLS_OPEN;
		link_close(&link);
		if (!is_open)
			goto done;
	}
	result = NULL;
done:
	tls_server_unref(server);
	tls_random_free(options.random);
	return result;
}

static void test_workers(void **state)
{
	struct tls_certificate *certificates[] = {pki_certificate("P-256", "a.example"),
	                                          pki_certificate("RSA:2048", "b.example")};
	struct tls_sites *sites = make_sites(NULL, false, certificates, 2);
	struct tls_server_options options = {.sites = sites, .budget = &world.budget};
	pthread_t threads[THREADS];

	(void)state;
	assert_int_equal(tls_tickets_new(3600000, &options.tickets), OK);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &options), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *result = NULL;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
	tls_tickets_unref(options.tickets);
	tls_sites_unref(sites);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),        cmocka_unit_test(test_random),
		cmocka_unit_test(test_keyed_digest),   cmocka_unit_test(test_websocket_accept),
		cmocka_unit_test(test_numbers),        cmocka_unit_test(test_tickets_in_threads),
		cmocka_unit_test(test_tickets_limits), cmocka_unit_test(test_workers),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
