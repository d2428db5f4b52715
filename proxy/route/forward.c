#include "route/forward.h"

#include <string.h>

#include "http/h1_syntax.h"

enum { REQUEST_ID_SIZE_MAX = 128 };

/* Names longer than this are no alias of any that we know. */
enum { ALIAS_SIZE_MAX = 64 };

static bool is_alphanumeric(char c)
{
	char lower = ascii_lower(c);

	return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

/* X-Forwarded-anything: there are more of them in use than anyone can list. */
static bool is_forwarded_name(struct span name)
{
	const struct span prefix = SPAN("X-Forwarded-");

	return span_equal_nocase(span_cut(name, 0, prefix.size), prefix);
}

/* Client-Cert-anything, and the same with X-: what is not one of today's fields may become one. */
static bool is_proof_name(struct span name)
{
	static const struct span prefixes[] = {SPAN_INIT("Client-Cert"), SPAN_INIT("X-Client-Cert")};

	for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++)
		if (span_equal_nocase(span_cut(name, 0, prefixes[i].size), prefixes[i]))
			return true;
	return false;
}

static bool is_identity(const struct field *field)
{
	return (field_traits(field->id) & FIELD_IDENTITY) != 0 || is_forwarded_name(field->name);
}

/*
 * Another spelling of a name that only we write. CGI, WSGI, Rack and PHP make `_` of every `-`,
 * some of them of every other byte too.
 */
static bool is_alias(const struct field *field)
{
	char plain[ALIAS_SIZE_MAX];
	struct span name = field->name;

	if (field->id != FIELD_OTHER || name.size > sizeof(plain))
		return false;
	for (size_t i = 0; i < name.size; i++)
		plain[i] = is_alphanumeric(name.data[i]) ? name.data[i] : '-';
	name = span_of(plain, name.size);

	unsigned own = FIELD_WRITTEN | FIELD_IDENTITY | FIELD_PROOF | FIELD_BANNED;

	return (field_traits(field_id_of(name)) & own) != 0 || is_proof_name(name) ||
	       (is_forwarded_name(name) && !is_forwarded_name(field->name));
}

/* Not for the next connection: by its nature, or because Connection lists it. */
static bool ends_here(const struct message *message, const struct field *field)
{
	unsigned traits = field_traits(field->id);

	if ((traits & (FIELD_HOP | FIELD_WRITTEN)) != 0)
		return true;
	return (traits & FIELD_END_TO_END) == 0 &&
	       message_lists(message, FIELD_CONNECTION, field->name);
}

/* Room for as many fields as the message has, and some of ours. */
static enum error allocate_fields(struct message *message, size_t count, struct arena *arena)
{
	const size_t ours = 16;

	message->field_count = 0;
	message->field_capacity = count + ours;
	message->fields = arena_new(arena, message->field_capacity, sizeof(*message->fields));
	return message->fields ? OK : ERROR_OUT_OF_MEMORY;
}

/* All of the spans, one after the other. */
static enum error join(struct arena *arena, const struct span *parts, size_t count,
                       struct span *ret_joined)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += parts[i].size;

	char *bytes = arena_bytes(arena, size);

	if (!bytes)
		return ERROR_OUT_OF_MEMORY;
	*ret_joined = span_of(bytes, size);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > 0)
			memcpy(bytes, parts[i].data, parts[i].size);
		bytes += parts[i].size;
	}
	return OK;
}

/* The values of all fields with this id, and `last`, as one list. */
static enum error append_to_list(const struct message *request, enum field_id id, struct span last,
                                 struct arena *arena, struct span *ret_list)
{
	size_t count = message_count(request, id);
	struct span *parts = arena_new(arena, 2 * count + 1, sizeof(*parts));
	size_t used = 0;

	if (!parts)
		return ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; i < request->field_count; i++) {
		const struct field *field = &request->fields[i];

		if (field->id != id || field->value.size == 0)
			continue;
		parts[used++] = field->value;
		parts[used++] = SPAN(", ");
	}
	parts[used++] = last;
	return join(arena, parts, used, ret_list);
}

/*
 * One element of Forwarded (RFC 7239 §4): a value that is not a token is quoted, an IPv6 address
 * stands in brackets (§6). Nothing in an address or authority needs escaping.
 */
static enum error make_forwarded(const struct message *request, const struct forward_facts *facts,
                                 struct arena *arena, struct span *ret_element)
{
	struct span address = facts->client_address;
	bool is_ipv6 = span_find(address, ':') < address.size;
	bool has_host = request->authority.size > 0;
	bool quote_host = !h1_all(request->authority, H1_TOKEN);
	struct span parts[] = {
		SPAN("for="),
		is_ipv6 ? SPAN("\"[") : SPAN(""),
		address.size > 0 ? address : SPAN("unknown"),
		is_ipv6 ? SPAN("]\"") : SPAN(""),
		has_host ? SPAN(";host=") : SPAN(""),
		has_host && quote_host ? SPAN("\"") : SPAN(""),
		request->authority,
		has_host && quote_host ? SPAN("\"") : SPAN(""),
		SPAN(";proto="),
		facts->scheme,
	};

	return join(arena, parts, ARRAY_LENGTH(parts), ret_element);
}

/* Sets a list: what a trusted peer sent comes first. */
static enum error set_list(struct message *result, const struct message *request, bool trusted,
                           enum field_id id, struct span own, struct arena *arena)
{
	struct span list = own;
	enum error error = trusted ? append_to_list(request, id, own, arena, &list) : OK;

	return error ? error : message_add_field(result, arena, field_name(id), list);
}

/* Sets a value, unless a trusted peer did, or there is none. */
static enum error set_value(struct message *result, enum field_id id, struct span own,
                            struct arena *arena)
{
	if (own.size == 0 || message_find(result, id))
		return OK;
	return message_add_field(result, arena, field_name(id), own);
}

static enum error set_identity(struct message *result, const struct message *request,
                               const struct forward_facts *facts, struct arena *arena)
{
	bool trusted = facts->peer_trusted;
	struct span address = facts->client_address.size > 0 ? facts->client_address : SPAN("unknown");
	struct span forwarded;
	enum error error = set_list(result, request, trusted, FIELD_X_FORWARDED_FOR, address, arena);

	if (!error)
		error = set_value(result, FIELD_X_FORWARDED_PROTO, facts->scheme, arena);
	if (!error)
		error = set_value(result, FIELD_X_FORWARDED_HOST, request->authority, arena);
	if (!error)
		error = make_forwarded(request, facts, arena, &forwarded);
	if (!error)
		error = set_list(result, request, trusted, FIELD_FORWARDED, forwarded, arena);
	if (!error)
		error = set_value(result, FIELD_X_REQUEST_ID, facts->request_id, arena);
	return error;
}

/* What the client has proved by its certificate (RFC 9440 §2). Empty values are left out. */
static enum error set_proof(struct message *result, const struct forward_proof *proof,
                            struct arena *arena)
{
	if (!proof)
		return OK;

	const struct {
		enum field_id id;
		struct span value;
	} rows[] = {
		{FIELD_X_CLIENT_CERT_VERIFY, proof->is_given ? SPAN("SUCCESS") : SPAN("NONE")},
		{FIELD_CLIENT_CERT, proof->certificate},
		{FIELD_CLIENT_CERT_CHAIN, proof->chain},
		{FIELD_X_CLIENT_CERT_SUBJECT, proof->subject},
		{FIELD_X_CLIENT_CERT_SAN, proof->san},
		{FIELD_X_CLIENT_CERT_FINGERPRINT, proof->fingerprint},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		enum error error = set_value(result, rows[i].id, rows[i].value, arena);

		if (error)
			return error;
	}
	return OK;
}

/* Fields of the client that the backend may see before ours are added. */
static bool may_pass(const struct message *request, const struct field *field, bool trusted)
{
	if (ends_here(request, field) || is_alias(field) || is_proof_name(field->name) ||
	    (field_traits(field->id) & (FIELD_BANNED | FIELD_PROOF)) != 0)
		return false;
	if (field->id == FIELD_X_FORWARDED_FOR || field->id == FIELD_FORWARDED ||
	    field->id == FIELD_X_REQUEST_ID)
		return false; /* written again, with what a trusted peer sent in them */
	return trusted || !is_identity(field);
}

/* Harmless wherever an id is shown: logs, pages, shells. */
static bool is_id_character(char c)
{
	return is_alphanumeric(c) || span_find(SPAN("-_.:=+/@"), c) < SPAN("-_.:=+/@").size;
}

struct span forward_request_id(const struct message *request, bool peer_trusted, struct span own)
{
	const struct field *field = message_find(request, FIELD_X_REQUEST_ID);

	if (!peer_trusted || !field || message_count(request, FIELD_X_REQUEST_ID) != 1 ||
	    field->value.size == 0 || field->value.size > REQUEST_ID_SIZE_MAX)
		return own;
	for (size_t i = 0; i < field->value.size; i++)
		if (!is_id_character(field->value.data[i]))
			return own;
	return field->value;
}

enum error forward_request(const struct message *request, const struct forward_facts *facts,
                           bool keep_alive, struct arena *arena, struct message *ret_request)
{
	struct message result = *request;
	enum error error = allocate_fields(&result, request->field_count, arena);

	check(request->kind == MESSAGE_REQUEST && facts->host_default.size > 0);
	if (error)
		return error;
	for (size_t i = 0; i < request->field_count; i++)
		if (may_pass(request, &request->fields[i], facts->peer_trusted))
			result.fields[result.field_count++] = request->fields[i];
	error = set_identity(&result, request, facts, arena);
	if (!error)
		error = set_proof(&result, facts->proof, arena);
	if (error)
		return error;
	result.version = HTTP_VERSION_1_1;
	result.target = request->path_query;
	if (result.authority.size == 0)
		result.authority = facts->host_default;
	result.keep_alive = keep_alive;
	if (result.upgrade != UPGRADE_WEBSOCKET)
		result.upgrade = UPGRADE_NONE;
	*ret_request = result;
	return OK;
}

/* RFC 9112 §6.1, §6.3. */
static enum framing choose_framing(const struct message *response, enum http_version version)
{
	if (response->framing != BODY_CHUNKED && response->framing != BODY_UNTIL_CLOSE)
		return response->framing;
	return version == HTTP_VERSION_1_1 ? BODY_CHUNKED : BODY_UNTIL_CLOSE;
}

enum error forward_response(const struct message *response, const struct message *request,
                            bool keep_alive, struct arena *arena, struct message *ret_response)
{
	struct message result = *response;
	enum error error = allocate_fields(&result, response->field_count, arena);

	check(response->kind == MESSAGE_RESPONSE);
	if (error)
		return error;
	for (size_t i = 0; i < response->field_count; i++)
		if (!ends_here(response, &response->fields[i]))
			result.fields[result.field_count++] = response->fields[i];
	result.version = request->version;
	result.framing = choose_framing(response, request->version);
	result.keep_alive = keep_alive && result.framing != BODY_UNTIL_CLOSE;
	if (result.upgrade != UPGRADE_WEBSOCKET || result.status != 101)
		result.upgrade = UPGRADE_NONE;
	*ret_response = result;
	return OK;
}
