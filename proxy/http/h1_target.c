#include "http/h1_target.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/number.h"
#include "http/h1_syntax.h"

static bool is_port(struct span port)
{
	uint64_t number;

	return port.size > 0 && port.data[0] != '0' && number_decimal(port, UINT16_MAX, &number) == OK;
}

/* Without brackets. */
static bool is_ipv6(struct span text)
{
	char host[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (text.size == 0 || text.size >= sizeof(host) || memchr(text.data, '\0', text.size))
		return false;
	memcpy(host, text.data, text.size);
	host[text.size] = '\0';
	return inet_pton(AF_INET6, host, bytes) == 1;
}

static bool is_name(struct span name)
{
	char before = '.';

	if (name.size > H1_HOST_SIZE_MAX || !h1_all(name, H1_NAME))
		return false;
	for (size_t i = 0; i < name.size; i++) {
		if (name.data[i] == '.' && before == '.')
			return false;
		before = name.data[i];
	}
	return true;
}

enum error h1_authority_read(struct span authority, struct span *ret_host, struct span *ret_port)
{
	struct span host;
	struct span rest;

	if (authority.size > 0 && authority.data[0] == '[') {
		size_t end = span_find(authority, ']');

		if (end == authority.size || !is_ipv6(span_cut(authority, 1, end)))
			return ERROR_HOST_MALFORMED;
		host = span_cut(authority, 0, end + 1);
		rest = span_from(authority, end + 1);
	} else {
		size_t end = span_find(authority, ':');

		host = span_cut(authority, 0, end);
		rest = span_from(authority, end);
		if (!is_name(host))
			return ERROR_HOST_MALFORMED;
	}
	if (rest.size > 0) {
		if (rest.data[0] != ':' || !is_port(span_from(rest, 1)))
			return ERROR_HOST_MALFORMED;
		rest = span_from(rest, 1);
	}
	*ret_host = host;
	*ret_port = rest;
	return OK;
}

static bool is_path(struct span path)
{
	if (h1_run(path, H1_PATH) != path.size)
		return false;
	for (size_t i = 0; i < path.size; i++) {
		if (path.data[i] != '%')
			continue;
		if (path.size - i < 3 || number_hex_digit(path.data[i + 1]) < 0 ||
		    number_hex_digit(path.data[i + 2]) < 0)
			return false;
		i += 2;
	}
	return true;
}

/* Splits path_query at its first `?`. */
static enum error split_query(struct h1_target *target)
{
	size_t at = span_find(target->path_query, '?');

	target->path = span_cut(target->path_query, 0, at);
	target->query = span_from(target->path_query, at + 1);
	if (!is_path(target->path) || h1_run(target->query, H1_QUERY) != target->query.size)
		return ERROR_TARGET_MALFORMED;
	return OK;
}

/* Takes `http://` or `https://` off the front. */
static bool take_scheme(struct span *rest, struct span *ret_scheme)
{
	const struct span schemes[] = {SPAN("http"), SPAN("https")};
	const struct span separator = SPAN("://");
	size_t size = span_find(*rest, ':');

	for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
		if (!span_equal_nocase(span_cut(*rest, 0, size), schemes[i]) ||
		    !span_starts_with(span_from(*rest, size), separator))
			continue;
		*ret_scheme = span_cut(*rest, 0, size);
		*rest = span_from(*rest, size + separator.size);
		return true;
	}
	return false;
}

static enum error read_absolute(struct span text, enum method method, struct h1_target *target)
{
	size_t size = 0;

	if (!take_scheme(&text, &target->scheme))
		return ERROR_TARGET_MALFORMED;
	while (size < text.size && text.data[size] != '/' && text.data[size] != '?')
		size++;
	target->form = TARGET_ABSOLUTE;
	target->authority = span_cut(text, 0, size);
	if (h1_authority_read(target->authority, &target->host, &target->port) != OK)
		return ERROR_TARGET_MALFORMED;
	target->path_query = span_from(text, size);
	if (target->path_query.size == 0) {
		/* RFC 9112 §3.2.4: OPTIONS without a path is about the server as a whole. */
		target->path_query = method == METHOD_OPTIONS ? SPAN("*") : SPAN("/");
		target->path = target->path_query;
		return OK;
	}

	enum error error = split_query(target);

	if (target->path.size == 0)
		target->path = SPAN("/");
	return error;
}

enum error h1_target_read(struct span text, enum method method, struct h1_target *ret_target)
{
	struct h1_target target = {.form = TARGET_ORIGIN};
	enum error error = OK;

	if (text.size > 0 && text.data[0] == '/') {
		target.path_query = text;
		error = split_query(&target);
	} else if (span_equal(text, SPAN("*"))) {
		target.form = TARGET_ASTERISK;
		target.path_query = text;
		target.path = text;
		error = method == METHOD_OPTIONS ? OK : ERROR_TARGET_MALFORMED;
	} else {
		error = read_absolute(text, method, &target);
	}
	if (!error)
		*ret_target = target;
	return error;
}

/* The byte at `at`, decoded if it is encoded; *ret_size: how many bytes stand for it. */
static char decode(struct span text, size_t at, size_t *ret_size)
{
	*ret_size = 1;
	if (text.data[at] != '%' || text.size - at < 3)
		return text.data[at];

	int high = number_hex_digit(text.data[at + 1]);
	int low = number_hex_digit(text.data[at + 2]);

	if (high < 0 || low < 0)
		return text.data[at]; /* a query may have it */
	*ret_size = 3;
	return (char)(high << 4 | low);
}

/* Whether `byte` stands encoded in the text. */
static bool has_encoded(struct span text, char byte)
{
	size_t size;

	for (size_t at = 0; at < text.size; at += size)
		if (decode(text, at, &size) == byte && size == 3)
			return true;
	return false;
}

static bool has_dot_segment(struct span path)
{
	size_t dots = 0;
	bool only_dots = true; /* so far in this segment, up to its parameters */
	size_t size;

	for (size_t at = 0; at < path.size; at += size) {
		char c = decode(path, at, &size);

		if (c == '/' || c == '\\' || c == ';') {
			if (only_dots && (dots == 1 || dots == 2))
				return true;
			dots = 0;
			only_dots = c != ';';
		} else if (c == '.') {
			dots++;
		} else {
			only_dots = false;
		}
	}
	return only_dots && (dots == 1 || dots == 2);
}

enum error h1_target_judge(const struct h1_target *target, unsigned refused)
{
	if ((refused & H1_TARGET_ENCODED_SLASH) != 0 &&
	    (has_encoded(target->path, '/') || has_encoded(target->path, '\\')))
		return ERROR_TARGET_ENCODED_SLASH;
	if ((refused & H1_TARGET_NUL) != 0 && has_encoded(target->path_query, '\0'))
		return ERROR_TARGET_NUL;
	if ((refused & H1_TARGET_DOT_SEGMENT) != 0 && has_dot_segment(target->path))
		return ERROR_TARGET_DOT_SEGMENT;
	return OK;
}
