/*
 * Any bytes as both sides of an opening handshake: what passes is one by RFC 6455, told again in
 * other words.
 */

#include "fuzz/http_bytes.h"
#include "http/websocket.h"
#include "unit/http/heads.h"

enum { ARENA_SIZE_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(const struct message *request)
{
	if (websocket_check_request(request) != OK)
		return;
	require(request->method == METHOD_GET && request->version == HTTP_VERSION_1_1);
	require(request->framing == BODY_NONE || request->length == 0);
	require(message_lists(request, FIELD_CONNECTION, SPAN("upgrade")));
	require(message_count(request, FIELD_UPGRADE) == 1);
	require(websocket_key(request).size == WEBSOCKET_KEY_SIZE);
	require(span_equal(message_find(request, FIELD_SEC_WEBSOCKET_VERSION)->value, SPAN("13")));
}

static void check_response(const struct message *response)
{
	const struct span accept = SPAN("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

	if (websocket_check_response(response, accept) != OK)
		return;
	require(response->status == 101 && response->framing == BODY_NONE);
	require(message_lists(response, FIELD_CONNECTION, SPAN("upgrade")));
	require(message_count(response, FIELD_SEC_WEBSOCKET_ACCEPT) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_of((const char *)data, size);
	struct message message;
	struct arena arena;

	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	if (head_read(MESSAGE_REQUEST, METHOD_OTHER, bytes, &arena, &message) == OK)
		check_request(&message);
	if (head_read(MESSAGE_RESPONSE, METHOD_GET, bytes, &arena, &message) == OK)
		check_response(&message);
	arena_done(&arena);
	return 0;
}
