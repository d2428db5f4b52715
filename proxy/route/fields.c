#include "route/fields.h"

#include <stdio.h>

#include "http/h1_target.h"

enum { PATH_SIZE = 128 };

static bool is_alphanumeric(char c)
{
	char lower = ascii_lower(c);

	return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

/* Whether an application may take one for the other. */
static bool sounds_the_same(struct span a, struct span b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (is_alphanumeric(a.data[i]) || is_alphanumeric(b.data[i])
		        ? ascii_lower(a.data[i]) != ascii_lower(b.data[i])
		        : false)
			return false;
	return true;
}

/* Removes the field in all its spellings; `but_exact`: only in the others. */
static void remove_spellings(struct message *message, struct span name, bool but_exact)
{
	size_t kept = 0;

	for (size_t i = 0; i < message->field_count; i++) {
		struct span found = message->fields[i].name;
		bool is_exact = span_equal_nocase(found, name);

		if (sounds_the_same(found, name) && !(but_exact && is_exact))
			continue;
		message->fields[kept++] = message->fields[i];
	}
	message->field_count = kept;
}

static void remove_field(struct message *message, struct span name)
{
	if (message->kind == MESSAGE_REQUEST)
		remove_spellings(message, name, false);
	else
		message_remove_named(message, name);
}

static enum error set_host(const struct config_template *template, const struct values *values,
                           struct arena *arena, struct message *message)
{
	struct span authority;
	struct span host;
	struct span port;
	enum error error = values_render(values, template, arena, &authority);

	if (!error)
		error = h1_authority_read(authority, &host, &port);
	if (!error)
		message->authority = authority;
	return error;
}

static enum error put_field(const struct config_field *field, const struct values *values,
                            struct arena *arena, struct message *message)
{
	struct span value;
	enum error error = values_render(values, &field->value, arena, &value);

	/* White space at an end is not part of a value (RFC 9110 §5.5). */
	return error ? error : message_add_field(message, arena, field->name.text, span_trim(value));
}

enum error fields_change(const struct config_fields *fields, const struct values *values,
                         struct arena *arena, struct message *message)
{
	enum error error = OK;

	if (!fields)
		return OK;
	for (size_t i = 0; i < fields->remove_count; i++)
		remove_field(message, fields->remove[i].text);
	for (size_t i = 0; i < fields->set_count && !error; i++) {
		const struct config_field *field = &fields->set[i];

		if (field_id_of(field->name.text) == FIELD_HOST) {
			error = set_host(&field->value, values, arena, message);
			continue;
		}
		remove_field(message, field->name.text);
		error = put_field(field, values, arena, message);
	}
	for (size_t i = 0; i < fields->add_count && !error; i++) {
		if (message->kind == MESSAGE_REQUEST)
			remove_spellings(message, fields->add[i].name.text, true);
		error = put_field(&fields->add[i], values, arena, message);
	}
	return error;
}

/* Written out of the message's structure, or not for the next connection. */
static bool is_ours(enum field_id id)
{
	return (field_traits(id) & (FIELD_HOP | FIELD_WRITTEN | FIELD_BANNED)) != 0 ||
	       (id >= FIELD_SEC_WEBSOCKET_KEY && id <= FIELD_SEC_WEBSOCKET_ACCEPT);
}

/* An application would read the framing, or who the client is, out of another spelling. */
static enum field_id spelling_of(struct span name)
{
	for (int id = FIELD_OTHER + 1; id < FIELD_COUNT; id++)
		if (sounds_the_same(name, field_name((enum field_id)id)))
			return (enum field_id)id;
	return FIELD_OTHER;
}

static void check_name(const struct config_text *name, const char *path, const char *key,
                       bool host_allowed, struct diagnostics *diagnostics)
{
	enum field_id id = name->text.data ? spelling_of(name->text) : FIELD_OTHER;
	char place[PATH_SIZE];

	if (!is_ours(id) || (host_allowed && field_id_of(name->text) == FIELD_HOST))
		return;
	(void)snprintf(place, sizeof(place), "%s.%s", path, key);
	diagnostics_error(diagnostics, name->place, place,
	                  id == FIELD_HOST ? "%s can only be set, and only in a request"
	                                   : "%s belongs to the connection or says where the message "
	                                     "ends, and can not be changed",
	                  field_name(id).data);
}

/* A Host without variables can be looked at now. */
static void check_host(const struct config_field *field, const char *path,
                       struct diagnostics *diagnostics)
{
	const struct config_template *value = &field->value;
	bool is_fixed =
		value->piece_count == 0 || (value->piece_count == 1 && !value->pieces[0].variable);
	char place[PATH_SIZE];
	struct span host;
	struct span port;

	if (field_id_of(field->name.text) != FIELD_HOST || !value->text.text.data || !is_fixed ||
	    !h1_authority_read(value->text.text, &host, &port))
		return;
	(void)snprintf(place, sizeof(place), "%s.set.Host", path);
	diagnostics_error(diagnostics, value->text.place, place, "\"%s\" is not a host",
	                  value->text.text.data);
}

void fields_check(const struct config_fields *fields, enum message_kind kind, const char *path,
                  struct diagnostics *diagnostics)
{
	if (!fields)
		return;
	for (size_t i = 0; i < fields->set_count; i++) {
		check_name(&fields->set[i].name, path, "set", kind == MESSAGE_REQUEST, diagnostics);
		check_host(&fields->set[i], path, diagnostics);
	}
	for (size_t i = 0; i < fields->add_count; i++)
		check_name(&fields->add[i].name, path, "add", false, diagnostics);
	for (size_t i = 0; i < fields->remove_count; i++)
		check_name(&fields->remove[i], path, "remove", false, diagnostics);
}
