/*
 * Whole handshakes with a real client: versions, cipher suites, groups, certificates, ALPN, and
 * what the session tells of them.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls/timeline.h"
#include "unit/tls/link.h"

static void test_every_suite(void **state)
{
	static const struct {
		const char *openssl, *iana, *kind;
		bool is_1_3;
	} rows[] = {
		{"TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", "P-256", true},
		{"TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "P-256", true},
		{"TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", "RSA:2048", true},
		{"ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "P-256",
	     false},
		{"ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "RSA:2048", false},
		{"ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "P-256",
	     false},
		{"ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "RSA:2048",
	     false},
		{"ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "P-384",
	     false},
		{"ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "RSA:2048", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct tls_server *server =
			make_server(NULL, false, pki_certificate(rows[i].kind, "a.example"), NULL);
		struct link link;

		link_open(&link, server,
		          &(struct wish){
					  .version = rows[i].is_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION,
					  .suites_1_2 = rows[i].is_1_3 ? NULL : rows[i].openssl,
					  .suites_1_3 = rows[i].is_1_3 ? rows[i].openssl : NULL,
					  .name = "a.example",
					  .verify = true,
				  });
		link_shake(&link);
		link_client_says(&link, "hello");
		link_session_says(&link, "and you");

		const struct tls_facts *facts = tls_session_facts(link.session);

		assert_string_equal(facts->suite, rows[i].iana);
		assert_string_equal(SSL_CIPHER_standard_name(SSL_get_current_cipher(link.client)),
		                    rows[i].iana);
		assert_string_equal(facts->version, rows[i].is_1_3 ? "TLSv1.3" : "TLSv1.2");
		assert_false(facts->resumed);
		assert_int_equal(facts->certificate, 0);
		link_close(&link);
		tls_server_unref(server);
	}
}

static struct tls_server *default_server(void)
{
	return make_server(NULL, false, pki_certificate("P-256", "a.example"), NULL);
}

static void test_every_group(void **state)
{
	static const char *const groups[] = {"x25519", "secp256r1", "secp384r1"};
	struct tls_server *server = default_server();

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(groups); i++) {
		/* An ECDSA certificate on P-256 needs that group offered too in TLS 1.2. */
		char list[40];
		bool is_1_3 = i % 2 == 0;
		struct link link;

		(void)snprintf(list, sizeof(list), "%s%s", groups[i / 2],
		               is_1_3 || i / 2 == 1 ? "" : ":secp256r1");
		link_open(&link, server,
		          &(struct wish){
					  .version = is_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION,
					  .groups = list,
				  });
		link_shake(&link);
		/* TLS 1.2 follows our order, and P-256 was only offered for the certificate. */
		assert_string_equal(tls_session_facts(link.session)->group,
		                    !is_1_3 && i / 2 == 2 ? "secp256r1" : groups[i / 2]);
		assert_false(tls_session_facts(link.session)->has_retry);
		link_session_says(&link, "hello");
		link_close(&link);
	}
	tls_server_unref(server);
}

/* The client's one key share is for a group that we do not have. */
static void test_hello_retry(void **state)
{
	struct tls_server *server = default_server();
	struct link link;

	(void)state;
	link_open(&link, server, &(struct wish){.groups = "P-521:X25519", .name = "a.example"});
	link_shake(&link);
	assert_true(tls_session_facts(link.session)->has_retry);
	assert_string_equal(tls_session_facts(link.session)->group, "x25519");
	assert_int_equal(tls_session_facts(link.session)->certificate, 0);
	link_client_says(&link, "hello");
	link_close(&link);
	tls_server_unref(server);
}

static void test_facts(void **state)
{
	struct tls_server *server = default_server();
	struct link link;

	(void)state;
	link_open(&link, server,
	          &(struct wish){.name = "A.Example.", .protocols = "\x02h2\x08http/1.1"});

	const struct tls_facts *facts = tls_session_facts(link.session);

	assert_null(facts->version);
	assert_int_equal(facts->hello_us, 0);
	link_shake(&link);
	assert_string_equal(facts->version, "TLSv1.3");
	/* OpenSSL lists AES-256 first, and the library follows. */
	assert_string_equal(facts->suite, "TLS_AES_256_GCM_SHA384");
	assert_string_equal(facts->group, "x25519");
	assert_string_equal(facts->alpn, "http/1.1");
	assert_true(span_equal(facts->server_name, SPAN("a.example")));
	assert_int_equal(facts->alert_received, -1);
	assert_int_equal(facts->alert_sent, -1);
	assert_true(facts->started_us > 0 && facts->started_us <= facts->hello_us);
	assert_true(facts->hello_us <= facts->server_hello_us);
	assert_true(facts->server_hello_us <= facts->finished_us);
	assert_int_equal(facts->handshake_bytes_in, BIO_number_written(SSL_get_wbio(link.client)));
	assert_int_equal(facts->handshake_bytes_out, BIO_number_read(SSL_get_rbio(link.client)));
	link_close(&link);
	tls_server_unref(server);
}

/* "client ClientHello, proxy decision, …" */
static void put_steps(const struct link *link, struct text *text)
{
	const struct tls_timeline *timeline = tls_session_timeline(link->session);

	assert_non_null(timeline);
	for (size_t i = 0; i < timeline->count; i++)
		text_printf(text, "%s%s %s", i > 0 ? ", " : "",
		            tls_timeline_side_name(timeline->steps[i].side), timeline->steps[i].name);
}

/* The steps of a handshake by their names in RFC 8446 and RFC 5246, in order. */
static void test_timeline(void **state)
{
	static const struct {
		struct wish wish;
		const char *steps;
	} rows[] = {
		{{.version = TLS1_3_VERSION},
	     "client ClientHello, proxy decision, proxy certificate_chosen, proxy hello_parsed, server "
	     "ServerHello, server ChangeCipherSpec, server EncryptedExtensions, server Certificate, "
	     "server CertificateVerify, server Finished, client Finished, server NewSessionTicket"},
		{{.version = TLS1_3_VERSION, .groups = "P-521:X25519"},
	     "client ClientHello, proxy decision, proxy certificate_chosen, proxy hello_parsed, server "
	     "HelloRetryRequest, server ChangeCipherSpec, proxy certificate_chosen, client "
	     "ClientHello, server ServerHello, server EncryptedExtensions, server Certificate, server "
	     "CertificateVerify, server Finished, client Finished, server NewSessionTicket"},
		{{.version = TLS1_2_VERSION},
	     "client ClientHello, proxy decision, proxy certificate_chosen, proxy hello_parsed, server "
	     "ServerHello, server Certificate, server ServerKeyExchange, server ServerHelloDone, "
	     "client ClientKeyExchange, client ChangeCipherSpec, client Finished, server "
	     "NewSessionTicket, server ChangeCipherSpec, server Finished"},
	};
	struct tls_tickets *tickets;
	struct tls_server *server;

	(void)state;
	assert_int_equal(tls_tickets_new(3600000, &tickets), OK);
	server = make_server(tickets, false, pki_certificate("P-256", "a.example"), NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct wish wish = rows[i].wish;
		struct link link;
		struct text steps;
		uint64_t bytes = 0;
		uint64_t at_us = 0;

		link_open(&link, server, &wish);
		assert_null(tls_session_timeline(link.session));
		link_shake(&link);
		text_init(&steps, 2000);
		put_steps(&link, &steps);
		assert_string_equal(text_string(&steps), rows[i].steps);

		const struct tls_timeline *timeline = tls_session_timeline(link.session);

		for (size_t j = 0; j < timeline->count; j++) {
			bytes += timeline->steps[j].bytes;
			assert_true(timeline->steps[j].at_us >= at_us);
			at_us = timeline->steps[j].at_us;
			assert_true(timeline->steps[j].took_us <= at_us);
		}
		/* Every byte is in one of the steps. */
		assert_int_equal(bytes, tls_session_facts(link.session)->handshake_bytes_in +
		                            tls_session_facts(link.session)->handshake_bytes_out);
		tls_session_drop_timeline(link.session);
		assert_null(tls_session_timeline(link.session));
		link_client_says(&link, "hello");
		text_done(&steps);
		link_close(&link);
	}
	tls_tickets_unref(tickets);
	tls_server_unref(server);
}

static void test_protocols(void **state)
{
	struct tls_server *server = default_server();
	struct link link;

	(void)state;
	link_open(&link, server, &(struct wish){.version = TLS1_2_VERSION});
	link_shake(&link);
	assert_null(tls_session_facts(link.session)->alpn);
	assert_int_equal(tls_session_facts(link.session)->server_name.size, 0);
	link_close(&link);
	for (int i = 0; i < 2; i++) {
		link_open(
			&link, server,
			&(struct wish){.version = i ? TLS1_3_VERSION : TLS1_2_VERSION, .protocols = "\x02h2"});
		link_run(&link);
		assert_int_equal(link.error, ERROR_TLS_NO_COMMON_PROTOCOL);
		assert_int_equal(link_client_alert(&link), SSL_AD_NO_APPLICATION_PROTOCOL);
		assert_int_equal(tls_session_facts(link.session)->alert_sent,
		                 SSL_AD_NO_APPLICATION_PROTOCOL);
		link_close(&link);
	}
	tls_server_unref(server);
}

static void test_byte_by_byte(void **state)
{
	struct tls_server *server = default_server();

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct link link;

		link_open(&link, server,
		          &(struct wish){
					  .version = i ? TLS1_3_VERSION : TLS1_2_VERSION,
					  .groups = i == 2 ? "P-521:P-256" : NULL,
				  });
		link.step = 1;
		link_shake(&link);
		link_client_says(&link, "hello");
		link_session_says(&link, "and you");
		link_close(&link);
	}
	tls_server_unref(server);
}

/* The least wire_out, drained by little; plain_in with room for one byte. */
static void test_little_room(void **state)
{
	struct tls_server *server = default_server();

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		struct link link;

		link_open(&link, server,
		          &(struct wish){
					  .version = i % 2 ? TLS1_3_VERSION : TLS1_2_VERSION,
					  .groups = i % 4 == 3 ? "P-521:P-256" : NULL,
				  });
		link_resize(&link.wire_out, TLS_WIRE_OUT_MIN);
		link_resize(&link.plain_in, 1);
		link.step = 1 + i * 7 % 97;
		link_shake(&link);
		assert_int_equal(SSL_write(link.client, "hello", 5), 5);
		for (size_t at = 0; at < 5; at++) {
			link_run(&link);
			assert_true(
				span_equal(buffer_content(&link.plain_in), span_cut(SPAN("hello"), at, at + 1)));
			assert_true(tls_session_has_pending(link.session) == (at < 4));
			buffer_taken(&link.plain_in, 1);
		}
		link_session_says(&link, "and you");
		link_close(&link);
	}
	tls_server_unref(server);
}

/* Takes the client's first flight and cuts its ClientHello into records of `size` bytes. */
static void cut_hello(struct link *link, size_t size)
{
	char flight[4096];
	int got;

	(void)SSL_do_handshake(link->client);
	got = BIO_read(SSL_get_wbio(link->client), flight, sizeof(flight));
	assert_true(got > 5);
	for (struct span rest = span_of(flight + 5, (size_t)got - 5); rest.size > 0;) {
		struct span part = span_cut(rest, 0, size);
		char header[] = {22, 3, 1, (char)(part.size >> 8), (char)part.size};

		assert_int_equal(buffer_put(&link->wire_in, span_of(header, 5)), 5);
		assert_int_equal(buffer_put(&link->wire_in, part), part.size);
		rest = span_from(rest, part.size);
	}
}

static void test_hello_in_many_records(void **state)
{
	static const size_t sizes[] = {4, 5, 17, 50, 100, 250};
	struct tls_server *server = default_server();

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(sizes); i++) {
		struct link link;

		link_open(&link, server,
		          &(struct wish){.version = i % 2 ? TLS1_3_VERSION : TLS1_2_VERSION,
		                         .name = "a.example"});
		cut_hello(&link, sizes[i / 2]);
		link_shake(&link);
		assert_true(span_equal(tls_session_facts(link.session)->server_name, SPAN("a.example")));
		link_client_says(&link, "hello");
		link_close(&link);
	}
	tls_server_unref(server);
}

/* A wire_in that can not hold the ClientHello: the library decides, with both certificates. */
static void test_hello_larger_than_room(void **state)
{
	struct tls_server *server = make_server(NULL, false, pki_certificate("RSA:2048", "a.example"),
	                                        pki_certificate("P-256", "a.example"), NULL);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct link link;

		link_open(&link, server,
		          &(struct wish){.version = i % 2 ? TLS1_3_VERSION : TLS1_2_VERSION,
		                         .name = "a.example",
		                         .verify = true});
		link_resize(&link.wire_in, 100);
		link_shake(&link);
		link_client_says(&link, "hello");
		link_close(&link);
	}
	tls_server_unref(server);
}

static void test_budget(void **state)
{
	struct tls_server *server = default_server();
	struct link link;
	size_t used = atomic_load(&world.budget.used);

	(void)state;
	link_open(&link, server, &(struct wish){0});
	assert_int_equal(atomic_load(&world.budget.used), used);
	(void)link_turn(&link);
	assert_int_equal(atomic_load(&world.budget.used), used + TLS_SESSION_MEMORY_HANDSHAKE);
	link_shake(&link);
	assert_int_equal(atomic_load(&world.budget.used), used + TLS_SESSION_MEMORY_OPEN);
	link_close(&link);
	assert_int_equal(atomic_load(&world.budget.used), used);

	world.budget.max = used + TLS_SESSION_MEMORY_HANDSHAKE - 1;
	link_open(&link, server, &(struct wish){0});
	link_run(&link);
	assert_int_equal(link.error, ERROR_OUT_OF_MEMORY);
	assert_int_equal(link_client_alert(&link), SSL_AD_INTERNAL_ERROR);
	link_close(&link);
	assert_int_equal(atomic_load(&world.budget.used), used);
	world.budget.max = (size_t)64 << 20;
	tls_server_unref(server);
}

/* --- Memory ------------------------------------------------------------------------------- */

int mbedtls_platform_set_calloc_free(void *(*calloc_function)(size_t, size_t),
                                     void (*free_function)(void *));

static size_t library_bytes;

static void *count_calloc(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	library_bytes += malloc_usable_size(memory);
	return memory;
}

static void count_free(void *memory)
{
	library_bytes -= malloc_usable_size(memory);
	free(memory);
}

/* What a session counts against the budget is about what it takes between two calls. */
static void test_memory(void **state)
{
	/* Our structs, which the library does not allocate. */
	enum { OWN_IN_HANDSHAKE = 3000 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct tls_server *server = make_server(
			NULL, false, pki_certificate(i & 2 ? "RSA:2048" : "P-256", "a.example"), NULL);
		struct link link;

		/* The worker's key is parsed by the first handshake, and stays. */
		link_open(&link, server, &(struct wish){0});
		link_shake(&link);
		link_close(&link);

		link_open(&link, server,
		          &(struct wish){.version = i & 1 ? TLS1_3_VERSION : TLS1_2_VERSION});
		size_t most = 0;

		library_bytes = 0;
		assert_int_equal(mbedtls_platform_set_calloc_free(count_calloc, count_free), 0);
		while (link_turn(&link))
			most = library_bytes > most ? library_bytes : most;
		link_shake(&link);
		print_message("%s, %s: at most %zu bytes in the handshake, %zu after\n",
		              i & 1 ? "TLS 1.3" : "TLS 1.2", i & 2 ? "RSA" : "ECDSA", most, library_bytes);
		assert_in_range(most + OWN_IN_HANDSHAKE, TLS_SESSION_MEMORY_HANDSHAKE * 3 / 4,
		                TLS_SESSION_MEMORY_HANDSHAKE);
		/* The library is done; what is left is two ciphers of ours. */
		assert_int_equal(library_bytes, 0);
		link_close(&link);
		assert_int_equal((int)tls_library_open(), OK);
		tls_server_unref(server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_suite),
		cmocka_unit_test(test_every_group),
		cmocka_unit_test(test_hello_retry),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_little_room),
		cmocka_unit_test(test_hello_in_many_records),
		cmocka_unit_test(test_hello_larger_than_room),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
