#include "session/reply.h"

#include <string.h>

#include "base/text.h"
#include "http/h1_write.h"
#include "http/message.h"
#include "http/status.h"

enum { PAGE_MAX = 2048 };

static void write_page(const struct reply *reply, struct text *page)
{
	struct span phrase = status_reason(reply->status);

	text_printf(page, "<!doctype html>\n<title>%d %.*s</title>\n<h1>%d %.*s</h1>\n", reply->status,
	            (int)phrase.size, phrase.data, reply->status, (int)phrase.size, phrase.data);
	if (reply->reason)
		text_printf(page, "<p>%s: %s.</p>\n", error_code(reply->reason),
		            error_words(reply->reason));
	if (reply->request_id.size > 0)
		text_printf(page, "<p>Request %.*s</p>\n", (int)reply->request_id.size,
		            reply->request_id.data);
}

static enum error build_head(const struct reply *reply, size_t page_size, struct arena *arena,
                             struct message *ret_message)
{
	struct message message = {
		.kind = MESSAGE_RESPONSE,
		.version = reply->is_http_1_0 ? HTTP_VERSION_1_0 : HTTP_VERSION_1_1,
		.status = reply->status,
		.reason = status_reason(reply->status),
		.framing = reply->without_body ? BODY_NONE : BODY_LENGTH,
		.length = page_size,
		.length_stated = reply->without_body,
		.keep_alive = reply->keep_alive,
	};
	enum error error =
		message_add_field(&message, arena, SPAN("Content-Type"), SPAN("text/html; charset=utf-8"));

	if (!error)
		error = message_add_field(&message, arena, SPAN("Cache-Control"), SPAN("no-store"));
	if (!error && reply->location.size > 0)
		error = message_add_field(&message, arena, SPAN("Location"), reply->location);
	if (!error && reply->reason == ERROR_UPGRADE_VERSION)
		error = message_add_field(&message, arena, SPAN("Sec-WebSocket-Version"), SPAN("13"));
	if (!error)
		*ret_message = message;
	return error;
}

enum error reply_render(const struct reply *reply, struct arena *arena, struct span *ret_bytes)
{
	struct message message;
	struct text page;
	struct span head;

	text_init(&page, PAGE_MAX);
	write_page(reply, &page);

	enum error error =
		page.cut ? ERROR_OUT_OF_MEMORY : build_head(reply, page.size, arena, &message);

	if (!error)
		error = h1_write_head(&message, arena, &head);
	if (!error) {
		size_t page_size = reply->without_body ? 0 : page.size;
		char *bytes = arena_bytes(arena, head.size + page_size);

		if (bytes) {
			memcpy(bytes, head.data, head.size);
			memcpy(bytes + head.size, text_string(&page), page_size);
			*ret_bytes = span_of(bytes, head.size + page_size);
		} else {
			error = ERROR_OUT_OF_MEMORY;
		}
	}
	text_done(&page);
	return error;
}
