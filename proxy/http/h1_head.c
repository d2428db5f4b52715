#include "http/h1_head.h"

#include <string.h>

#include "http/h1_framing.h"
#include "http/h1_target.h"

/* `HTTP/1.1`: the digits stand at 5 and 7. */
enum { VERSION_SIZE = 8, VERSION_MAJOR_AT = 5, VERSION_DOT_AT = 6, VERSION_MINOR_AT = 7 };
enum { STATUS_DIGITS = 3 };

void h1_head_init(struct h1_head *head, enum message_kind kind, enum method request_method,
                  const struct h1_limits *limits)
{
	*head = (struct h1_head){.kind = kind, .request_method = request_method, .limits = limits};
}

bool h1_head_has_begun(const struct h1_head *head)
{
	return head->state > H1_HEAD_EMPTY_LF;
}

static bool tolerates(const struct h1_head *head, enum h1_leniency leniency)
{
	return (head->rules.tolerated & (unsigned)leniency) != 0;
}

/* A line of LF alone: where the first one ends so, all must. */
static enum error take_bare_line_feed(struct h1_head *head)
{
	bool is_first = head->empty_lines == 0 || head->fields.ends_bare;

	if (!tolerates(head, H1_TOLERATE_BARE_LF) || !is_first)
		return ERROR_LINE_END_MALFORMED;
	head->fields.ends_bare = true;
	return OK;
}

/* How many bytes of the part of the start line that we are in have been seen. */
static size_t part_size(const struct h1_head *head)
{
	return head->scanned - head->part_start;
}

/* The byte at head->scanned belongs to this part, or, with `after`, is the separator before it. */
static void enter(struct h1_head *head, enum h1_head_state state, size_t part_start)
{
	head->state = state;
	head->part_start = part_start;
}

static enum error take_method(struct h1_head *head, struct span content, char c)
{
	struct span method = span_cut(content, head->part_start, head->scanned);

	if (h1_is(c, H1_TOKEN))
		return method.size < H1_METHOD_SIZE_MAX ? OK : ERROR_METHOD_UNSUPPORTED;
	if (c == '\r' || c == '\n')
		return ERROR_START_LINE_MALFORMED;
	if (c != ' ' || method.size == 0)
		return ERROR_METHOD_MALFORMED;
	if (method_of(method) == METHOD_CONNECT)
		return ERROR_METHOD_UNSUPPORTED;
	head->target_start = head->scanned + 1;
	enter(head, H1_HEAD_TARGET, head->target_start);
	return OK;
}

static void end_empty_line(struct h1_head *head)
{
	head->start = head->scanned + 1;
	head->empty_lines++;
	head->state = H1_HEAD_START;
}

static enum error take_empty_line(struct h1_head *head, char c)
{
	if (c == '\r') {
		enter(head, H1_HEAD_EMPTY_LF, head->scanned);
		return head->fields.ends_bare ? ERROR_LINE_END_MALFORMED : OK;
	}

	enum error error = take_bare_line_feed(head);

	if (!error)
		end_empty_line(head);
	return error;
}

static enum error take_start(struct h1_head *head, struct span content, char c)
{
	if (head->kind == MESSAGE_RESPONSE) {
		/* The first byte of the version is judged as such. */
		enter(head, H1_HEAD_VERSION, head->scanned);
		return c == 'H' ? OK : ERROR_START_LINE_MALFORMED;
	}
	if ((c == '\r' || c == '\n') &&
	    (head->empty_lines == 0 || tolerates(head, H1_TOLERATE_EMPTY_LINES)))
		return take_empty_line(head, c);
	if (c == '\n')
		return ERROR_LINE_END_MALFORMED;
	enter(head, H1_HEAD_METHOD, head->scanned);
	return take_method(head, content, c);
}

static enum error take_empty_line_feed(struct h1_head *head, char c)
{
	if (c != '\n')
		return ERROR_LINE_END_MALFORMED;
	end_empty_line(head);
	return OK;
}

static enum error take_target(struct h1_head *head, char c)
{
	if (h1_is(c, H1_QUERY))
		return part_size(head) < head->limits->target_size_max ? OK : ERROR_TARGET_TOO_LONG;
	if (c == '\r' || c == '\n' || (c == ' ' && part_size(head) == 0))
		return ERROR_START_LINE_MALFORMED;
	if (c != ' ')
		return ERROR_TARGET_MALFORMED;
	head->target_end = head->scanned;
	enter(head, H1_HEAD_VERSION, head->scanned + 1);
	return OK;
}

/* RFC 9112 §2.3. A higher major version is not ours, and 1.2 does not exist. */
static enum error judge_version(char major, char minor)
{
	if (major == '0')
		return ERROR_VERSION_MALFORMED;
	return major == '1' && (minor == '0' || minor == '1') ? OK : ERROR_VERSION_UNSUPPORTED;
}

static enum error take_version(struct h1_head *head, struct span content, char c)
{
	static const char form[] = "HTTP/d.d";
	size_t at = part_size(head);

	if (at == VERSION_SIZE) { /* only in a response: what follows is its status */
		if (c != ' ')
			return h1_is(c, H1_DIGIT) ? ERROR_VERSION_MALFORMED : ERROR_START_LINE_MALFORMED;
		enter(head, H1_HEAD_STATUS, head->scanned + 1);
		return OK;
	}
	if (form[at] == 'd' ? !h1_is(c, H1_DIGIT) : c != form[at])
		return ERROR_VERSION_MALFORMED;
	if (at < VERSION_MINOR_AT)
		return OK;

	enum error error = judge_version(content.data[head->part_start + VERSION_MAJOR_AT], c);

	if (!error && head->kind == MESSAGE_REQUEST)
		enter(head, H1_HEAD_VERSION_END, head->part_start);
	return error;
}

static struct span method_token(const struct h1_head *head, struct span content)
{
	return span_cut(content, head->start, head->target_start - 1);
}

static struct span target(const struct h1_head *head, struct span content)
{
	return span_cut(content, head->target_start, head->target_end);
}

static enum error end_start_line(struct h1_head *head, struct span content)
{
	head->fields_start = head->scanned + 1;
	head->fields.may_fold = head->kind == MESSAGE_RESPONSE && tolerates(head, H1_TOLERATE_OBS_FOLD);
	head->state = H1_HEAD_FIELDS;
	if (head->kind == MESSAGE_RESPONSE)
		return OK;

	struct h1_target unused;

	return h1_target_read(target(head, content), method_of(method_token(head, content)), &unused);
}

/* The byte that ends the start line: a CR, whose LF must follow, or an LF alone. */
static enum error take_start_end(struct h1_head *head, struct span content, char c)
{
	if (c == '\r') {
		head->state = H1_HEAD_START_LF;
		return head->fields.ends_bare ? ERROR_LINE_END_MALFORMED : OK;
	}

	enum error error = take_bare_line_feed(head);

	return error ? error : end_start_line(head, content);
}

static enum error take_version_end(struct h1_head *head, struct span content, char c)
{
	if (c == '\r' || c == '\n')
		return take_start_end(head, content, c);
	return c == ' ' || c == '\t' ? ERROR_START_LINE_MALFORMED : ERROR_VERSION_MALFORMED;
}

static enum error take_status(struct h1_head *head, struct span content, char c)
{
	size_t at = part_size(head);

	if (at == STATUS_DIGITS) {
		if ((c == '\r' || c == '\n') && tolerates(head, H1_TOLERATE_MISSING_REASON))
			return take_start_end(head, content, c);
		if (c != ' ')
			return ERROR_STATUS_MALFORMED;
		enter(head, H1_HEAD_REASON, head->scanned + 1);
		return OK;
	}
	/* RFC 9110 §15: from 100 to 599. */
	if (!h1_is(c, H1_DIGIT) || (at == 0 && (c < '1' || c > '5')))
		return ERROR_STATUS_MALFORMED;
	return OK;
}

static enum error take_reason(struct h1_head *head, struct span content, char c)
{
	if (h1_is(c, H1_VALUE))
		return OK;
	if (c != '\r' && c != '\n')
		return ERROR_START_LINE_MALFORMED;
	return take_start_end(head, content, c);
}

static enum error take_start_line_feed(struct h1_head *head, struct span content, char c)
{
	return c == '\n' ? end_start_line(head, content) : ERROR_LINE_END_MALFORMED;
}

static enum error take_byte(struct h1_head *head, struct span content)
{
	char c = content.data[head->scanned];

	switch (head->state) {
	case H1_HEAD_START:
		return take_start(head, content, c);
	case H1_HEAD_EMPTY_LF:
		return take_empty_line_feed(head, c);
	case H1_HEAD_METHOD:
		return take_method(head, content, c);
	case H1_HEAD_TARGET:
		return take_target(head, c);
	case H1_HEAD_VERSION:
		return take_version(head, content, c);
	case H1_HEAD_STATUS:
		return take_status(head, content, c);
	case H1_HEAD_REASON:
		return take_reason(head, content, c);
	case H1_HEAD_VERSION_END:
		return take_version_end(head, content, c);
	case H1_HEAD_START_LF:
		return take_start_line_feed(head, content, c);
	case H1_HEAD_FIELDS:
	case H1_HEAD_DONE:
	case H1_HEAD_STATE_COUNT:
		break;
	}
	check(!"not in a start line");
	return ERROR_INVALID;
}

static enum error take_fields(struct h1_head *head, struct span content)
{
	size_t taken = 0;
	enum error error = h1_lines_take(&head->fields, span_from(content, head->scanned),
	                                 head->limits->field_count_max, &taken);

	head->scanned += taken;
	if (!error && head->fields.state == H1_LINE_DONE) {
		head->state = H1_HEAD_DONE;
		head->size = head->scanned;
	}
	return error;
}

enum error h1_head_scan(struct h1_head *head, struct span content, bool *ret_complete)
{
	struct span allowed = span_cut(content, 0, head->limits->head_size_max);
	enum error error = OK;

	check(content.size >= head->scanned);
	while (!error && head->scanned < allowed.size && head->state < H1_HEAD_FIELDS) {
		error = take_byte(head, allowed);
		if (!error)
			head->scanned++;
	}
	if (!error && head->state == H1_HEAD_FIELDS)
		error = take_fields(head, allowed);
	if (error)
		return error;
	/* Decided by the last byte that may be: the room behind it need not be larger. */
	if (head->state != H1_HEAD_DONE && head->scanned >= head->limits->head_size_max)
		return head->state == H1_HEAD_TARGET ? ERROR_TARGET_TOO_LONG : ERROR_HEAD_TOO_LARGE;
	*ret_complete = head->state == H1_HEAD_DONE;
	return OK;
}

enum method h1_head_method(const struct h1_head *head, struct span content)
{
	if (head->kind != MESSAGE_REQUEST || head->target_start == 0)
		return METHOD_OTHER;
	return method_of(method_token(head, content));
}

static enum http_version version_of(struct span version)
{
	return version.data[VERSION_MINOR_AT] == '0' ? HTTP_VERSION_1_0 : HTTP_VERSION_1_1;
}

/* An absolute form with a query and no path has `/` for its path. */
static enum error complete_path(struct h1_target *parts, struct arena *arena)
{
	if (parts->path_query.data[0] != '?')
		return OK;

	size_t size = parts->path_query.size;
	char *bytes = arena_bytes(arena, size + 1);

	if (!bytes)
		return ERROR_OUT_OF_MEMORY;
	bytes[0] = '/';
	memcpy(bytes + 1, parts->path_query.data, size);
	parts->path_query = span_of(bytes, size + 1);
	return OK;
}

/* Bytes of the end of each line. */
static size_t line_end_size(const struct h1_head *head)
{
	return head->fields.ends_bare ? 1 : 2;
}

static enum error read_request_line(const struct h1_head *head, struct span copy,
                                    struct arena *arena, struct message *message)
{
	struct h1_target parts;

	message->method_token = method_token(head, copy);
	message->method = method_of(message->method_token);
	message->target = target(head, copy);
	message->version = version_of(span_from(copy, head->target_end + 1));

	enum error error = h1_target_read(message->target, message->method, &parts);

	if (!error)
		error = h1_target_judge(&parts, head->rules.refused);
	if (!error)
		error = complete_path(&parts, arena);
	if (error)
		return error;
	message->target_form = parts.form;
	message->scheme = parts.scheme;
	message->authority = parts.authority;
	message->host = parts.host;
	message->port = parts.port;
	message->path_query = parts.path_query;
	message->path = parts.path;
	message->query = parts.query;
	return OK;
}

static void read_status_line(const struct h1_head *head, struct span copy, struct message *message)
{
	const char *digits = copy.data + VERSION_SIZE + 1;
	struct span line = span_cut(copy, 0, head->fields_start - line_end_size(head));

	message->version = version_of(copy);
	message->status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
	message->reason = span_from(line, VERSION_SIZE + 1 + STATUS_DIGITS + 1);
}

/*
 * Makes one line of each folded field: the line end and the blanks behind it become SP (RFC 9112
 * §5.2). A line end before a blank is a fold: the scan let no other one through.
 */
static void unfold(const struct h1_head *head, char *bytes)
{
	size_t size = line_end_size(head);

	for (size_t i = head->fields_start; i + size < head->size; i++) {
		bool is_fold =
			bytes[i + size - 1] == '\n' && (bytes[i + size] == ' ' || bytes[i + size] == '\t');

		if (!is_fold)
			continue;
		memset(bytes + i, ' ', size);
		for (i += size; bytes[i] == '\t' || bytes[i] == ' '; i++)
			bytes[i] = ' ';
	}
}

/* A field that rules the connection is not joined: who knows how the next reader does it. */
static enum error check_folds(const struct h1_head *head, struct span content,
                              const struct message *message, struct span copy)
{
	for (size_t i = 0; head->fields.has_fold && i < message->field_count; i++) {
		const struct field *field = &message->fields[i];
		size_t from = (size_t)(field->name.data - copy.data);
		size_t to = (size_t)(field->value.data - copy.data) + field->value.size;
		struct span received = span_cut(content, from, to);

		if ((field_traits(field->id) & FIELD_WRITTEN) != 0 &&
		    span_find(received, '\n') < received.size)
			return ERROR_FIELD_FOLDED;
	}
	return OK;
}

/* The lines have been checked: each has a colon, and no CR or LF but at its end. */
static enum error read_fields(const struct h1_head *head, struct span copy, struct arena *arena,
                              struct message *message)
{
	struct span rest = span_from(copy, head->fields_start);
	char line_end = head->fields.ends_bare ? '\n' : '\r';
	size_t capacity = head->fields.count > 0 ? head->fields.count : 1;

	message->fields = arena_new(arena, capacity, sizeof(*message->fields));
	if (!message->fields)
		return ERROR_OUT_OF_MEMORY;
	message->field_capacity = capacity;
	while (rest.data[0] != line_end) {
		struct span line = span_cut(rest, 0, span_find(rest, line_end));
		size_t colon = span_find(line, ':');
		struct field *field = &message->fields[message->field_count++];

		field->name = span_cut(line, 0, colon);
		field->value = span_trim(span_from(line, colon + 1));
		field->id = field_id_of(field->name);
		rest = span_from(rest, line.size + line_end_size(head));
	}
	return OK;
}

/* RFC 9112 §3.2: one valid Host, which HTTP/1.0 may do without; the absolute form outranks it. */
static enum error read_host(struct message *message)
{
	const struct field *field = message_find(message, FIELD_HOST);
	struct span host;
	struct span port;

	if (!field)
		return message->version == HTTP_VERSION_1_0 ? OK : ERROR_HOST_MISSING;
	if (message_count(message, FIELD_HOST) > 1)
		return ERROR_HOST_REPEATED;

	enum error error = h1_authority_read(field->value, &host, &port);

	if (error || message->target_form == TARGET_ABSOLUTE)
		return error;
	message->authority = field->value;
	message->host = host;
	message->port = port;
	return OK;
}

/* What the message borrows from, with each field in one line. */
static enum error copy_head(const struct h1_head *head, struct span content, struct arena *arena,
                            struct span *ret_copy)
{
	char *bytes = arena_bytes(arena, head->size);

	if (!bytes)
		return ERROR_OUT_OF_MEMORY;
	memcpy(bytes, content.data, head->size);
	if (head->fields.has_fold)
		unfold(head, bytes);
	*ret_copy = span_of(bytes, head->size);
	return OK;
}

enum error h1_head_finish(const struct h1_head *head, struct span content, struct arena *arena,
                          struct message *ret_message)
{
	struct message message = {.kind = head->kind};
	struct span copy;

	check(head->state == H1_HEAD_DONE && content.size >= head->size);

	enum error error = copy_head(head, content, arena, &copy);

	if (error)
		return error;
	if (head->kind == MESSAGE_REQUEST)
		error = read_request_line(head, copy, arena, &message);
	else
		read_status_line(head, copy, &message);
	if (!error)
		error = read_fields(head, copy, arena, &message);
	if (!error)
		error = check_folds(head, content, &message, copy);
	if (!error && head->kind == MESSAGE_REQUEST)
		error = read_host(&message);
	if (!error)
		error = h1_framing_decide(&message, head->request_method);
	if (!error)
		*ret_message = message;
	return error;
}
