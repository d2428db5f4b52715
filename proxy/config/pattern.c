#include "config/pattern.h"

#include <string.h>

#include "base/address.h"
#include "base/number.h"
#include "config/value.h"

static void put_lower(struct text *out, struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		text_put_char(out, ascii_lower(text.data[i]));
}

static bool is_ipv4(struct span text)
{
	struct address_block block;

	return span_find(text, '/') == text.size && !address_block_parse(text, &block) &&
	       block.kind == ADDRESS_IPV4;
}

static bool is_host(struct span text)
{
	if (span_starts_with(text, SPAN("*.")))
		return text.size <= ADDRESS_NAME_MAX && address_is_name(span_from(text, 2));
	return address_is_name(text) || is_ipv4(text);
}

static bool is_ascii(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] >= 0x80)
			return false;
	return true;
}

/* Without `https://` in front. */
static struct span without_scheme(struct span text)
{
	static const struct span schemes[] = {
		{"http://", 7}, {"https://", 8}, {"ws://", 5}, {"wss://", 6}, {"tcp://", 6}};

	for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++)
		if (span_equal_nocase(span_cut(text, 0, schemes[i].size), schemes[i]))
			return span_from(text, schemes[i].size);
	return text;
}

const char *pattern_host(struct span text, struct text *out)
{
	if (is_host(text)) {
		put_lower(out, text);
		return NULL;
	}
	if (span_equal(text, SPAN("*")))
		return "\"*\" needs a name after it, as in \"*.example.com\"; a route for any host has no "
			   "\"host\"";
	if (!is_ascii(text))
		return "write the name in its ASCII form, which begins with xn--";

	struct address_block block;

	if (!address_block_parse(text, &block))
		return "an IPv6 address or a network can not be a route's host";

	struct span guess = without_scheme(text);

	guess = span_cut(guess, 0, span_find(guess, '/'));
	guess = span_cut(guess, 0, span_find(guess, ':'));
	if (guess.size > 0 && guess.data[guess.size - 1] == '.')
		guess.size--;
	if (guess.size > 1 && guess.data[0] == '.')
		text_put_char(out, '*');
	put_lower(out, guess);
	if (!is_host(text_span(out)))
		text_clear(out);
	if (span_find(text, '/') < text.size)
		return "a host has neither a scheme nor a path";
	if (span_find(text, ':') < text.size)
		return "a host has no port here; the listener's is meant";
	if (span_find(text, '*') < text.size)
		return "a wildcard can only be the whole first label, as in \"*.example.com\"";
	return "not a host name";
}

/* RFC 3986 §3.3: pchar without the percent sign, and the slash. */
static bool is_path_byte(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~!$&'()*+,;=:@/", c));
}

static bool has_escape_at(struct span text, size_t at)
{
	return at + 2 < text.size && number_hex_digit(text.data[at + 1]) >= 0 &&
	       number_hex_digit(text.data[at + 2]) >= 0;
}

static const char *check_segments(struct span path)
{
	struct span rest = span_from(path, 1);

	while (rest.size > 0) {
		size_t slash = span_find(rest, '/');
		struct span segment = span_cut(rest, 0, slash);

		if (segment.size == 0)
			return "a path never has \"//\"";
		if (span_equal(segment, SPAN(".")) || span_equal(segment, SPAN("..")))
			return "a path never has the segments \".\" or \"..\"";
		rest = span_from(rest, slash + 1);
	}
	return NULL;
}

static const char *prefix_problem(struct span text)
{
	if (text.size > VALUE_PREFIX_MAX)
		return "more than 1024 bytes";
	if (text.size == 0 || text.data[0] != '/')
		return "a path begins with \"/\"";
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '?' || text.data[i] == '#')
			return "routes look only at the path, which ends before \"?\" or \"#\"";
		if (text.data[i] == '*')
			return "the path is a prefix already and takes no \"*\"";
		if (text.data[i] == '%' ? !has_escape_at(text, i) : !is_path_byte(text.data[i]))
			return "a path has only the characters of RFC 3986; write others as %XX";
	}
	return check_segments(text);
}

const char *pattern_prefix(struct span text, struct text *out)
{
	const char *problem = prefix_problem(text);

	if (problem && (text.size == 0 || text.data[0] == '/'))
		return problem;
	if (problem)
		text_put_char(out, '/');
	text_put(out, text);
	/* A guess must be a path itself, and a URL is none with a slash in front. */
	if (problem && (prefix_problem(text_span(out)) || span_find(text, ':') < text.size))
		text_clear(out);
	return problem;
}

/* Tries `before` and the text together; leaves `out` empty if that is no address of this kind. */
static void try_address(const char *before, struct span text, bool listen, struct text *out)
{
	struct address address;

	text_put_string(out, before);
	text_put(out, text);
	if (address_parse(text_span(out), &address) || (listen && address.kind == ADDRESS_NAME))
		text_clear(out);
}

void pattern_suggest_address(struct span text, bool listen, struct text *out)
{
	struct span bare = without_scheme(text);
	const char *any = listen ? "0.0.0.0" : "127.0.0.1";

	if (text.size > ADDRESS_NAME_MAX)
		return;
	bare = span_cut(bare, 0, span_find(bare, '/'));

	struct span host = span_cut(bare, 0, span_find(bare, ':'));
	struct span port = span_from(bare, host.size);

	if (span_starts_with(text, SPAN("/")))
		try_address("unix:", text, listen, out);
	else if (listen && span_equal_nocase(host, SPAN("localhost")))
		try_address("127.0.0.1", port, listen, out);
	else if (host.size == 0 || span_equal(host, SPAN("*")))
		try_address(any, port, listen, out);
	else if (port.size == 0)
		try_address(listen ? "0.0.0.0:" : "127.0.0.1:", bare, listen, out);
	else
		try_address("", bare, listen, out);
}
