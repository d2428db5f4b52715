/*
 * Any bytes as requests: the same end however they are cut; and what is accepted is, on its way to
 * a backend, written as a request that is read as the same again, with no identity field but ours.
 */

#include "fuzz/http_bytes.h"
#include "http/h1_write.h"
#include "route/forward.h"
#include "route/path.h"
#include "unit/http/heads.h"

enum { ARENA_SIZE_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct forward_facts facts = {
	.client_address = SPAN_INIT("2001:db8::7"),
	.scheme = SPAN_INIT("https"),
	.host_default = SPAN_INIT("backend.internal"),
	.request_id = SPAN_INIT("id1"),
};

static void check_forwarded(const struct message *request, struct arena *arena)
{
	struct message forwarded;
	struct message again;
	struct span bytes;
	struct span path;

	require(forward_request(request, &facts, true, arena, &forwarded) == OK);
	require(h1_write_head(&forwarded, arena, &bytes) == OK);

	enum error error = head_read(MESSAGE_REQUEST, METHOD_OTHER, bytes, arena, &again);

	/* With our fields it may be larger than one that we would take. */
	if (error == ERROR_HEAD_TOO_LARGE || error == ERROR_TOO_MANY_FIELDS)
		return;
	require(error == OK);
	require(again.framing == request->framing && again.length == request->length);
	require(span_equal(again.method_token, request->method_token));
	require(span_equal(again.path_query, request->path_query));
	require(again.upgrade ==
	        (request->upgrade == UPGRADE_WEBSOCKET ? UPGRADE_WEBSOCKET : UPGRADE_NONE));
	require(message_count(&again, FIELD_HOST) == 1);
	require(message_count(&again, FIELD_X_FORWARDED_FOR) == 1);
	require(span_equal(message_find(&again, FIELD_X_FORWARDED_FOR)->value, facts.client_address));
	require(message_count(&again, FIELD_FORWARDED) == 1);
	require(message_find(&again, FIELD_X_REAL_IP) == NULL);
	require(path_normalise(request->path, arena, &path) == OK);
	require(path.size > 0 && path.data[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_of((const char *)data, size);
	struct message request;
	struct arena arena;

	fuzz_trace(TRACE_REQUESTS, bytes, METHOD_OTHER);
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	if (head_read(MESSAGE_REQUEST, METHOD_OTHER, bytes, &arena, &request) == OK)
		check_forwarded(&request, &arena);
	arena_done(&arena);
	return 0;
}
