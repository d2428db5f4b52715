#include "route/trace.h"

#include <string.h>

enum {
	/* Places in `00-<id>-<parent>-<flags>`. */
	ID_AT = 3,
	PARENT_AT = ID_AT + TRACE_ID_SIZE + 1,
	FLAGS_AT = PARENT_AT + TRACE_SPAN_SIZE + 1,
	PARENT_SIZE = FLAGS_AT + 2,

	FLAG_SAMPLED = 1,
	STATE_MEMBERS_MAX = 32,
	STATE_MEMBER_LONG = 128,
	STATE_KEY_MAX = 256,
	STATE_TENANT_MAX = 241,
	STATE_SYSTEM_MAX = 14,
	STATE_VALUE_MAX = 256,
};

/* --- traceparent ------------------------------------------------------------------------------ */

/* Lower case only; -1: none. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hexadecimal(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (digit_value(text.data[i]) < 0)
			return false;
	return true;
}

/* An id of which not every digit is 0. */
static bool is_id(struct span text)
{
	size_t zeros = 0;

	while (zeros < text.size && text.data[zeros] == '0')
		zeros++;
	return zeros < text.size && is_hexadecimal(text);
}

static bool is_traceparent(struct span text)
{
	if (text.size < PARENT_SIZE || text.data[2] != '-' || text.data[PARENT_AT - 1] != '-' ||
	    text.data[FLAGS_AT - 1] != '-')
		return false;

	struct span version = span_cut(text, 0, 2);
	bool is_later = !span_equal(version, SPAN("00"));

	/* ff is no version. Later ones may go on after a dash. */
	if (!is_hexadecimal(version) || span_equal(version, SPAN("ff")))
		return false;
	if (text.size > PARENT_SIZE && (!is_later || text.data[PARENT_SIZE] != '-'))
		return false;
	return is_id(span_cut(text, ID_AT, PARENT_AT - 1)) &&
	       is_id(span_cut(text, PARENT_AT, FLAGS_AT - 1)) &&
	       is_hexadecimal(span_cut(text, FLAGS_AT, PARENT_SIZE));
}

/* --- tracestate ------------------------------------------------------------------------------- */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_key_rest(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (!is_lower(c) && !is_digit(c) && c != '_' && c != '-' && c != '*' && c != '/')
			return false;
	}
	return true;
}

/* `name`, or `tenant@system` (§3.3.1.3.1). */
static bool is_key(struct span key)
{
	size_t at = span_find(key, '@');
	struct span system = span_from(key, at < key.size ? at + 1 : at);
	struct span tenant = span_cut(key, 0, at);

	if (tenant.size == 0 || !is_key_rest(tenant))
		return false;
	if (at == key.size)
		return is_lower(key.data[0]) && key.size <= STATE_KEY_MAX;
	return system.size > 0 && system.size <= STATE_SYSTEM_MAX && is_lower(system.data[0]) &&
	       is_key_rest(system) && tenant.size <= STATE_TENANT_MAX;
}

/* Printable ASCII without `,` and `=`; no space at the end, where it would be OWS. */
static bool is_value(struct span value)
{
	for (size_t i = 0; i < value.size; i++) {
		char c = value.data[i];

		if (c < ' ' || c > '~' || c == ',' || c == '=')
			return false;
	}
	return value.size > 0 && value.size <= STATE_VALUE_MAX && value.data[value.size - 1] != ' ';
}

static bool is_member(struct span member)
{
	size_t at = span_find(member, '=');

	return at < member.size && is_key(span_cut(member, 0, at)) &&
	       is_value(span_from(member, at + 1));
}

struct members {
	struct span of[STATE_MEMBERS_MAX];
	size_t count;
	size_t size; /* of all, with a comma between */
};

/* Those of one field; false: it is malformed, or there are too many. */
static bool read_members(struct span list, struct members *members)
{
	for (struct span member; span_next(&list, ',', &member);) {
		if (member.size == 0)
			continue;
		if (members->count == STATE_MEMBERS_MAX || !is_member(member))
			return false;
		members->size += member.size + (members->count > 0);
		members->of[members->count++] = member;
	}
	return true;
}

static void drop_member(struct members *members, size_t index)
{
	members->size -= members->of[index].size + (members->count > 1);
	members->count--;
	memmove(&members->of[index], &members->of[index + 1],
	        (members->count - index) * sizeof(*members->of));
}

/* Long ones first, then those that have been there longest, which are at the end. */
static void shorten(struct members *members)
{
	for (size_t i = members->count; members->size > TRACE_STATE_SIZE_MAX && i-- > 0;)
		if (members->of[i].size > STATE_MEMBER_LONG)
			drop_member(members, i);
	while (members->size > TRACE_STATE_SIZE_MAX)
		drop_member(members, members->count - 1);
}

static struct span join(const struct members *members, struct arena *arena)
{
	char *bytes = members->count > 0 ? arena_bytes(arena, members->size) : NULL;
	char *at = bytes;

	if (!bytes)
		return (struct span){0};
	for (size_t i = 0; i < members->count; i++) {
		if (i > 0)
			*at++ = ',';
		memcpy(at, members->of[i].data, members->of[i].size);
		at += members->of[i].size;
	}
	return span_of(bytes, members->size);
}

static struct span read_state(const struct message *request, struct arena *arena)
{
	struct members members = {.count = 0};

	for (size_t i = 0; i < request->field_count; i++)
		if (request->fields[i].id == FIELD_TRACESTATE &&
		    !read_members(request->fields[i].value, &members))
			return (struct span){0};
	shorten(&members);
	return join(&members, arena);
}

/* --- Both ------------------------------------------------------------------------------------- */

bool trace_read(const struct message *request, struct arena *arena, struct trace *ret_trace)
{
	const struct field *field = message_find(request, FIELD_TRACEPARENT);

	if (!field || message_count(request, FIELD_TRACEPARENT) != 1 || !is_traceparent(field->value))
		return false;
	*ret_trace = (struct trace){
		.is_on = true,
		.has_parent = true,
		.is_sampled = (digit_value(field->value.data[FLAGS_AT + 1]) & FLAG_SAMPLED) != 0,
		.state = read_state(request, arena),
	};
	memcpy(ret_trace->id, field->value.data + ID_AT, TRACE_ID_SIZE);
	memcpy(ret_trace->parent, field->value.data + PARENT_AT, TRACE_SPAN_SIZE);
	return true;
}

enum error trace_write(const struct trace *trace, struct arena *arena, struct message *message)
{
	char *bytes = arena_bytes(arena, PARENT_SIZE);

	if (!bytes)
		return ERROR_OUT_OF_MEMORY;
	memcpy(bytes, "00-", ID_AT);
	memcpy(bytes + ID_AT, trace->id, TRACE_ID_SIZE);
	bytes[PARENT_AT - 1] = '-';
	memcpy(bytes + PARENT_AT, trace->span, TRACE_SPAN_SIZE);
	bytes[FLAGS_AT - 1] = '-';
	bytes[FLAGS_AT] = '0';
	bytes[FLAGS_AT + 1] = trace->is_sampled ? '1' : '0';
	message_remove_fields(message, FIELD_TRACEPARENT);
	message_remove_fields(message, FIELD_TRACESTATE);

	enum error error = message_add_field(message, arena, field_name(FIELD_TRACEPARENT),
	                                     span_of(bytes, PARENT_SIZE));

	if (!error && trace->state.size > 0)
		error = message_add_field(message, arena, field_name(FIELD_TRACESTATE), trace->state);
	return error;
}
