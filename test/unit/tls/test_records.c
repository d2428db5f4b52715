/*
 * After the handshake: many records both ways, closing, truncation, and what may not come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "unit/tls/link.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static struct tls_server *server;

static int open_group(void **state)
{
	if (world_open(state) != 0)
		return -1;
	server = make_server(NULL, false, pki_certificate("P-256", "a.example"), NULL);
	return 0;
}

static int close_group(void **state)
{
	tls_server_unref(server);
	return world_close(state);
}

static void open_link(struct link *link, int version)
{
	link_open(link, server, &(struct wish){.version = version});
	link_shake(link);
}

static char *pattern(size_t size)
{
	char *bytes = malloc(size);

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 31 + i / 251);
	return bytes;
}

/* All of `size` bytes go to the client through a wire_out of `capacity`. */
static void send_much(int version, size_t size, size_t capacity, size_t step)
{
	struct link link;
	char *bytes = pattern(size);
	size_t sent = 0;

	open_link(&link, version);
	link_resize(&link.wire_out, capacity);
	link.step = step;
	while (sent < size) {
		size_t taken = 0;

		assert_int_equal(tls_session_write(link.session, span_of(bytes + sent, size - sent),
		                                   &link.wire_out, &taken),
		                 OK);
		assert_true(capacity - buffer_size(&link.wire_out) >= 128 || taken == 0);
		sent += taken;
		assert_true(link_turn(&link));
	}
	link_run(&link);
	assert_int_equal(link.received.size, size);
	assert_memory_equal(link.received.data, bytes, size);
	free(bytes);
	link_close(&link);
}

static void test_much_to_client(void **state)
{
	static const size_t sizes[] = {1, 16383, 16384, 16385, 100000, 1000000};
	static const size_t capacities[] = {512, 4096, 20480, 81920, 278528};

	(void)state;
	for (size_t v = 0; v < ARRAY_LENGTH(versions); v++)
		for (size_t s = 0; s < ARRAY_LENGTH(sizes); s++)
			for (size_t c = 0; c < ARRAY_LENGTH(capacities); c++)
				send_much(versions[v], sizes[s], capacities[c], s == 4 ? 1000 : 0);
}

/* A large block of plaintext becomes as many whole records as fit, in one call. */
static void test_full_records(void **state)
{
	char *bytes = pattern(200000);

	(void)state;
	for (size_t v = 0; v < ARRAY_LENGTH(versions); v++) {
		/* Overhead of a record: header 5, tag 16, and a type or an explicit nonce. */
		size_t overhead = versions[v] == TLS1_3_VERSION ? 22 : 29;
		size_t full = 16384;
		size_t taken = 0;
		struct link link;

		open_link(&link, versions[v]);
		link_resize(&link.wire_out, 5 * (full + overhead) + overhead + 1 + 128);
		assert_int_equal(
			tls_session_write(link.session, span_of(bytes, 200000), &link.wire_out, &taken), OK);
		assert_int_equal(taken, 5 * full);
		assert_int_equal(buffer_size(&link.wire_out), 5 * (full + overhead));
		assert_int_equal(tls_session_write(link.session, span_of(bytes, 1), &link.wire_out, &taken),
		                 OK);
		assert_int_equal(taken, 1);
		assert_int_equal(tls_session_write(link.session, span_of(bytes, 1), &link.wire_out, &taken),
		                 OK);
		assert_int_equal(taken, 0);
		/* Reading goes on even so. */
		assert_int_equal(SSL_write(link.client, "hello", 5), 5);
		(void)link_turn(&link);
		assert_int_equal(buffer_size(&link.plain_in), 5);
		link_run(&link);
		assert_int_equal(link.received.size, 5 * full + 1);
		link_close(&link);
	}
	free(bytes);
}

static void test_much_to_session(void **state)
{
	enum { SIZE = 500000 };
	char *bytes = pattern(SIZE);

	(void)state;
	for (size_t v = 0; v < 2 * ARRAY_LENGTH(versions); v++) {
		struct link link;
		size_t got = 0;

		open_link(&link, versions[v / 2]);
		link_resize(&link.plain_in, v % 2 ? 20480 : 1000);
		link.step = v % 2 ? 0 : 777;
		assert_int_equal(SSL_write(link.client, bytes, SIZE), SIZE);
		while (got < SIZE) {
			struct span content;

			(void)link_turn(&link);
			content = buffer_content(&link.plain_in);
			assert_true(content.size <= SIZE - got);
			assert_true(content.size == 0 || memcmp(content.data, bytes + got, content.size) == 0);
			got += content.size;
			buffer_taken(&link.plain_in, content.size);
		}
		assert_false(tls_session_has_pending(link.session));
		link_close(&link);
	}
	free(bytes);
}

static void test_client_closes(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LENGTH(versions); v++) {
		struct link link;

		open_link(&link, versions[v]);
		assert_int_equal(SSL_write(link.client, "last", 4), 4);
		assert_int_equal(SSL_shutdown(link.client), 0);
		link_run(&link);
		link.wire_ended = true;
		link_run(&link);
		assert_int_equal(link.error, OK);
		assert_int_equal(tls_session_phase(link.session), TLS_CLOSED_BY_PEER);
		assert_int_equal(buffer_size(&link.plain_in), 4);
		/* Half closed: the answer still goes. */
		link_session_says(&link, "the answer");
		assert_true(tls_session_close(link.session, &link.wire_out));
		link_run(&link);
		assert_true(link.client_closed);
		link_close(&link);
	}
}

static void test_session_closes(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LENGTH(versions); v++) {
		struct link link;
		size_t taken = 1;
		size_t size;

		open_link(&link, versions[v]);
		link_resize(&link.wire_out, 10);
		assert_false(tls_session_close(link.session, &link.wire_out));
		link_resize(&link.wire_out, 600);
		assert_true(tls_session_close(link.session, &link.wire_out));
		size = buffer_size(&link.wire_out);
		assert_true(size > 0);
		assert_true(tls_session_close(link.session, &link.wire_out)); /* once only */
		assert_int_equal(buffer_size(&link.wire_out), size);
		assert_int_equal(tls_session_write(link.session, SPAN("too late"), &link.wire_out, &taken),
		                 OK);
		assert_int_equal(taken, 0);
		link_run(&link);
		assert_true(link.client_closed);
		assert_int_equal(tls_session_phase(link.session), TLS_OPEN);
		assert_true(SSL_shutdown(link.client) >= 0);
		link_run(&link);
		assert_int_equal(tls_session_phase(link.session), TLS_CLOSED_BY_PEER);
		link_close(&link);
	}
}

/* The socket ends without close_notify: after whole records, and within one. */
static void test_truncation(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LENGTH(versions); v++) {
		for (int within = 0; within < 2; within++) {
			struct link link;
			struct text why;

			open_link(&link, versions[v]);
			link_resize(&link.plain_in, 3);
			assert_int_equal(SSL_write(link.client, "last", 4), 4);
			(void)link_turn(&link);
			if (within)
				assert_int_equal(buffer_put(&link.wire_in, SPAN("\x17\x03\x03\x00\x50...")), 8);
			link.wire_ended = true;
			(void)link_turn(&link);
			/* What has been decrypted is handed over first. */
			assert_int_equal(link.error, OK);
			assert_true(tls_session_has_pending(link.session));
			buffer_taken(&link.plain_in, 3);
			link_run(&link);
			assert_int_equal(buffer_size(&link.plain_in), 1);
			assert_int_equal(link.error, ERROR_TLS_TRUNCATED);
			assert_int_equal(tls_session_phase(link.session), TLS_FAILED);
			text_init(&why, 100);
			tls_session_explain(link.session, &why);
			assert_string_equal(text_string(&why), error_words(ERROR_TLS_TRUNCATED));
			text_done(&why);
			link_close(&link);
		}
	}
}

static void expect_record_error(struct link *link, int alert)
{
	size_t taken = 0;

	link_run(link);
	assert_int_equal(link->error, ERROR_TLS_RECORD);
	assert_int_equal(tls_session_phase(link->session), TLS_FAILED);
	assert_int_equal(link_client_alert(link), alert);
	assert_int_equal(tls_session_facts(link->session)->alert_sent, alert);
	assert_int_equal(tls_session_write(link->session, SPAN("x"), &link->wire_out, &taken),
	                 ERROR_TLS_RECORD);
	assert_true(tls_session_close(link->session, &link->wire_out));
	assert_true(buffer_is_empty(&link->wire_out));
}

/* RFC 8446 §4.6.3: the client takes new keys and asks for ours, again and again. */
static void test_key_update(void **state)
{
	static const int requests[] = {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED};
	static const char *const suites[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
	                                     "TLS_CHACHA20_POLY1305_SHA256"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(suites); i++) {
		struct link link;

		link_open(&link, server,
		          &(struct wish){.version = TLS1_3_VERSION, .suites_1_3 = suites[i]});
		link_shake(&link);
		for (unsigned round = 0; round < 10; round++) {
			assert_true(SSL_key_update(link.client, requests[round % 2]));
			assert_int_equal(SSL_do_handshake(link.client), 1);
			link_client_says(&link, "under a new key");
			link_session_says(&link, "under another");
		}
		link_close(&link);
	}
}

/* Every suite, both ways, against a real client. */
static void test_every_suite(void **state)
{
	static const char *const suites[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
	                                     "TLS_CHACHA20_POLY1305_SHA256"};
	static const char *const suites_1_2[] = {"ECDHE-ECDSA-AES128-GCM-SHA256",
	                                         "ECDHE-ECDSA-AES256-GCM-SHA384",
	                                         "ECDHE-ECDSA-CHACHA20-POLY1305"};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(suites); i++) {
		struct link link;

		if (i < ARRAY_LENGTH(suites))
			link_open(&link, server,
			          &(struct wish){.version = TLS1_3_VERSION, .suites_1_3 = suites[i]});
		else
			link_open(&link, server,
			          &(struct wish){.version = TLS1_2_VERSION,
			                         .suites_1_2 = suites_1_2[i - ARRAY_LENGTH(suites)]});
		link_shake(&link);
		for (unsigned round = 0; round < 20; round++) {
			link_client_says(&link, "from the client");
			link_session_says(&link, "to the client");
		}
		link_close(&link);
	}
}

/* Renegotiation is refused with a warning; OpenSSL then gives up. */
static void test_renegotiation(void **state)
{
	struct link link;

	(void)state;
	open_link(&link, TLS1_2_VERSION);
	assert_true(SSL_renegotiate(link.client));
	(void)SSL_do_handshake(link.client);
	link_run(&link);
	assert_int_equal(ERR_GET_REASON(link.client_error), SSL_R_NO_RENEGOTIATION);
	assert_int_equal(link.error, ERROR_TLS_ALERT);
	assert_int_equal(tls_session_facts(link.session)->alert_received, SSL_AD_HANDSHAKE_FAILURE);
	link_close(&link);
}

static void test_damaged_record(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LENGTH(versions); v++) {
		struct link link;

		open_link(&link, versions[v]);
		assert_int_equal(SSL_write(link.client, "hello", 5), 5);
		link.wire_in.end = (size_t)BIO_read(SSL_get_wbio(link.client), link.wire_in.data, 1000);
		link.wire_in.data[link.wire_in.end - 3] ^= 1;
		expect_record_error(&link, SSL_AD_BAD_RECORD_MAC);
		link_close(&link);
	}
}

/* The client gets a damaged record, and says so; that is encrypted, in TLS 1.3 too. */
static void test_alert_in_data(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LENGTH(versions); v++) {
		struct link link;
		size_t taken = 0;

		open_link(&link, versions[v]);
		assert_int_equal(tls_session_write(link.session, SPAN("hello"), &link.wire_out, &taken),
		                 OK);
		link.wire_out.data[link.wire_out.end - 1] ^= 1;
		link_run(&link);
		assert_int_equal(link.error, ERROR_TLS_ALERT);
		assert_int_equal(tls_session_facts(link.session)->alert_received, SSL_AD_BAD_RECORD_MAC);
		link_close(&link);
	}
}

static void test_not_records(void **state)
{
	static const struct span rows[] = {
		{"GET / HTTP/1.1\r\n", 16},
		{"\x17\x03\x03\xff\xff...", 8},
		{"\x18\x03\x03\x00\x04\x01\x02\x03\x04", 9},
		{"\x17\x03\x03\x00\x00", 5},
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(rows); i++) {
		struct link link;

		open_link(&link, versions[i % 2]);
		assert_int_equal(buffer_put(&link.wire_in, rows[i / 2]), rows[i / 2].size);
		link_run(&link);
		assert_int_equal(link.error, ERROR_TLS_RECORD);
		assert_true(link_client_alert(&link) > 0);
		link_close(&link);
	}
}

static struct tls_server *make_limited(uint64_t records_max)
{
	struct tls_certificate *certificate = pki_certificate("P-256", "a.example");
	struct tls_sites *sites = make_sites(NULL, false, &certificate, 1);
	struct tls_server_options options = {.sites = sites,
	                                     .random = world.random,
	                                     .budget = &world.budget,
	                                     .records_max = records_max};
	struct tls_server *limited = NULL;

	assert_int_equal(tls_server_new(&options, &limited), OK);
	tls_sites_unref(sites);
	return limited;
}

/* A key of the client's, and one of ours in TLS 1.2, ends the connection when it is worn. */
static void test_key_limit(void **state)
{
	static const struct {
		int version;
		bool is_in;
		int first; /* Finished is the first record under the keys of TLS 1.2 */
	} rows[] = {{TLS1_2_VERSION, true, 1}, {TLS1_2_VERSION, false, 1}, {TLS1_3_VERSION, true, 0}};
	struct tls_server *limited = make_limited(10);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct link link;
		size_t taken = 0;

		link_open(&link, limited, &(struct wish){.version = rows[i].version});
		link_shake(&link);
		for (int j = rows[i].first; j < 10; j++) {
			assert_int_equal(tls_session_is_worn(link.session), j >= 5);
			if (rows[i].is_in)
				link_client_says(&link, "hello");
			else
				link_session_says(&link, "hello");
		}
		if (rows[i].is_in) {
			assert_int_equal(SSL_write(link.client, "x", 1), 1);
			link_run(&link);
		} else {
			link.error = tls_session_write(link.session, SPAN("x"), &link.wire_out, &taken);
		}
		assert_int_equal(link.error, ERROR_TLS_KEY_LIMIT);
		link_run(&link);
		assert_true(link.client_closed);
		link_close(&link);
	}
	tls_server_unref(limited);
}

/* In TLS 1.3 we take new keys, and a real client follows. */
static void test_own_key_update(void **state)
{
	struct tls_server *limited = make_limited(10);
	struct link link;

	(void)state;
	link_open(&link, limited, &(struct wish){.version = TLS1_3_VERSION});
	link_shake(&link);
	for (int i = 0; i < 100; i++)
		link_session_says(&link, "hello");
	assert_false(tls_session_is_worn(link.session));
	link_close(&link);
	tls_server_unref(limited);
}

/* Nothing is written before the handshake has ended. */
static void test_too_early(void **state)
{
	struct link link;
	size_t taken = 1;

	(void)state;
	link_open(&link, server, &(struct wish){0});
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tls_session_write(link.session, SPAN("x"), &link.wire_out, &taken), OK);
		assert_int_equal(taken, 0);
		assert_true(tls_session_close(link.session, &link.wire_out));
		(void)link_turn(&link);
		buffer_taken(&link.wire_out, buffer_size(&link.wire_out));
	}
	link_close(&link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_much_to_client),  cmocka_unit_test(test_full_records),
		cmocka_unit_test(test_much_to_session), cmocka_unit_test(test_client_closes),
		cmocka_unit_test(test_session_closes),  cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_key_update),      cmocka_unit_test(test_every_suite),
		cmocka_unit_test(test_renegotiation),   cmocka_unit_test(test_damaged_record),
		cmocka_unit_test(test_alert_in_data),   cmocka_unit_test(test_not_records),
		cmocka_unit_test(test_key_limit),       cmocka_unit_test(test_own_key_update),
		cmocka_unit_test(test_too_early),
	};

	return cmocka_run_group_tests(tests, open_group, close_group);
}
