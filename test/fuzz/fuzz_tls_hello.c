/*
 * The reader of the ClientHello: bytes that come in two portions are scanned and read as those that
 * come at once, and nothing is read beyond them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tls/hello.h"
#include "tls/ja4.h"
#include "tls/library.h"
#include "tls/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
	if (!condition)
		abort();
}

static void expect_inside(struct span part, struct span whole)
{
	expect(part.size == 0 ||
	       (part.data >= whole.data && part.data + part.size <= whole.data + whole.size));
}

static void read_entries(const struct tls_hello *hello, struct span message)
{
	struct span rest = hello->extensions;
	struct span part;
	unsigned number;
	char ja4[TLS_JA4_SIZE];

	while (tls_hello_next_extension(&rest, &number, &part))
		expect_inside(part, message);
	rest = hello->protocols;
	while (tls_hello_next_protocol(&rest, &part))
		expect_inside(part, message);
	rest = hello->key_shares;
	while (tls_hello_next_key_share(&rest, &number, &part))
		expect_inside(part, message);
	expect(tls_ja4(hello, ja4) == OK && strlen(ja4) == TLS_JA4_SIZE - 1);
}

static void read_message(struct span message)
{
	struct tls_hello hello;
	char name[TLS_NAME_SIZE_MAX];

	if (!tls_hello_read(message, &hello))
		return;
	expect_inside(hello.suites, message);
	expect_inside(hello.server_name, message);
	expect_inside(hello.groups, message);
	expect_inside(hello.key_shares, message);
	expect_inside(hello.signatures, message);
	expect_inside(hello.protocols, message);
	expect_inside(hello.versions, message);
	expect_inside(hello.ticket, message);
	expect_inside(hello.psk_modes, message);
	expect_inside(hello.signatures_of_certificates, message);
	read_entries(&hello, message);
	expect(hello.suites.size % 2 == 0 && hello.groups.size % 2 == 0);
	expect(tls_name_normalize(hello.server_name, name) <= hello.server_name.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_open;

	if (!is_open)
		expect(tls_library_open() == OK);
	is_open = true;

	struct span wire = span_of((const char *)data, size);
	struct tls_hello_scan once = {0};
	struct tls_hello_scan parts = {0};
	enum tls_hello_state state = tls_hello_scan(&once, wire);
	enum tls_hello_state early = TLS_HELLO_MORE;

	for (size_t at = 0; at <= size && early == TLS_HELLO_MORE; at += 1 + size / 64)
		early = tls_hello_scan(&parts, span_cut(wire, 0, at));
	if (early == TLS_HELLO_MORE)
		early = tls_hello_scan(&parts, wire);
	expect(early == state);
	read_message(wire);
	if (state == TLS_HELLO_COMPLETE) {
		char *message = malloc(once.message_size);

		if (!message)
			return 0;
		expect(parts.message_size == once.message_size);
		tls_hello_assemble(&once, wire, message);
		read_message(span_of(message, once.message_size));
		free(message);
	}
	return 0;
}
