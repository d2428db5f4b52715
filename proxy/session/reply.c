#include "session/reply.h"

#include <stdio.h>
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

static enum error add_retry_after(const struct reply *reply, struct arena *arena,
                                  struct message *message)
{
	char text[24];
	struct span copy;

	if (reply->retry_after_s == 0)
		return OK;
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)reply->retry_after_s);

	enum error error = arena_copy(arena, span_of_string(text), &copy);

	return error ? error : message_add_field(message, arena, field_name(FIELD_RETRY_AFTER), copy);
}

static enum error add_fields(const struct reply *reply, struct arena *arena,
                             struct message *message)
{
	enum error error = message_add_field(message, arena, SPAN("Content-Type"),
	                                     reply->has_content ? reply->content_type
	                                                        : SPAN("text/html; charset=utf-8"));

	/* What the operator wrote may be kept as any page; what we say of one moment may not. */
	if (!error && (reply->reason || !reply->has_content))
		error = message_add_field(message, arena, SPAN("Cache-Control"), SPAN("no-store"));
	if (!error && reply->location.size > 0)
		error = message_add_field(message, arena, SPAN("Location"), reply->location);
	if (!error && reply->challenge.size > 0)
		error = message_add_field(message, arena, SPAN("WWW-Authenticate"), reply->challenge);
	if (!error)
		error = add_retry_after(reply, arena, message);
	if (!error && reply->reason == ERROR_UPGRADE_VERSION)
		error = message_add_field(message, arena, SPAN("Sec-WebSocket-Version"), SPAN("13"));
	if (!error && reply->rules)
		error = rules_change_response(reply->rules, reply->values, reply->secure, arena, message);
	return error;
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
	enum error error = add_fields(reply, arena, &message);

	if (!error)
		*ret_message = message;
	return error;
}

static enum error join(struct span head, struct span body, struct arena *arena,
                       struct span *ret_bytes)
{
	char *bytes = arena_bytes(arena, head.size + body.size);

	if (!bytes)
		return ERROR_OUT_OF_MEMORY;
	memcpy(bytes, head.data, head.size);
	if (body.size > 0)
		memcpy(bytes + head.size, body.data, body.size);
	*ret_bytes = span_of(bytes, head.size + body.size);
	return OK;
}

enum error reply_render(const struct reply *reply, struct arena *arena, struct span *ret_bytes)
{
	struct message message;
	struct text page;
	struct span head;

	text_init(&page, PAGE_MAX);
	if (!reply->has_content)
		write_page(reply, &page);

	size_t body_size = reply->has_content ? reply->content.size : page.size;
	enum error error =
		page.cut ? ERROR_OUT_OF_MEMORY : build_head(reply, body_size, arena, &message);

	if (!error)
		error = h1_write_head(&message, arena, &head);
	if (!error)
		error =
			join(head, reply->without_body ? (struct span){0} : text_span(&page), arena, ret_bytes);
	text_done(&page);
	return error;
}
