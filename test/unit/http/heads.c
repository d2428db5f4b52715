#include "unit/http/heads.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/h1_head.h"
#include "unit/http/case_reader.h"

enum error head_read(enum message_kind kind, enum method to, struct span text, struct arena *arena,
                     struct message *ret_message)
{
	struct h1_head head;
	bool complete = false;

	h1_head_init(&head, kind, to, &case_limits_default);

	enum error error = h1_head_scan(&head, text, &complete);

	if (error)
		return error;
	if (!complete)
		return ERROR_CONNECTION_CLOSED;
	return h1_head_finish(&head, text, arena, ret_message);
}

static struct message must_read(enum message_kind kind, enum method to, const char *text,
                                struct arena *arena)
{
	struct message message;
	enum error error = head_read(kind, to, span_of_string(text), arena, &message);

	if (error) {
		fprintf(stderr, "%s\nrefused: %s\n", text, error_code(error));
		abort();
	}
	return message;
}

struct message request_of(const char *text, struct arena *arena)
{
	return must_read(MESSAGE_REQUEST, METHOD_OTHER, text, arena);
}

struct message response_of(const char *text, enum method to, struct arena *arena)
{
	return must_read(MESSAGE_RESPONSE, to, text, arena);
}
