#include "http/message.h"

#include <string.h>

#include "http/h1_syntax.h"

struct method_row {
	struct span name;
	bool safe;
	bool idempotent;
};

static const struct method_row methods[METHOD_COUNT] = {
#define METHOD_ROW(name, safe, idempotent) {{#name, sizeof(#name) - 1}, safe, idempotent},
	METHOD_TABLE(METHOD_ROW)
#undef METHOD_ROW
};

struct field_row {
	struct span name;
	unsigned traits;
};

static const struct field_row fields[FIELD_COUNT] = {
#define FIELD_ROW(id, name, traits) {{name, sizeof(name) - 1}, traits},
	FIELD_TABLE(FIELD_ROW)
#undef FIELD_ROW
};

/* Lengths of the names, together, so that memchr() finds the few that can be meant. */
static const unsigned char name_sizes[FIELD_COUNT] = {
#define FIELD_SIZE(id, name, traits) sizeof(name) - 1,
	FIELD_TABLE(FIELD_SIZE)
#undef FIELD_SIZE
};

const char *http_version_text(enum http_version version)
{
	static const char *const texts[HTTP_VERSION_COUNT] = {"HTTP/1.0", "HTTP/1.1"};

	check((size_t)version < ARRAY_LENGTH(texts));
	return texts[version];
}

enum method method_of(struct span token)
{
	for (int i = METHOD_OTHER + 1; i < METHOD_COUNT; i++)
		if (span_equal(token, methods[i].name))
			return (enum method)i;
	return METHOD_OTHER;
}

bool method_is_safe(enum method method)
{
	check((size_t)method < ARRAY_LENGTH(methods));
	return methods[method].safe;
}

bool method_is_idempotent(enum method method)
{
	check((size_t)method < ARRAY_LENGTH(methods));
	return methods[method].idempotent;
}

enum field_id field_id_of(struct span name)
{
	size_t at = FIELD_OTHER + 1;

	if (name.size == 0 || name.size > UINT8_MAX)
		return FIELD_OTHER;
	while (at < FIELD_COUNT) {
		const unsigned char *found = memchr(name_sizes + at, (int)name.size, FIELD_COUNT - at);

		if (!found)
			break;
		at = (size_t)(found - name_sizes);
		if (span_equal_nocase(name, fields[at].name))
			return (enum field_id)at;
		at++;
	}
	return FIELD_OTHER;
}

struct span field_name(enum field_id id)
{
	check((size_t)id < ARRAY_LENGTH(fields));
	return fields[id].name;
}

unsigned field_traits(enum field_id id)
{
	check((size_t)id < ARRAY_LENGTH(fields));
	return fields[id].traits;
}

const struct field *message_find(const struct message *message, enum field_id id)
{
	check(id != FIELD_OTHER);
	for (size_t i = 0; i < message->field_count; i++)
		if (message->fields[i].id == id)
			return &message->fields[i];
	return NULL;
}

size_t message_count(const struct message *message, enum field_id id)
{
	size_t count = 0;

	for (size_t i = 0; i < message->field_count; i++)
		count += message->fields[i].id == id;
	return count;
}

static enum error grow_fields(struct message *message, struct arena *arena)
{
	size_t capacity = message->field_capacity > 0 ? 2 * message->field_capacity : 16;
	struct field *grown = arena_new(arena, capacity, sizeof(*grown));

	if (!grown)
		return ERROR_OUT_OF_MEMORY;
	if (message->field_count > 0)
		memcpy(grown, message->fields, message->field_count * sizeof(*grown));
	message->fields = grown;
	message->field_capacity = capacity;
	return OK;
}

enum error message_add_field(struct message *message, struct arena *arena, struct span name,
                             struct span value)
{
	if (!h1_all(name, H1_TOKEN) || h1_run(value, H1_VALUE) != value.size ||
	    span_trim(value).size != value.size)
		return ERROR_INVALID;
	if (message->field_count == message->field_capacity) {
		enum error error = grow_fields(message, arena);

		if (error)
			return error;
	}
	message->fields[message->field_count++] =
		(struct field){.name = name, .value = value, .id = field_id_of(name)};
	return OK;
}

void message_remove_fields(struct message *message, enum field_id id)
{
	size_t kept = 0;

	check(id != FIELD_OTHER);
	for (size_t i = 0; i < message->field_count; i++)
		if (message->fields[i].id != id)
			message->fields[kept++] = message->fields[i];
	message->field_count = kept;
}

void message_remove_named(struct message *message, struct span name)
{
	size_t kept = 0;

	for (size_t i = 0; i < message->field_count; i++)
		if (!span_equal_nocase(message->fields[i].name, name))
			message->fields[kept++] = message->fields[i];
	message->field_count = kept;
}

bool message_lists(const struct message *message, enum field_id id, struct span token)
{
	for (size_t i = 0; i < message->field_count; i++) {
		struct span rest = message->fields[i].value;
		struct span element;

		if (message->fields[i].id != id)
			continue;
		while (span_next(&rest, ',', &element))
			if (span_equal_nocase(element, token))
				return true;
	}
	return false;
}
