/*
 * Any bytes as responses: the same end however they are cut; and what is accepted is, on its way to
 * a client of either version, written as a response that is read as the same again.
 */

#include "fuzz/http_bytes.h"
#include "http/h1_write.h"
#include "route/forward.h"
#include "unit/http/heads.h"

enum { ARENA_SIZE_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_forwarded(const struct message *response, enum method to,
                            enum http_version version, struct arena *arena)
{
	const struct message request = {.kind = MESSAGE_REQUEST, .method = to, .version = version};
	struct message forwarded;
	struct message again;
	struct span bytes;

	require(forward_response(response, &request, true, arena, &forwarded) == OK);
	require(h1_write_head(&forwarded, arena, &bytes) == OK);

	enum error error = head_read(MESSAGE_RESPONSE, to, bytes, arena, &again);

	if (error == ERROR_HEAD_TOO_LARGE || error == ERROR_TOO_MANY_FIELDS)
		return;
	require(error == OK);
	require(again.status == response->status);
	require(again.framing == forwarded.framing && again.length == forwarded.length);
	require((again.framing == BODY_NONE) == (response->framing == BODY_NONE));
	require(version == HTTP_VERSION_1_1 || again.framing != BODY_CHUNKED);
	require(version == HTTP_VERSION_1_0 || again.framing != BODY_UNTIL_CLOSE);
	require(again.status == 101 || again.keep_alive == forwarded.keep_alive);
}

static void run(struct span bytes, enum method to)
{
	struct message response;
	struct arena arena;

	fuzz_trace(TRACE_RESPONSES, bytes, to);
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	if (head_read(MESSAGE_RESPONSE, to, bytes, &arena, &response) == OK) {
		check_forwarded(&response, to, HTTP_VERSION_1_0, &arena);
		check_forwarded(&response, to, HTTP_VERSION_1_1, &arena);
	}
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_of((const char *)data, size);

	run(bytes, METHOD_GET);
	run(bytes, METHOD_HEAD);
	return 0;
}
