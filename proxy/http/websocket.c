#include "http/websocket.h"

#include "http/h1_syntax.h"

/* The value of the only field with this id; false if there is none or more than one. */
static bool find_only(const struct message *message, enum field_id id, struct span *ret_value)
{
	const struct field *field = message_find(message, id);

	if (!field || message_count(message, id) != 1)
		return false;
	*ret_value = field->value;
	return true;
}

static bool is_base64(char c)
{
	return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '+' ||
	       c == '/';
}

/* 16 bytes: 22 digits, of which the last has four bits of nothing (RFC 4648 §3.5), and `==`. */
static bool is_key(struct span key)
{
	const struct span padding = SPAN("==");
	const size_t digits = WEBSOCKET_KEY_SIZE - padding.size;

	if (key.size != WEBSOCKET_KEY_SIZE || !span_equal(span_from(key, digits), padding))
		return false;
	for (size_t i = 0; i < digits; i++)
		if (!is_base64(key.data[i]))
			return false;
	return span_find(SPAN("AQgw"), key.data[digits - 1]) < 4;
}

enum error websocket_check_request(const struct message *request)
{
	struct span key;
	struct span version;

	check(request->kind == MESSAGE_REQUEST);
	if (request->upgrade != UPGRADE_WEBSOCKET || request->method != METHOD_GET ||
	    request->version != HTTP_VERSION_1_1 ||
	    message_find(request, FIELD_SEC_WEBSOCKET_ACCEPT) != NULL)
		return ERROR_UPGRADE_MALFORMED;
	if (request->framing == BODY_CHUNKED || request->length > 0)
		return ERROR_BODY_UNEXPECTED;
	if (!find_only(request, FIELD_SEC_WEBSOCKET_VERSION, &version) || !h1_all(version, H1_DIGIT))
		return ERROR_UPGRADE_MALFORMED;
	if (!span_equal(version, SPAN("13")))
		return ERROR_UPGRADE_VERSION;
	return find_only(request, FIELD_SEC_WEBSOCKET_KEY, &key) && is_key(key)
	           ? OK
	           : ERROR_UPGRADE_MALFORMED;
}

struct span websocket_key(const struct message *request)
{
	const struct field *field = message_find(request, FIELD_SEC_WEBSOCKET_KEY);

	return field ? field->value : span_of(NULL, 0);
}

enum error websocket_check_response(const struct message *response, struct span accept)
{
	struct span value;

	check(response->kind == MESSAGE_RESPONSE);
	if (response->status != 101 || response->upgrade != UPGRADE_WEBSOCKET ||
	    !find_only(response, FIELD_SEC_WEBSOCKET_ACCEPT, &value) || !span_equal(value, accept))
		return ERROR_UPGRADE_MALFORMED;
	return OK;
}
