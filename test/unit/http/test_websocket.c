#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "http/websocket.h"
#include "unit/http/heads.h"

enum { ARENA_SIZE_MAX = 1 << 20, TEXT_SIZE_MAX = 1000 };

#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n"
/* RFC 6455 §1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static enum error check_request(const char *text)
{
	struct arena arena;

	arena_init(&arena, NULL, ARENA_SIZE_MAX);

	const struct message message = request_of(text, &arena);
	enum error error = websocket_check_request(&message);

	if (!error)
		assert_int_equal(websocket_key(&message).size, WEBSOCKET_KEY_SIZE);
	arena_done(&arena);
	return error;
}

static void test_requests(void **state)
{
	static const struct {
		const char *head; /* without Host and empty line */
		enum error error;
	} rows[] = {
		{"GET / HTTP/1.1\r\n" UPGRADE KEY VERSION, OK},
		{"GET / HTTP/1.1\r\nConnection: keep-alive, UPGRADE\r\nUpgrade: WebSocket\r\n" KEY VERSION,
	     OK},
		{"GET / HTTP/1.1\r\nContent-Length: 0\r\n" UPGRADE KEY VERSION, OK},
		{"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: a, b\r\n" UPGRADE KEY VERSION, OK},
		{"POST / HTTP/1.1\r\n" UPGRADE KEY VERSION, ERROR_UPGRADE_MALFORMED},
		{"HEAD / HTTP/1.1\r\n" UPGRADE KEY VERSION, ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.0\r\n" UPGRADE KEY VERSION, ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\nUpgrade: websocket\r\n" KEY VERSION, ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n" KEY VERSION,
	     ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\nContent-Length: 1\r\n" UPGRADE KEY VERSION, ERROR_BODY_UNEXPECTED},
		{"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" UPGRADE KEY VERSION,
	     ERROR_BODY_UNEXPECTED},
		{"GET / HTTP/1.1\r\n" UPGRADE VERSION, ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\n" UPGRADE KEY KEY VERSION, ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\n" UPGRADE KEY, ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\n" UPGRADE KEY VERSION VERSION, ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\n" UPGRADE KEY "Sec-WebSocket-Version: 8\r\n", ERROR_UPGRADE_VERSION},
		{"GET / HTTP/1.1\r\n" UPGRADE KEY "Sec-WebSocket-Version: 1333\r\n", ERROR_UPGRADE_VERSION},
		{"GET / HTTP/1.1\r\n" UPGRADE KEY "Sec-WebSocket-Version: 13, 8\r\n",
	     ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\n" UPGRADE KEY "Sec-WebSocket-Version: x\r\n", ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\n" UPGRADE KEY "Sec-WebSocket-Version:\r\n", ERROR_UPGRADE_MALFORMED},
		{"GET / HTTP/1.1\r\n" UPGRADE KEY VERSION "Sec-WebSocket-Accept: " ACCEPT "\r\n",
	     ERROR_UPGRADE_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char text[TEXT_SIZE_MAX];

		snprintf(text, sizeof(text), "%sHost: a\r\n\r\n", rows[i].head);
		assert_int_equal(check_request(text), rows[i].error);
	}
}

static void test_keys(void **state)
{
	static const struct {
		const char *key;
		bool good;
	} rows[] = {
		{"AAAAAAAAAAAAAAAAAAAAAA==", true},
		{"+/+/+/+/+/+/+/+/+/+/+Q==", true},
		{"AAAAAAAAAAAAAAAAAAAAAw==", true},
		{"AAAAAAAAAAAAAAAAAAAAAB==", false},
		{"", false},
		{"AAAA", false},
		{"AAAAAAAAAAAAAAAAAAAAAA", false},
		{"AAAAAAAAAAAAAAAAAAAAAAA=", false},
		{"AAAAAAAAAAAAAAAAAAAA====", false},
		{"AAAAAAAAAAAAAAAAAAAAAA==A", false},
		{"AAAAAAAAAAAAAAAAAAA AA==", false},
		{"AAAAAAAAAAAAAAAAAAA-AA==", false},
		{"AAAAAAAAAAAAAAAAAAA_AA==", false},
		{"=AAAAAAAAAAAAAAAAAAAAA==", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char text[TEXT_SIZE_MAX];

		snprintf(text, sizeof(text),
		         "GET / HTTP/1.1\r\nHost: a\r\n" UPGRADE VERSION "Sec-WebSocket-Key: %s\r\n\r\n",
		         rows[i].key);
		assert_int_equal(check_request(text), rows[i].good ? OK : ERROR_UPGRADE_MALFORMED);
	}
}

static void test_responses(void **state)
{
	static const struct {
		const char *head;
		enum error error;
	} rows[] = {
		{"HTTP/1.1 101 x\r\n" UPGRADE "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n", OK},
		{"HTTP/1.1 101 x\r\n" UPGRADE "Sec-WebSocket-Accept:   " ACCEPT "  \r\n\r\n", OK},
		{"HTTP/1.1 101 x\r\n" UPGRADE "\r\n", ERROR_UPGRADE_MALFORMED},
		{"HTTP/1.1 101 x\r\n" UPGRADE "Sec-WebSocket-Accept: x\r\n\r\n", ERROR_UPGRADE_MALFORMED},
		{"HTTP/1.1 101 x\r\n" UPGRADE "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
	     ERROR_UPGRADE_MALFORMED},
		{"HTTP/1.1 101 x\r\n" UPGRADE "Sec-WebSocket-Accept: " ACCEPT
	     "\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
	     ERROR_UPGRADE_MALFORMED},
		{"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
	     ERROR_UPGRADE_MALFORMED},
		{"HTTP/1.1 101 x\r\nConnection: upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
	     ERROR_UPGRADE_MALFORMED},
		{"HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Accept: " ACCEPT
	     "\r\n\r\n",
	     ERROR_UPGRADE_MALFORMED},
		{"HTTP/1.0 101 x\r\n" UPGRADE "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
	     ERROR_UPGRADE_MALFORMED},
		{"HTTP/1.1 200 x\r\n" UPGRADE "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
	     ERROR_UPGRADE_MALFORMED},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		const struct message message = response_of(rows[i].head, METHOD_GET, &arena);

		assert_int_equal(websocket_check_response(&message, SPAN(ACCEPT)), rows[i].error);
	}
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_responses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
