/*
 * Records after the handshake, by our own hand: each suite both ways, damage, KeyUpdate, alerts,
 * limits. The other side is played with the same keys; that the bytes are those of real clients and
 * of the library is tested in test_records.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls/alert.h"
#include "tls/channel.h"
#include "tls/library.h"
#include "unit/tls/link.h"
#include "unit/tls/pair.h"

static const unsigned suites[] = {
	0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca8, 0xcca9,
};

enum { TLS_1_3 = 0x1302, TLS_1_2 = 0xc030 };

/* --- Both ways ---------------------------------------------------------------------------- */

static void test_each_suite(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, 16383, 16384};
	static char bytes[TLS_RECORD_CONTENT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 256);
	for (size_t s = 0; s < ARRAY_LENGTH(suites); s++) {
		struct pair pair;

		pair_open(&pair, suites[s], 0);
		for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
			size_t taken = 0;

			client_sends(&pair, TLS_CONTENT_APPLICATION, bytes, sizes[i]);
			assert_session_gets(&pair, bytes, sizes[i]);
			assert_int_equal(
				tls_channel_write(&pair.channel, span_of(bytes, sizes[i]), &pair.wire_out, &taken),
				OK);
			assert_int_equal(taken, sizes[i]);
			if (taken > 0)
				assert_client_gets(&pair, TLS_CONTENT_APPLICATION, bytes, sizes[i]);
		}
		pair_close(&pair);
	}
}

/* Ten records of a segment each, or of what there is; then full ones. */
static void test_small_records_first(void **state)
{
	static char bytes[TLS_RECORD_CONTENT_MAX];
	struct span all = span_of(bytes, sizeof(bytes));
	size_t at = 0;
	size_t taken = 0;
	struct pair pair;

	(void)state;
	memset(bytes, 's', sizeof(bytes));
	pair_open(&pair, TLS_1_3, 0);
	tls_channel_begin_small(&pair.channel);
	assert_int_equal(tls_channel_write(&pair.channel, all, &pair.wire_out, &taken), OK);
	assert_int_equal(taken, all.size);
	/* With all that is around it, a record fits Ethernet's 1500 bytes. */
	assert_true(tls_record_size(buffer_content(&pair.wire_out)) <= 1500 - 40 - 12);
	for (unsigned i = 0; i < TLS_CHANNEL_SMALL_RECORDS; i++, at += TLS_CHANNEL_SMALL_SIZE)
		assert_client_gets(&pair, TLS_CONTENT_APPLICATION, bytes + at, TLS_CHANNEL_SMALL_SIZE);
	assert_client_gets(&pair, TLS_CONTENT_APPLICATION, bytes + at, all.size - at);
	assert_int_equal(tls_channel_write(&pair.channel, all, &pair.wire_out, &taken), OK);
	assert_client_gets(&pair, TLS_CONTENT_APPLICATION, bytes, all.size);
	pair_close(&pair);
}

/* plain_in without room for a record: it is opened in place, and comes in parts. */
static void test_small_plain_in(void **state)
{
	static char bytes[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 13 + i / 251);
	for (size_t s = 0; s < ARRAY_LENGTH(suites); s++) {
		struct pair pair;
		size_t got = 0;

		pair_open(&pair, suites[s], 0);
		link_resize(&pair.plain_in, 777);
		client_sends(&pair, TLS_CONTENT_APPLICATION, bytes, sizeof(bytes));
		client_sends(&pair, TLS_CONTENT_APPLICATION, "end", 3);
		while (got < sizeof(bytes) + 3) {
			struct span content;

			assert_int_equal(read_all(&pair), OK);
			content = buffer_content(&pair.plain_in);
			assert_true(content.size > 0);
			for (size_t i = 0; i < content.size; i++, got++)
				assert_int_equal(content.data[i],
				                 got < sizeof(bytes) ? bytes[got] : "end"[got - sizeof(bytes)]);
			buffer_taken(&pair.plain_in, content.size);
		}
		assert_int_equal(read_all(&pair), OK);
		assert_int_equal(buffer_size(&pair.wire_in), 0);
		assert_int_equal(pair.channel.held, 0);
		pair_close(&pair);
	}
}

/* Byte by byte on the wire, nothing comes out before the record is whole. */
static void test_partial_records(void **state)
{
	struct pair pair;
	char record[64];
	size_t size;

	(void)state;
	pair_open(&pair, TLS_1_3, 0);
	client_sends(&pair, TLS_CONTENT_APPLICATION, "hello", 5);
	size = buffer_size(&pair.wire_in);
	memcpy(record, buffer_content(&pair.wire_in).data, size);
	buffer_taken(&pair.wire_in, size);
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(buffer_size(&pair.plain_in), 0);
		assert_int_equal(buffer_put(&pair.wire_in, span_of(record + i, 1)), 1);
		assert_int_equal(read_all(&pair), OK);
	}
	assert_session_gets(&pair, "hello", 5);
	pair_close(&pair);
}

/* --- Damage ------------------------------------------------------------------------------- */

static void test_each_byte_damaged(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_LENGTH(suites); s++) {
		size_t size = 5 + tls_protection_overhead(tls_protection_find(suites[s]));

		for (size_t at = 0; at < size; at++) {
			struct pair pair;

			pair_open(&pair, suites[s], 0);
			client_sends(&pair, TLS_CONTENT_APPLICATION, "hello", 5);
			pair.wire_in.data[at] ^= 0x01;
			/* What follows, so that a record made longer is complete too. */
			for (unsigned i = 0; i < 300; i++)
				(void)buffer_put(&pair.wire_in, span_of_string("\x17"));
			assert_int_equal(read_all(&pair), ERROR_TLS_RECORD);
			assert_int_equal(buffer_size(&pair.plain_in), 0);
			assert_true(pair.channel.alert_sent >= 0);
			pair_close(&pair);
		}
	}
}

/* Replayed, dropped or reordered records do not open. */
static void test_sequence(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_LENGTH(suites); s++) {
		struct pair pair;
		char first[64];
		size_t size;

		pair_open(&pair, suites[s], 0);
		client_sends(&pair, TLS_CONTENT_APPLICATION, "hello", 5);
		size = buffer_size(&pair.wire_in);
		memcpy(first, buffer_content(&pair.wire_in).data, size);
		assert_session_gets(&pair, "hello", 5);
		assert_int_equal(buffer_put(&pair.wire_in, span_of(first, size)), size);
		assert_int_equal(read_all(&pair), ERROR_TLS_RECORD);
		assert_client_gets_alert(&pair, 2, TLS_ALERT_BAD_RECORD_MAC);
		pair_close(&pair);
	}
}

struct raw {
	unsigned suite;
	const char *bytes; /* of a header, and the record's beginning */
	size_t size;
	int alert;
};

static void test_malformed_records(void **state)
{
	static const struct raw rows[] = {
		{TLS_1_3, "\x17\x03\x03\x41\x01", 5, TLS_ALERT_RECORD_OVERFLOW},
		{TLS_1_2, "\x17\x03\x03\xff\xff", 5, TLS_ALERT_RECORD_OVERFLOW},
		{TLS_1_3, "\x17\x03\x03\x00\x00", 5, TLS_ALERT_BAD_RECORD_MAC},
		{TLS_1_2, "\x17\x03\x03\x00\x00", 5, TLS_ALERT_BAD_RECORD_MAC},
		{TLS_1_3, "\x14\x03\x03\x00\x01\x01", 6, TLS_ALERT_UNEXPECTED_MESSAGE},
		{TLS_1_3, "\x15\x03\x03\x00\x02\x01\x00", 7, TLS_ALERT_UNEXPECTED_MESSAGE},
		{TLS_1_2, "\x63\x03\x03\x00\x01\x01", 6, TLS_ALERT_UNEXPECTED_MESSAGE},
		{TLS_1_2, "\x17\x03\x01\x00\x01\x01", 6, TLS_ALERT_PROTOCOL_VERSION},
		{TLS_1_3, "\x17\x02\x03\x00\x01\x01", 6, TLS_ALERT_PROTOCOL_VERSION},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct pair pair;

		pair_open(&pair, rows[i].suite, 0);
		(void)buffer_put(&pair.wire_in, span_of(rows[i].bytes, rows[i].size));
		assert_int_equal(read_all(&pair), ERROR_TLS_RECORD);
		assert_client_gets_alert(&pair, 2, rows[i].alert);
		pair_close(&pair);
	}
}

/* A record of TLS 1.3 that is all padding has no type (RFC 8446 §5.4). */
static void test_padding(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair, TLS_1_3, 0);
	/* The type 0 of an empty content stands for padding without a type. */
	client_sends(&pair, (enum tls_content)0, "", 0);
	assert_int_equal(read_all(&pair), ERROR_TLS_RECORD);
	assert_client_gets_alert(&pair, 2, TLS_ALERT_UNEXPECTED_MESSAGE);
	pair_close(&pair);

	/* Content, type, two zeros: the zeros of a sealed content of type 0 are the padding. */
	pair_open(&pair, TLS_1_3, 0);
	client_sends(&pair, (enum tls_content)0, "hello\x17\x00", 7);
	assert_session_gets(&pair, "hello", 5);
	pair_close(&pair);
}

/* --- Messages that are not data ----------------------------------------------------------- */

static void client_updates(struct pair *pair, int request)
{
	char message[5] = {24, 0, 0, 1, (char)request};

	client_sends(pair, TLS_CONTENT_HANDSHAKE, message, sizeof(message));
	assert_int_equal(tls_record_keys_update(&pair->out), OK);
}

static void test_key_update(void **state)
{
	static const unsigned of_1_3[] = {0x1301, 0x1302, 0x1303};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(of_1_3); i++) {
		struct pair pair;

		pair_open(&pair, of_1_3[i], 0);
		client_updates(&pair, 0);
		client_sends(&pair, TLS_CONTENT_APPLICATION, "after", 5);
		assert_session_gets(&pair, "after", 5);
		assert_int_equal(buffer_size(&pair.wire_out), 0);

		client_updates(&pair, 1);
		client_updates(&pair, 1); /* one answer is enough for both, or one for each */
		client_sends(&pair, TLS_CONTENT_APPLICATION, "again", 5);
		assert_session_gets(&pair, "again", 5);
		while (buffer_size(&pair.wire_out) > 0) {
			assert_client_gets(&pair, TLS_CONTENT_HANDSHAKE, "\x18\0\0\x01\0", 5);
			assert_int_equal(tls_record_keys_update(&pair.in), OK);
		}
		say(&pair, "new key");
		assert_client_gets(&pair, TLS_CONTENT_APPLICATION, "new key", 7);
		pair_close(&pair);
	}
}

struct message {
	const char *bytes;
	size_t size;
	int alert;
};

static void test_other_messages(void **state)
{
	static const struct message rows[] = {
		{"\x18\0\0\x01\x02", 5, TLS_ALERT_ILLEGAL_PARAMETER},
		{"\x18\0\0\x01\0\0", 6, TLS_ALERT_UNEXPECTED_MESSAGE},
		{"\x18\0\0\x01", 4, TLS_ALERT_UNEXPECTED_MESSAGE},
		{"\x01\0\0\x01\0", 5, TLS_ALERT_UNEXPECTED_MESSAGE}, /* ClientHello */
		{"", 0, TLS_ALERT_UNEXPECTED_MESSAGE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct pair pair;

		pair_open(&pair, TLS_1_3, 0);
		client_sends(&pair, TLS_CONTENT_HANDSHAKE, rows[i].bytes, rows[i].size);
		assert_int_equal(read_all(&pair), ERROR_TLS_RECORD);
		assert_client_gets_alert(&pair, 2, rows[i].alert);
		pair_close(&pair);
	}
}

/* RFC 5246 §7.2.2: a warning, and the connection goes on. */
static void test_renegotiation_declined(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair, TLS_1_2, 0);
	client_sends(&pair, TLS_CONTENT_HANDSHAKE, "\x01\0\0\0", 4);
	client_sends(&pair, TLS_CONTENT_APPLICATION, "on", 2);
	assert_session_gets(&pair, "on", 2);
	assert_client_gets(&pair, TLS_CONTENT_ALERT, "\x01\x64", 2);
	pair_close(&pair);
}

static void test_alerts(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair, TLS_1_3, 0);
	client_sends(&pair, TLS_CONTENT_ALERT, "\x01\x5a", 2); /* user_canceled */
	client_sends(&pair, TLS_CONTENT_ALERT, "\x01\x00", 2);
	client_sends(&pair, TLS_CONTENT_APPLICATION, "late", 4);
	assert_int_equal(read_all(&pair), OK);
	assert_true(pair.channel.has_ended);
	assert_int_equal(buffer_size(&pair.plain_in), 0);
	say(&pair, "we go on");
	assert_client_gets(&pair, TLS_CONTENT_APPLICATION, "we go on", 8);
	assert_true(tls_channel_close(&pair.channel, &pair.wire_out));
	assert_client_gets_alert(&pair, 1, TLS_ALERT_CLOSE_NOTIFY);
	assert_true(tls_channel_close(&pair.channel, &pair.wire_out));
	assert_int_equal(buffer_size(&pair.wire_out), 0);
	pair_close(&pair);

	for (unsigned v = 0; v < 2; v++) {
		pair_open(&pair, v ? TLS_1_2 : TLS_1_3, 0);
		client_sends(&pair, TLS_CONTENT_ALERT, "\x02\x30", 2);
		assert_int_equal(read_all(&pair), ERROR_TLS_ALERT);
		assert_int_equal(pair.channel.alert_received, TLS_ALERT_UNKNOWN_CA);
		assert_int_equal(buffer_size(&pair.wire_out), 0);
		pair_close(&pair);
	}

	pair_open(&pair, TLS_1_2, 0);
	client_sends(&pair, TLS_CONTENT_ALERT, "\x01", 1);
	assert_int_equal(read_all(&pair), ERROR_TLS_RECORD);
	assert_client_gets_alert(&pair, 2, TLS_ALERT_DECODE_ERROR);
	pair_close(&pair);
}

/* --- Limits ------------------------------------------------------------------------------- */

static void test_idle_records(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		struct pair pair;

		pair_open(&pair, v ? TLS_1_2 : TLS_1_3, 0);
		for (unsigned i = 0; i < 3 * TLS_CHANNEL_IDLE_RECORDS_MAX; i++) {
			client_sends(&pair, TLS_CONTENT_APPLICATION, "", 0);
			if (i % TLS_CHANNEL_IDLE_RECORDS_MAX == TLS_CHANNEL_IDLE_RECORDS_MAX - 1) {
				client_sends(&pair, TLS_CONTENT_APPLICATION, "x", 1);
				assert_session_gets(&pair, "x", 1);
			}
		}
		for (unsigned i = 0; i <= TLS_CHANNEL_IDLE_RECORDS_MAX; i++)
			client_sends(&pair, TLS_CONTENT_APPLICATION, "", 0);
		assert_int_equal(read_all(&pair), ERROR_TLS_RECORD);
		assert_client_gets_alert(&pair, 2, TLS_ALERT_UNEXPECTED_MESSAGE);
		pair_close(&pair);
	}
}

/* In TLS 1.3 we take a new key in good time, and go on for ever. */
static void test_own_key_update(void **state)
{
	enum { RECORDS_MAX = 10, SAID = 100 };
	struct pair pair;
	char content[TLS_RECORD_SIZE_MAX];
	unsigned updates = 0;

	(void)state;
	pair_open(&pair, TLS_1_3, RECORDS_MAX);
	for (unsigned said = 0; said < SAID;) {
		size_t size = 0;

		assert_true(pair.channel.out.sequence < RECORDS_MAX);
		if (buffer_size(&pair.wire_out) == 0)
			say(&pair, "hello");
		if (client_takes(&pair, content, &size) == TLS_CONTENT_HANDSHAKE) {
			assert_int_equal(tls_record_keys_update(&pair.in), OK);
			updates++;
			continue;
		}
		assert_int_equal(size, 5);
		said++;
	}
	assert_in_range(updates, SAID / RECORDS_MAX, SAID / 3);
	pair_close(&pair);
}

static void test_worn_key(void **state)
{
	enum { RECORDS_MAX = 10 };
	struct pair pair;
	size_t taken = 0;

	(void)state;
	pair_open(&pair, TLS_1_2, RECORDS_MAX);
	assert_false(tls_channel_is_worn(&pair.channel));
	for (unsigned i = 1; i < RECORDS_MAX; i++)
		say(&pair, "hello");
	assert_true(tls_channel_is_worn(&pair.channel));
	assert_int_equal(tls_channel_write(&pair.channel, span_of("x", 1), &pair.wire_out, &taken),
	                 ERROR_TLS_KEY_LIMIT);
	assert_int_equal(pair.channel.alert_sent, TLS_ALERT_CLOSE_NOTIFY);
	pair_close(&pair);

	/* A client that does not renew its own key is refused at the limit, in both versions. */
	for (unsigned v = 0; v < 2; v++) {
		pair_open(&pair, v ? TLS_1_2 : TLS_1_3, RECORDS_MAX);
		for (unsigned i = 1; i <= RECORDS_MAX; i++)
			client_sends(&pair, TLS_CONTENT_APPLICATION, "x", 1);
		assert_int_equal(read_all(&pair), ERROR_TLS_KEY_LIMIT);
		assert_int_equal(buffer_size(&pair.plain_in), RECORDS_MAX - 1);
		assert_true(tls_channel_is_worn(&pair.channel));
		pair_close(&pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_suite),      cmocka_unit_test(test_small_records_first),
		cmocka_unit_test(test_each_suite),      cmocka_unit_test(test_small_plain_in),
		cmocka_unit_test(test_partial_records), cmocka_unit_test(test_each_byte_damaged),
		cmocka_unit_test(test_sequence),        cmocka_unit_test(test_malformed_records),
		cmocka_unit_test(test_padding),         cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_other_messages),  cmocka_unit_test(test_renegotiation_declined),
		cmocka_unit_test(test_alerts),          cmocka_unit_test(test_idle_records),
		cmocka_unit_test(test_own_key_update),  cmocka_unit_test(test_worn_key),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
