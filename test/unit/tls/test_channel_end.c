/*
 * Where a channel begins and ends: its keys against a real client's records, what stands behind
 * Finished, what is sent when memory or room is short, and nothing after close_notify.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tls/alert.h"
#include "tls/traffic.h"
#include "unit/tls/link.h"
#include "unit/tls/pair.h"

enum { TLS_1_3 = 0x1302, TLS_1_2 = 0xc030, PRF_SHA256 = 2 /* the library's number */ };

/* --- Against a real client ---------------------------------------------------------------- */

struct secret {
	unsigned char bytes[TLS_RECORD_SECRET_MAX];
	size_t size;
};

static struct secret logged; /* the client's, of the last handshake */

static void on_key_log(const SSL *client, const char *line)
{
	static const char *const labels[] = {"CLIENT_TRAFFIC_SECRET_0 ", "CLIENT_RANDOM "};

	(void)client;
	for (size_t i = 0; i < ARRAY_LENGTH(labels); i++) {
		const char *hex = strrchr(line, ' ') + 1;
		unsigned byte;

		if (strncmp(line, labels[i], strlen(labels[i])) != 0)
			continue;
		logged.size = strlen(hex) / 2;
		assert_true(logged.size <= sizeof(logged.bytes));
		for (size_t at = 0; at < logged.size; at++) {
			assert_int_equal(sscanf(hex + 2 * at, "%2x", &byte), 1);
			logged.bytes[at] = (unsigned char)byte;
		}
	}
}

/* Keys that seal as the client of the link does. */
static struct tls_record_keys client_keys(const struct link *link, unsigned suite,
                                          uint64_t sequence)
{
	const struct tls_protection *protection = tls_protection_find(suite);
	struct tls_traffic traffic = {.secret_size = logged.size, .prf = PRF_SHA256};
	struct tls_record_keys in;
	struct tls_record_keys out;

	memcpy(traffic.client, logged.bytes, logged.size);
	memcpy(traffic.server, logged.bytes, logged.size);
	(void)SSL_get_server_random(link->client, traffic.randoms, TLS_RANDOM_SIZE);
	(void)SSL_get_client_random(link->client, traffic.randoms + TLS_RANDOM_SIZE, TLS_RANDOM_SIZE);
	assert_int_equal(tls_traffic_keys(&traffic, protection, sequence, 0, &in, &out), OK);
	tls_record_keys_done(&out);
	in.seals = true;
	return in;
}

struct row {
	unsigned suite;
	int version;
	const char *name;
	uint64_t sequence; /* of the first record with data */
};

/* The suites whose records have one form only: with GCM in TLS 1.2 the nonce is the sender's choice
 * (RFC 5288 §3). */
static const struct row rows[] = {
	{0x1301, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", 0},
	{0x1302, TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", 0},
	{0x1303, TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", 0},
	{0xcca9, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", 1},
};

static struct tls_server *open_logged(struct link *link, const struct row *row)
{
	bool is_1_3 = row->version == TLS1_3_VERSION;
	struct tls_server *server =
		make_server(NULL, false, pki_certificate("P-256", "a.example"), NULL);

	link_open(link, server,
	          &(struct wish){.version = row->version,
	                         .suites_1_3 = is_1_3 ? row->name : NULL,
	                         .suites_1_2 = is_1_3 ? NULL : row->name});
	SSL_CTX_set_keylog_callback(link->context, on_key_log);
	return server;
}

static void test_same_bytes(void **state)
{
	static const size_t sizes[] = {1, 15, 16, 17, 1000, 16384};
	static char bytes[TLS_RECORD_CONTENT_MAX];
	static char theirs[TLS_RECORD_SIZE_MAX];
	static char ours[TLS_RECORD_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 11 + i / 253);
	for (size_t r = 0; r < ARRAY_LENGTH(rows); r++) {
		struct link link;
		struct tls_server *server = open_logged(&link, &rows[r]);

		link_shake(&link);

		struct tls_record_keys keys = client_keys(&link, rows[r].suite, rows[r].sequence);

		for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
			size_t size = 0;
			int got;

			assert_int_equal(SSL_write(link.client, bytes, (int)sizes[i]), sizes[i]);
			got = BIO_read(SSL_get_wbio(link.client), theirs, sizeof(theirs));
			assert_int_equal(tls_record_seal(&keys, TLS_CONTENT_APPLICATION,
			                                 span_of(bytes, sizes[i]), ours, &size),
			                 OK);
			assert_int_equal(got, size);
			assert_memory_equal(ours, theirs, size);
		}
		tls_record_keys_done(&keys);
		link_close(&link);
		tls_server_unref(server);
	}
}

/* Puts one more message behind Finished, the last record in wire_in. */
static void lengthen_finished(struct link *link, size_t finished_size)
{
	struct buffer *wire = &link->wire_in;
	struct tls_record_keys keys = client_keys(link, rows[3].suite, 0);
	char content[64];
	enum tls_content type;
	size_t size = 0;
	int alert;

	wire->end -= finished_size;
	keys.seals = false;
	assert_int_equal(tls_record_open(&keys, span_of(wire->data + wire->end, finished_size), content,
	                                 &size, &type, &alert),
	                 OK);
	assert_int_equal(type, TLS_CONTENT_HANDSHAKE);
	memcpy(content + size, "\x00\0\0\0", 4);
	keys.seals = true;
	keys.sequence = 0;
	assert_int_equal(
		tls_record_seal(&keys, type, span_of(content, size + 4), wire->data + wire->end, &size),
		OK);
	wire->end += size;
	tls_record_keys_done(&keys);
}

/* RFC 8446 §5.1 says it for both versions' sake: a change of keys is at a record's end. */
static void test_message_behind_finished(void **state)
{
	enum { FINISHED_SIZE = 5 + 16 + 16 };

	(void)state;
	for (int lengthened = 0; lengthened < 2; lengthened++) {
		struct link link;
		struct tls_server *server = open_logged(&link, &rows[3]);
		bool moved;

		(void)link_turn(&link); /* the first flights */
		(void)SSL_do_handshake(link.client);
		link.wire_in.end = (size_t)BIO_read(SSL_get_wbio(link.client), link.wire_in.data, 10000);
		if (lengthened)
			lengthen_finished(&link, FINISHED_SIZE);
		link.error = tls_session_advance(link.session, &link.wire_in, false, &link.wire_out,
		                                 &link.plain_in, &moved);
		assert_int_equal(link.error, lengthened ? ERROR_TLS_HANDSHAKE : OK);
		if (lengthened)
			assert_int_equal(tls_session_facts(link.session)->alert_sent,
			                 TLS_ALERT_UNEXPECTED_MESSAGE);
		else
			assert_int_equal(tls_session_phase(link.session), TLS_OPEN);
		link_close(&link);
		tls_server_unref(server);
	}
}

/* --- Short of memory and of room ---------------------------------------------------------- */

static void put_key_update(struct pair *pair, int request)
{
	char message[5] = {24, 0, 0, 1, (char)request};

	client_sends(pair, TLS_CONTENT_HANDSHAKE, message, sizeof(message));
	assert_int_equal(tls_record_keys_update(&pair->out), OK);
}

/* Without memory for new keys, the client's or ours, it learns so under keys that it has. */
static void test_key_update_without_memory(void **state)
{
	(void)state;
	for (long successes = 0; successes < 2; successes++) {
		struct pair pair;

		pair_open(&pair, TLS_1_3, 0);
		put_key_update(&pair, 1);
		memory_fail_after(successes);
		assert_int_equal(read_all(&pair), ERROR_OUT_OF_MEMORY);
		memory_fail_after(-1);
		assert_client_gets_alert(&pair, 2, TLS_ALERT_INTERNAL_ERROR);
		assert_int_equal(buffer_size(&pair.wire_out), 0);
		pair_close(&pair);
	}
}

/* With wire_out as full of data as it gets, the answer to a KeyUpdate and an alert have room. */
static void test_reserve(void **state)
{
	static const unsigned suites[] = {0x1301, 0x1302, 0x1303, 0xc030, 0xcca8};
	static char bytes[TLS_RECORD_SIZE_MAX];

	(void)state;
	for (size_t s = 0; s < ARRAY_LENGTH(suites); s++) {
		bool has_update = tls_protection_has_key_update(tls_protection_find(suites[s]));
		struct pair pair;
		size_t taken = 1;
		size_t size;

		pair_open(&pair, suites[s], 0);
		link_resize(&pair.wire_out, 1024);
		while (taken > 0)
			assert_int_equal(
				tls_channel_write(&pair.channel, span_of(bytes, 1), &pair.wire_out, &taken), OK);
		if (has_update)
			put_key_update(&pair, 1);
		else
			client_sends(&pair, TLS_CONTENT_HANDSHAKE, "\x01\0\0\0", 4);
		assert_int_equal(read_all(&pair), OK); /* the room is less than the reserve now */
		assert_true(buffer_room(&pair.wire_out) < TLS_CHANNEL_RESERVE);
		assert_true(tls_channel_close(&pair.channel, &pair.wire_out));
		assert_int_equal(pair.channel.alert_sent, TLS_ALERT_CLOSE_NOTIFY);
		while (buffer_size(&pair.wire_out) > 0)
			if (client_takes(&pair, bytes, &size) == TLS_CONTENT_HANDSHAKE)
				assert_int_equal(tls_record_keys_update(&pair.in), OK);
		assert_int_equal(size, 2);
		pair_close(&pair);
	}
}

/* A record without content, opened in place, leaves nothing behind. */
static void test_empty_record_in_place(void **state)
{
	static const unsigned suites[] = {0x1301, 0x1303, 0xc030, 0xcca8};

	(void)state;
	for (size_t s = 0; s < ARRAY_LENGTH(suites); s++) {
		struct pair pair;

		pair_open(&pair, suites[s], 0);
		link_resize(&pair.plain_in, 5);
		client_sends(&pair, TLS_CONTENT_APPLICATION, "", 0);
		assert_int_equal(read_all(&pair), OK);
		assert_int_equal(buffer_size(&pair.wire_in), 0);
		client_sends(&pair, TLS_CONTENT_APPLICATION, "", 0);
		client_sends(&pair, TLS_CONTENT_APPLICATION, "hello", 5);
		assert_session_gets(&pair, "hello", 5);
		pair_close(&pair);
	}
}

/* --- After close_notify ------------------------------------------------------------------- */

/* RFC 5246 §7.2.1, RFC 8446 §6.1: nothing follows it, whatever the client sends. */
static void test_nothing_after_close_notify(void **state)
{
	(void)state;
	for (unsigned damaged = 0; damaged < 2; damaged++)
		for (unsigned v = 0; v < 2; v++) {
			struct pair pair;

			pair_open(&pair, v ? TLS_1_2 : TLS_1_3, 0);
			assert_true(tls_channel_close(&pair.channel, &pair.wire_out));
			assert_client_gets_alert(&pair, 1, TLS_ALERT_CLOSE_NOTIFY);
			if (v)
				client_sends(&pair, TLS_CONTENT_HANDSHAKE, "\x01\0\0\0", 4);
			else
				put_key_update(&pair, 1);
			client_sends(&pair, TLS_CONTENT_APPLICATION, "on", 2);
			if (damaged)
				pair.wire_in.data[pair.wire_in.end - 1] ^= 1;
			if (damaged)
				assert_int_equal(read_all(&pair), ERROR_TLS_RECORD);
			else
				assert_session_gets(&pair, "on", 2);
			assert_int_equal(buffer_size(&pair.wire_out), 0);
			pair_close(&pair);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_message_behind_finished),
		cmocka_unit_test(test_key_update_without_memory),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_empty_record_in_place),
		cmocka_unit_test(test_nothing_after_close_notify),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
