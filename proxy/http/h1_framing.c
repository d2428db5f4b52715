#include "http/h1_framing.h"

#include "base/number.h"
#include "http/h1_syntax.h"

/* What Transfer-Encoding and Content-Length say, before anything is made of it. */
struct stated {
	bool chunked;
	bool has_length;
	uint64_t length;
};

/*
 * One whole `chunked` is all that we read. A list of proper codings is one we do not know; anything
 * else, `chunked` with a parameter, twice, or not last too, is an attempt to be read in two ways.
 */
static enum error read_coding(struct span value)
{
	struct span rest = value;
	struct span element;
	bool chunked = false;
	bool other = false;

	if (span_equal_nocase(value, SPAN("chunked")))
		return OK;
	while (span_next(&rest, ',', &element)) {
		if (!h1_all(element, H1_TOKEN) || chunked)
			return ERROR_CODING_MALFORMED;
		if (span_equal_nocase(element, SPAN("chunked")))
			chunked = true;
		else
			other = true;
	}
	return other ? ERROR_CODING_UNSUPPORTED : ERROR_CODING_MALFORMED;
}

static enum error read_stated(const struct message *message, struct stated *stated)
{
	size_t codings = message_count(message, FIELD_TRANSFER_ENCODING);
	size_t lengths = message_count(message, FIELD_CONTENT_LENGTH);

	if (codings > 0 && message->version == HTTP_VERSION_1_0)
		return ERROR_CODING_IN_1_0;
	if (codings > 0 && lengths > 0)
		return ERROR_LENGTH_WITH_CODING;
	if (codings > 1)
		return ERROR_CODING_MALFORMED;
	if (lengths > 1)
		return ERROR_LENGTH_REPEATED;
	if (codings > 0) {
		enum error error = read_coding(message_find(message, FIELD_TRANSFER_ENCODING)->value);

		if (error)
			return error;
	}
	stated->chunked = codings > 0;
	stated->has_length = lengths > 0;
	if (lengths > 0 && number_decimal(message_find(message, FIELD_CONTENT_LENGTH)->value, INT64_MAX,
	                                  &stated->length) != OK)
		return ERROR_LENGTH_MALFORMED;
	return OK;
}

static enum error decide_request(struct message *message, const struct stated *stated)
{
	message->framing = stated->chunked      ? BODY_CHUNKED
	                   : stated->has_length ? BODY_LENGTH
	                                        : BODY_NONE;
	message->length = stated->length;
	/* RFC 9110 §9.3.8: TRACE has no content. */
	if (message->method == METHOD_TRACE &&
	    (message->framing == BODY_CHUNKED || message->length > 0))
		return ERROR_BODY_UNEXPECTED;
	return OK;
}

/* RFC 9112 §6.3, from the top: method and status rule before any field does. */
static enum error decide_response(struct message *message, const struct stated *stated,
                                  enum method request_method)
{
	bool has_body = stated->chunked || stated->length > 0;

	message->framing = BODY_NONE;
	if (message->status < 200)
		return has_body ? ERROR_BODY_UNEXPECTED : OK;
	if (message->status == 204) {
		/* What it says is wrong: who knows what it sends. Content-Length: 0 is common. */
		message->keep_alive = message->keep_alive && !has_body;
		return OK;
	}
	if (request_method == METHOD_HEAD || message->status == 304) {
		message->length_stated = stated->has_length;
		message->length = stated->length;
		return OK;
	}
	if (stated->chunked) {
		message->framing = BODY_CHUNKED;
	} else if (stated->has_length) {
		message->framing = BODY_LENGTH;
		message->length = stated->length;
	} else {
		message->framing = BODY_UNTIL_CLOSE;
		message->keep_alive = false;
	}
	return OK;
}

/* RFC 9110 §7.6.1; empty elements are passed over (§5.6.1.2). */
static enum error read_connection(struct message *message, bool *ret_upgrade)
{
	size_t count = 0;
	bool close = false;
	bool keep_alive = false;
	bool upgrade = false;

	for (size_t i = 0; i < message->field_count; i++) {
		struct span rest = message->fields[i].value;
		struct span option;

		if (message->fields[i].id != FIELD_CONNECTION)
			continue;
		while (span_next(&rest, ',', &option)) {
			if (++count > H1_CONNECTION_OPTIONS_MAX ||
			    (option.size > 0 && !h1_all(option, H1_TOKEN)))
				return ERROR_FIELD_VALUE_MALFORMED;
			close = close || span_equal_nocase(option, SPAN("close"));
			keep_alive = keep_alive || span_equal_nocase(option, SPAN("keep-alive"));
			upgrade = upgrade || span_equal_nocase(option, SPAN("upgrade"));
		}
	}
	message->keep_alive = !close && (keep_alive || message->version == HTTP_VERSION_1_1);
	*ret_upgrade = upgrade && message->version == HTTP_VERSION_1_1;
	return OK;
}

static enum upgrade read_upgrade(const struct message *message, bool connection_upgrade)
{
	const struct field *field = message_find(message, FIELD_UPGRADE);

	if (!connection_upgrade || !field)
		return UPGRADE_NONE;
	if (message_count(message, FIELD_UPGRADE) == 1 &&
	    span_equal_nocase(field->value, SPAN("websocket")))
		return UPGRADE_WEBSOCKET;
	return UPGRADE_OTHER;
}

static enum error read_expect(struct message *message)
{
	const struct field *field = message_find(message, FIELD_EXPECT);

	if (!field)
		return OK;
	if (message_count(message, FIELD_EXPECT) > 1 ||
	    !span_equal_nocase(field->value, SPAN("100-continue")))
		return ERROR_EXPECTATION_UNSUPPORTED;
	/* RFC 9110 §10.1.1: ignored in HTTP/1.0, and without content there is nothing to wait for. */
	message->expects_continue = message->version == HTTP_VERSION_1_1 &&
	                            (message->framing == BODY_CHUNKED || message->length > 0);
	return OK;
}

enum error h1_framing_decide(struct message *message, enum method request_method)
{
	struct stated stated = {.chunked = false};
	bool connection_upgrade = false;
	enum error error = read_stated(message, &stated);

	if (!error)
		error = read_connection(message, &connection_upgrade);
	if (error)
		return error;
	message->upgrade = read_upgrade(message, connection_upgrade);
	if (message->kind == MESSAGE_RESPONSE)
		return decide_response(message, &stated, request_method);
	error = decide_request(message, &stated);
	return error ? error : read_expect(message);
}
