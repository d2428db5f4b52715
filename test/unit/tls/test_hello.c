/*
 * The reader of the ClientHello, on hellos made here and on those of a real client.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls/bytes.h"
#include "tls/hello.h"
#include "tls/iana.h"
#include "unit/tls/link.h"

struct bytes {
	char data[40000];
	size_t size;
};

static void put(struct bytes *bytes, const void *data, size_t size)
{
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

/* A ClientHello with these extensions. */
static struct bytes make_message(struct span extensions)
{
	static const char head[] = "\x01\x00\x00\x00\x03\x03"
							   "01234567890123456789012345678901"
							   "\x02id"
							   "\x00\x04\x13\x01\xc0\x2b"
							   "\x01\x00";
	struct bytes message = {{0}, 0};
	size_t size;

	put(&message, head, sizeof(head) - 1);
	if (extensions.data) {
		put(&message, (char[]){(char)(extensions.size >> 8), (char)extensions.size}, 2);
		put(&message, extensions.data, extensions.size);
	}
	size = message.size - 4;
	message.data[2] = (char)(size >> 8);
	message.data[3] = (char)size;
	return message;
}

static bool reads(struct span extensions, struct tls_hello *hello)
{
	static struct bytes message;

	message = make_message(extensions);
	return tls_hello_read(span_of(message.data, message.size), hello);
}

#define INITIAL(literal)             \
	{                                \
		literal, sizeof(literal) - 1 \
	}
#define EXTENSIONS(literal) ((struct span)INITIAL(literal))

static void test_read(void **state)
{
	struct tls_hello hello = {0};

	(void)state;
	assert_true(reads(EXTENSIONS("\x0a\x0a\x00\x00" /* GREASE */
	                             "\x00\x00\x00\x08\x00\x06\x00\x00\x03"
	                             "a.b" /* server_name */
	                             "\x00\x0a\x00\x04\x00\x02\x00\x1d"
	                             "\x00\x0d\x00\x06\x00\x04\x04\x03\x08\x04"
	                             "\x00\x10\x00\x05\x00\x03\x02h2"
	                             "\x00\x23\x00\x03tic"
	                             "\x00\x2a\x00\x00"
	                             "\x00\x2b\x00\x03\x02\x03\x04"
	                             "\x00\x2d\x00\x03\x02\x01\x00"
	                             "\x00\x32\x00\x04\x00\x02\x08\x05"
	                             "\x00\x33\x00\x07\x00\x05\x00\x1d\x00\x01k"
	                             "\x00\x29\x00\x03psk"),
	                  &hello));
	assert_int_equal(hello.version, 0x0303);
	assert_true(span_equal(hello.session_id, SPAN("id")));
	assert_true(span_equal(hello.suites, SPAN("\x13\x01\xc0\x2b")));
	assert_true(span_equal(hello.server_name, SPAN("a.b")));
	assert_true(tls_list_has(hello.groups, 29) && !tls_list_has(hello.groups, 23));
	assert_true(tls_list_has(hello.signatures, 0x0403) && tls_list_has(hello.signatures, 0x0804));
	assert_false(tls_list_has(hello.signatures, 0x0308));
	assert_true(span_equal(hello.protocols, SPAN("\x02h2")));
	assert_true(span_equal(hello.ticket, SPAN("tic")));
	assert_true(tls_list_has(hello.versions, 0x0304));
	assert_int_equal(hello.key_shares.size, 5);
	assert_true(hello.has_psk && hello.has_early_data && hello.has_ticket);
	assert_true(span_equal(hello.psk_modes, SPAN("\x01\x00")));
	assert_true(span_equal(hello.signatures_of_certificates, SPAN("\x08\x05")));
	assert_true(span_equal(hello.compressions, SPAN("\x00")));
	assert_true(reads((struct span){0}, &hello)); /* TLS 1.2 may have none at all */
	assert_int_equal(hello.server_name.size, 0);
	assert_true(reads(EXTENSIONS(""), &hello));
}

/* In the order in which they were sent, GREASE among them and told apart. */
static void test_extensions_in_order(void **state)
{
	static const unsigned expected[] = {0x1a1a, 43, 10, 0xfe0d, 0xff01};
	struct tls_hello hello = {0};
	struct span rest, content;
	unsigned type;
	size_t count = 0;

	(void)state;
	assert_true(reads(EXTENSIONS("\x1a\x1a\x00\x01g"
	                             "\x00\x2b\x00\x03\x02\x03\x04"
	                             "\x00\x0a\x00\x04\x00\x02\x00\x1d"
	                             "\xfe\x0d\x00\x00"
	                             "\xff\x01\x00\x01\x00"),
	                  &hello));
	rest = hello.extensions;
	for (; tls_hello_next_extension(&rest, &type, &content); count++) {
		assert_int_equal(type, expected[count]);
		assert_int_equal(tls_is_grease(type), count == 0);
	}
	assert_int_equal(count, ARRAY_LENGTH(expected));
	assert_false(tls_is_grease(0x0a1a) || tls_is_grease(0x0a0b) || tls_is_grease(0x1301));
}

/* Entries of lists: a list that is cut short ends before its broken entry. */
static void test_entries(void **state)
{
	struct span protocols = SPAN("\x02h2\x08http/1.1\x09short");
	struct span shares = SPAN("\x0a\x0a\x00\x01\x00\x00\x1d\x00\x02kk\x00");
	struct span protocol, key;
	unsigned group;

	(void)state;
	assert_true(tls_hello_next_protocol(&protocols, &protocol));
	assert_true(span_equal(protocol, SPAN("h2")));
	assert_true(tls_hello_next_protocol(&protocols, &protocol));
	assert_true(span_equal(protocol, SPAN("http/1.1")));
	assert_false(tls_hello_next_protocol(&protocols, &protocol));
	assert_false(tls_hello_next_protocol(&protocols, &protocol));
	assert_true(tls_hello_next_key_share(&shares, &group, &key));
	assert_true(group == 0x0a0a && key.size == 1);
	assert_true(tls_hello_next_key_share(&shares, &group, &key));
	assert_true(group == 29 && span_equal(key, SPAN("kk")));
	assert_false(tls_hello_next_key_share(&shares, &group, &key));
}

static void test_doubtful(void **state)
{
	static const struct span rows[] = {
		INITIAL("\x00"),
		INITIAL("\x00\x00\x00\x01"),
		INITIAL("\x00\x00\x00\x00"),         /* server_name without a list */
		INITIAL("\x00\x00\x00\x02\x00\x00"), /* an empty list */
		INITIAL("\x00\x00\x00\x07\x00\x06\x00\x00\x03"
	            "a."), /* shorter than it says */
		INITIAL("\x00\x00\x00\x09\x00\x06\x00\x00\x03"
	            "a.bc"),                                 /* longer than it says */
		INITIAL("\x00\x00\x00\x05\x00\x03\x00\x00\x00"), /* an empty name */
		INITIAL("\x00\x0a\x00\x05\x00\x03\x00\x1d\x00"), /* an odd list */
		INITIAL("\x00\x0a\x00\x02\x00\x00"),             /* an empty one */
		INITIAL("\x00\x0d\x00\x04\x00\x04\x04\x03"),
		INITIAL("\x00\x2b\x00\x02\x02\x03"),
		INITIAL("\x00\x2d\x00\x02\x02\x01"),     /* psk_key_exchange_modes */
		INITIAL("\x00\x32\x00\x03\x00\x01\x08"), /* signature_algorithms_cert */
		INITIAL("\x00\x2b\x00\x03\x02\x03\x04\x00\x2b\x00\x03\x02\x03\x04"), /* twice */
	};
	struct tls_hello hello = {.version = 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (reads(rows[i], &hello))
			fail_msg("row %zu", i);
	assert_int_equal(hello.version, 1);
}

/* Puts a message into records of `size` bytes. */
static struct bytes wrap(const struct bytes *message, size_t size)
{
	struct bytes wire = {{0}, 0};

	for (size_t at = 0; at < message->size; at += size) {
		size_t part = message->size - at < size ? message->size - at : size;

		put(&wire, (char[]){22, 3, 1, (char)(part >> 8), (char)part}, 5);
		put(&wire, message->data + at, part);
	}
	return wire;
}

static void test_scan(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 50, 16384};
	struct bytes message = make_message(EXTENSIONS("\x00\x2b\x00\x03\x02\x03\x04"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		struct bytes wire = wrap(&message, sizes[i]);
		struct tls_hello_scan scan = {0};
		char assembled[200];

		for (size_t at = 0; at < wire.size; at++)
			assert_int_equal(tls_hello_scan(&scan, span_of(wire.data, at)), TLS_HELLO_MORE);
		assert_int_equal(tls_hello_scan(&scan, span_of(wire.data, wire.size)), TLS_HELLO_COMPLETE);
		assert_int_equal(scan.message_size, message.size);
		tls_hello_assemble(&scan, span_of(wire.data, wire.size), assembled);
		assert_memory_equal(assembled, message.data, message.size);
		/* Bytes of the next record may be there already. */
		put(&wire, "\x14\x03\x03", 3);
		scan = (struct tls_hello_scan){0};
		assert_int_equal(tls_hello_scan(&scan, span_of(wire.data, wire.size)), TLS_HELLO_COMPLETE);
	}
}

static void test_scan_doubtful(void **state)
{
	static const struct {
		struct span wire;
		enum tls_hello_state is;
	} rows[] = {
		{{"\x16", 1}, TLS_HELLO_MORE},
		{{"\x17", 1}, TLS_HELLO_DOUBTFUL},
		{{"\x80", 1}, TLS_HELLO_DOUBTFUL},
		{{"\x16\x02", 2}, TLS_HELLO_DOUBTFUL},
		{{"\x16\x03\x01\x00\x00", 5}, TLS_HELLO_DOUBTFUL},
		{{"\x16\x03\x01\x40\x01", 5}, TLS_HELLO_DOUBTFUL},
		{{"\x16\x03\x01\x40\x00", 5}, TLS_HELLO_MORE},
		{{"\x16\x03\x01\x00\x04\x02", 6}, TLS_HELLO_DOUBTFUL},
		{{"\x16\x03\x01\x00\x04\x01\x00\xff\xff", 9}, TLS_HELLO_DOUBTFUL},
		{{"\x16\x03\x01\x00\x05\x01\x00\x00\x00\x00", 10}, TLS_HELLO_DOUBTFUL},
		{{"\x16\x03\x01\x00\x01\x01\x16\x03\x01\x00\x01\x00\x17", 13}, TLS_HELLO_DOUBTFUL},
		{{"GET", 3}, TLS_HELLO_MORE},
		{{"GET ", 4}, TLS_HELLO_PLAIN_HTTP},
		{{"GEX", 3}, TLS_HELLO_DOUBTFUL},
		{{"PROP", 4}, TLS_HELLO_MORE},
		{{"get ", 4}, TLS_HELLO_DOUBTFUL},
		{{"", 0}, TLS_HELLO_MORE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct tls_hello_scan scan = {0};

		if (tls_hello_scan(&scan, rows[i].wire) != rows[i].is)
			fail_msg("row %zu", i);
	}
}

/* A real client's hello; cut short at every byte, and with every byte changed, it never breaks. */
static void test_real(void **state)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *client = SSL_new(context);
	struct tls_hello_scan scan = {0};
	struct tls_hello hello = {0};
	struct bytes wire = {{0}, 0};
	char name[] = "a.example";
	char *message;

	(void)state;
	SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(client);
	assert_true(SSL_ctrl(client, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name));
	(void)SSL_do_handshake(client);
	wire.size = (size_t)BIO_read(SSL_get_wbio(client), wire.data, sizeof(wire.data));
	assert_int_equal(tls_hello_scan(&scan, span_of(wire.data, wire.size)), TLS_HELLO_COMPLETE);
	message = malloc(scan.message_size);
	tls_hello_assemble(&scan, span_of(wire.data, wire.size), message);
	assert_true(tls_hello_read(span_of(message, scan.message_size), &hello));
	assert_true(span_equal(hello.server_name, SPAN("a.example")));
	assert_true(tls_list_has(hello.versions, 0x0304) && tls_list_has(hello.versions, 0x0303));
	assert_true(tls_list_has(hello.suites, 0x1301) && tls_list_has(hello.groups, 29));
	for (size_t size = 0; size < scan.message_size; size++) {
		char *cut = malloc(size + 1);

		memcpy(cut, message, size);
		assert_false(tls_hello_read(span_of(cut, size), &hello));
		free(cut);
	}
	for (size_t at = 0; at < scan.message_size; at++)
		for (int change = 1; change < 256; change += 7) {
			message[at] = (char)(message[at] ^ change);
			if (tls_hello_read(span_of(message, scan.message_size), &hello))
				assert_true(hello.suites.size > 0);
			message[at] = (char)(message[at] ^ change);
		}
	free(message);
	SSL_free(client);
	SSL_CTX_free(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),    cmocka_unit_test(test_extensions_in_order),
		cmocka_unit_test(test_entries), cmocka_unit_test(test_doubtful),
		cmocka_unit_test(test_scan),    cmocka_unit_test(test_scan_doubtful),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
