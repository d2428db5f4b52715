#include "unit/http/request_reference.h"

#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/http/case_reader.h"
#include "unit/http/trace.h"

/* The limits, as numbers: the reference shares no code that would apply them. */
enum {
	HEAD_MAX = 2048,
	FIELDS_MAX = 20,
	TARGET_MAX = 512,
	OPTIONS_MAX = 32,
	EXTENSION_MAX = 64,
	TRAILER_MAX = 128,
	NAME_MAX_SIZE = 254,
	PORT_MAX = 65535,
	TEXT_MAX = 1 << 22,
};

/* RFC 9110 §5.6.2, §5.5, §5.6.4. A bracket expression has `]` first and `-` last. */
#define TOKEN  "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
#define VCHARS "[\t -~\x80-\xff]"
#define QUOTED "\"([\t !#-[^-~\x80-\xff]|]|\\\\" VCHARS ")*\""
#define BWS    "[\t ]*"

/* RFC 3986 §3.3, §3.4, and what browsers leave as it is. */
#define PATH  "([]!$&'()*+,./:;=@[^_|~0-9A-Za-z-]|%[0-9A-Fa-f][0-9A-Fa-f])*"
#define QUERY "[]!$%&'()*+,./:;=?@[\\^_`{|}~0-9A-Za-z-]*"

/* RFC 3986 §3.2.2. */
#define H16   "[0-9A-Fa-f]{1,4}"
#define OCTET "([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
#define LS32  "(" H16 ":" H16 "|" OCTET "\\." OCTET "\\." OCTET "\\." OCTET ")"
#define IPV6                                                                                  \
	"((" H16 ":){6}" LS32 "|::(" H16 ":){5}" LS32 "|(" H16 ")?::(" H16 ":){4}" LS32 "|((" H16 \
	":){0,1}" H16 ")?::(" H16 ":){3}" LS32 "|((" H16 ":){0,2}" H16 ")?::(" H16 ":){2}" LS32   \
	"|((" H16 ":){0,3}" H16 ")?::" H16 ":" LS32 "|((" H16 ":){0,4}" H16 ")?::" LS32 "|((" H16 \
	":){0,5}" H16 ")?::" H16 "|((" H16 ":){0,6}" H16 ")?::)"
#define LABEL "[0-9A-Za-z_-]+"
#define HOST  "(" LABEL "(\\." LABEL ")*\\.?|\\[" IPV6 "\\])"

enum rule {
	RULE_REQUEST_LINE,
	RULE_ORIGIN,
	RULE_ABSOLUTE,
	RULE_AUTHORITY,
	RULE_FIELD,
	RULE_TOKEN,
	RULE_LENGTH,
	RULE_CHUNK,
	RULE_COUNT
};

static const struct {
	const char *pattern;
	int flags;
} rules[RULE_COUNT] = {
	[RULE_REQUEST_LINE] = {"^([^ ]{1,32}) ([^ ]+) HTTP/1\\.([01])$", 0},
	[RULE_ORIGIN] = {"^(/" PATH ")(\\?" QUERY ")?$", 0},
	[RULE_ABSOLUTE] = {"^https?://([^/?]+)((/" PATH ")?(\\?" QUERY ")?)$", REG_ICASE},
	[RULE_AUTHORITY] = {"^" HOST "(:([1-9][0-9]{0,4}))?$", 0},
	[RULE_FIELD] = {"^(" TOKEN "):(" VCHARS "*)$", 0},
	[RULE_TOKEN] = {"^" TOKEN "$", 0},
	[RULE_LENGTH] = {"^0*([0-9]{1,19})$", 0},
	[RULE_CHUNK] = {"^([0-9A-Fa-f]{1,16})((" BWS ";" BWS TOKEN "(" BWS "=" BWS "(" TOKEN "|" QUOTED
                    "))?)*)$",
                    0},
};

enum { PARTS_MAX = 8 };

/* The parts in parentheses of a match. */
struct match {
	struct span parts[PARTS_MAX];
};

static bool matches(enum rule rule, struct span text, struct match *ret_match)
{
	static regex_t compiled[RULE_COUNT];
	static bool is_compiled[RULE_COUNT];
	regmatch_t at[PARTS_MAX];
	char string[HEAD_MAX + 1];

	if (!is_compiled[rule]) {
		if (regcomp(&compiled[rule], rules[rule].pattern, REG_EXTENDED | rules[rule].flags) != 0)
			abort();
		is_compiled[rule] = true;
	}
	/* The grammar has no place for a NUL, and nothing that long is within the limits. */
	if (text.size > HEAD_MAX || (text.size > 0 && memchr(text.data, '\0', text.size)))
		return false;
	if (text.size > 0)
		memcpy(string, text.data, text.size);
	string[text.size] = '\0';
	if (regexec(&compiled[rule], string, PARTS_MAX, at, 0) != 0)
		return false;
	for (size_t i = 0; ret_match && i < PARTS_MAX; i++)
		ret_match->parts[i] = at[i].rm_so < 0
		                          ? span_of(NULL, 0)
		                          : span_cut(text, (size_t)at[i].rm_so, (size_t)at[i].rm_eo);
	return true;
}

/* What the bytes are found to be. */
enum verdict { VERDICT_GOOD, VERDICT_REFUSED, VERDICT_UNDECIDED };

struct pair {
	struct span name;
	struct span value;
};

struct request {
	struct span method;
	struct span target;
	bool is_1_0;
	struct span authority;
	struct span path; /* as it goes on, but for a `/` that it lacks */
	struct pair fields[FIELDS_MAX];
	size_t count;
	bool is_chunked;
	bool has_length;
	uint64_t length;
	bool closes;
	bool expects_continue;
	bool is_websocket;
	bool is_other_upgrade;
};

/* The line at the front, which ends in CR LF; false if there is no whole one. */
static bool take_line(struct span *rest, struct span *ret_line)
{
	for (size_t i = 0; i + 1 < rest->size; i++) {
		if (rest->data[i] != '\r' || rest->data[i + 1] != '\n')
			continue;
		*ret_line = span_cut(*rest, 0, i);
		*rest = span_from(*rest, i + 2);
		return true;
	}
	return false;
}

/* How many fields have the name; *ret_last: the value of the last one. */
static size_t count_fields(const struct request *request, const char *name, struct span *ret_last)
{
	size_t count = 0;

	for (size_t i = 0; i < request->count; i++) {
		if (!span_equal_nocase(request->fields[i].name, span_of_string(name)))
			continue;
		*ret_last = request->fields[i].value;
		count++;
	}
	return count;
}

static bool is_authority(struct span text)
{
	struct match match;
	size_t host;

	if (!matches(RULE_AUTHORITY, text, &match))
		return false;
	host = text.data[0] == '[' ? span_find(text, ']') + 1 : span_find(text, ':');

	struct span port = span_from(text, host + 1);
	long number = 0;

	for (size_t i = 0; i < port.size; i++)
		number = number * 10 + port.data[i] - '0';
	return host <= NAME_MAX_SIZE && number <= PORT_MAX;
}

/* Method, target and version; a target that is `*` or absolute, too. */
static bool read_request_line(struct span line, struct request *request)
{
	struct match match;
	struct match target;

	if (!matches(RULE_REQUEST_LINE, line, &match))
		return false;
	request->method = match.parts[1];
	request->target = match.parts[2];
	request->is_1_0 = match.parts[3].data[0] == '0';
	request->path = request->target;
	if (!matches(RULE_TOKEN, request->method, NULL) || request->target.size > TARGET_MAX ||
	    span_equal(request->method, SPAN("CONNECT")))
		return false;

	bool is_options = span_equal(request->method, SPAN("OPTIONS"));

	if (span_equal(request->target, SPAN("*")))
		return is_options;
	if (matches(RULE_ORIGIN, request->target, NULL))
		return true;
	if (!matches(RULE_ABSOLUTE, request->target, &target) || !is_authority(target.parts[1]))
		return false;
	request->authority = target.parts[1];
	request->path = target.parts[2];
	if (request->path.size == 0)
		request->path = is_options ? SPAN("*") : SPAN("/");
	return true;
}

/* RFC 9112 §3.2. */
static bool read_host(struct request *request)
{
	struct span host = span_of(NULL, 0);
	size_t count = count_fields(request, "Host", &host);

	if (count == 0)
		return request->is_1_0;
	if (count > 1 || !is_authority(host))
		return false;
	if (request->authority.size == 0)
		request->authority = host;
	return true;
}

/* RFC 9112 §6: one length of digits, or one whole `chunked` in HTTP/1.1, or neither. */
static bool read_framing(struct request *request)
{
	struct span coding = span_of(NULL, 0);
	struct span length = span_of(NULL, 0);
	size_t codings = count_fields(request, "Transfer-Encoding", &coding);
	size_t lengths = count_fields(request, "Content-Length", &length);
	struct match match;

	if (codings + lengths > 1 || (codings > 0 && request->is_1_0))
		return false;
	request->is_chunked = codings == 1;
	request->has_length = lengths == 1;
	if (request->is_chunked && !span_equal_nocase(coding, SPAN("chunked")))
		return false;
	if (request->has_length) {
		if (!matches(RULE_LENGTH, length, &match))
			return false;
		for (size_t i = 0; i < match.parts[1].size; i++)
			request->length = request->length * 10 + (uint64_t)(match.parts[1].data[i] - '0');
		if (request->length > INT64_MAX)
			return false;
	}
	/* RFC 9110 §9.3.8. */
	return !span_equal(request->method, SPAN("TRACE")) ||
	       (!request->is_chunked && request->length == 0);
}

/* RFC 9110 §7.6.1, §7.8. */
static bool read_connection(struct request *request)
{
	struct span upgrade = span_of(NULL, 0);
	size_t upgrades = count_fields(request, "Upgrade", &upgrade);
	size_t count = 0;
	bool keeps = false;
	bool wants_upgrade = false;

	for (size_t i = 0; i < request->count; i++) {
		struct span rest = request->fields[i].value;
		struct span option;

		if (!span_equal_nocase(request->fields[i].name, SPAN("Connection")))
			continue;
		while (span_next(&rest, ',', &option)) {
			if (++count > OPTIONS_MAX || (option.size > 0 && !matches(RULE_TOKEN, option, NULL)))
				return false;
			request->closes |= span_equal_nocase(option, SPAN("close"));
			keeps |= span_equal_nocase(option, SPAN("keep-alive"));
			wants_upgrade |= span_equal_nocase(option, SPAN("upgrade"));
		}
	}
	request->closes |= request->is_1_0 && !keeps;
	wants_upgrade &= !request->is_1_0 && upgrades > 0;
	request->is_websocket =
		wants_upgrade && upgrades == 1 && span_equal_nocase(upgrade, SPAN("websocket"));
	request->is_other_upgrade = wants_upgrade && !request->is_websocket;
	return true;
}

/* RFC 9110 §10.1.1. */
static bool read_expect(struct request *request)
{
	struct span value = span_of(NULL, 0);
	size_t count = count_fields(request, "Expect", &value);

	if (count == 0)
		return true;
	request->expects_continue = !request->is_1_0 && (request->is_chunked || request->length > 0);
	return count == 1 && span_equal_nocase(value, SPAN("100-continue"));
}

/* A head up to its empty line; *rest: what follows it. */
static enum verdict read_head(struct span *rest, struct request *request)
{
	struct span whole = *rest;
	struct span line;
	struct match match;
	bool has_all;

	if (span_starts_with(*rest, SPAN("\r\n")))
		*rest = span_from(*rest, 2);

	struct span head = *rest;

	do /* up to the empty line: whatever is in the others, they are judged below */
		has_all = take_line(rest, &line);
	while (has_all && (line.size > 0 || rest->data == head.data + 2));
	if (!has_all)
		return whole.size >= HEAD_MAX ? VERDICT_REFUSED : VERDICT_UNDECIDED;
	if (whole.size - rest->size > HEAD_MAX || !take_line(&head, &line) ||
	    !read_request_line(line, request))
		return VERDICT_REFUSED;
	while (take_line(&head, &line) && line.size > 0) {
		if (request->count == FIELDS_MAX || !matches(RULE_FIELD, line, &match))
			return VERDICT_REFUSED;
		request->fields[request->count++] =
			(struct pair){.name = match.parts[1], .value = span_trim(match.parts[2])};
	}
	return read_host(request) && read_framing(request) && read_connection(request) &&
	               read_expect(request)
	           ? VERDICT_GOOD
	           : VERDICT_REFUSED;
}

/* RFC 9112 §7.1.2: checked, and dropped. */
static enum verdict read_trailers(struct span *rest)
{
	struct span whole = *rest;
	struct span line;
	size_t count = 0;

	while (take_line(rest, &line)) {
		if (whole.size - rest->size > TRAILER_MAX)
			return VERDICT_REFUSED;
		if (line.size == 0)
			return VERDICT_GOOD;
		if (++count > FIELDS_MAX || !matches(RULE_FIELD, line, NULL))
			return VERDICT_REFUSED;
	}
	return VERDICT_UNDECIDED;
}

static enum verdict read_chunks(struct span *rest, struct text *payload)
{
	size_t extensions = 0;
	struct span line;
	struct match match;

	while (take_line(rest, &line)) {
		uint64_t size = 0;

		if (!matches(RULE_CHUNK, line, &match))
			return VERDICT_REFUSED;
		for (size_t i = 0; i < match.parts[1].size; i++) {
			const char digit[2] = {match.parts[1].data[i]};

			if (size >> 59 != 0) /* the next digit would make it 2^63 or more */
				return VERDICT_REFUSED;
			size = size << 4 | strtoul(digit, NULL, 16);
		}
		extensions += match.parts[2].size;
		if (match.parts[2].size > EXTENSION_MAX ||
		    (match.parts[2].size > 0 && extensions > EXTENSION_MAX + payload->size))
			return VERDICT_REFUSED;
		if (size == 0)
			return read_trailers(rest);
		if (rest->size < size || rest->size - size < 2)
			return VERDICT_UNDECIDED;
		text_put(payload, span_cut(*rest, 0, (size_t)size));
		if (!span_starts_with(span_from(*rest, (size_t)size), SPAN("\r\n")))
			return VERDICT_REFUSED;
		*rest = span_from(*rest, (size_t)size + 2);
	}
	return VERDICT_UNDECIDED;
}

static enum verdict read_body(struct span *rest, const struct request *request,
                              struct text *payload)
{
	if (request->is_chunked)
		return read_chunks(rest, payload);
	if (request->length > rest->size)
		return VERDICT_UNDECIDED;
	text_put(payload, span_cut(*rest, 0, (size_t)request->length));
	*rest = span_from(*rest, (size_t)request->length);
	return VERDICT_GOOD;
}

static void put_line(struct text *out, const char *word, struct span value)
{
	text_put_string(out, word);
	text_put_string(out, value.size > 0 ? " " : "");
	put_escaped(out, value);
	text_put_char(out, '\n');
}

/* The events of a head, as unit/http/trace.h writes them. */
static void put_request(struct text *out, const struct request *request)
{
	bool lacks_slash = request->path.data[0] == '?';

	text_put_string(out, "request ");
	put_escaped(out, request->method);
	text_put_char(out, ' ');
	put_escaped(out, request->target);
	text_printf(out, " HTTP/1.%d\n", request->is_1_0 ? 0 : 1);
	put_line(out, "host", request->authority);
	text_put_string(out, lacks_slash ? "path /" : "path ");
	put_escaped(out, request->path);
	text_put_char(out, '\n');
	for (size_t i = 0; i < request->count; i++) {
		text_put_string(out, "field ");
		put_escaped(out, request->fields[i].name);
		put_line(out, ":", request->fields[i].value);
	}
	if (request->has_length)
		text_printf(out, "body length %" PRIu64 "\n", request->length);
	else
		text_put_string(out, request->is_chunked ? "body chunked\n" : "body none\n");
	text_put_string(out, request->closes ? "close\n" : "");
	text_put_string(out, request->expects_continue ? "continue\n" : "");
	text_put_string(out, request->is_websocket ? "upgrade websocket\n" : "");
	text_put_string(out, request->is_other_upgrade ? "upgrade other\n" : "");
}

/* All requests in the bytes. */
static enum verdict read_requests(struct span bytes, struct text *out)
{
	struct span rest = bytes;
	enum verdict verdict = VERDICT_GOOD;

	while (verdict == VERDICT_GOOD && rest.size > 0) {
		struct request request = {.count = 0};
		struct text payload;

		verdict = read_head(&rest, &request);
		if (verdict != VERDICT_GOOD)
			break;
		put_request(out, &request);
		if (request.is_websocket) {
			text_put_string(out, "handshake\n");
			break;
		}
		text_init(&payload, TEXT_MAX);
		verdict = read_body(&rest, &request, &payload);
		if (verdict == VERDICT_GOOD) {
			if (payload.size > 0)
				put_line(out, "payload", text_span(&payload));
			text_put_string(out, "end\n");
		}
		text_done(&payload);
	}
	return verdict;
}

/* Where the last line of a trace begins. */
static size_t last_line(struct span trace)
{
	size_t at = trace.size > 0 ? trace.size - 1 : 0;

	while (at > 0 && trace.data[at - 1] != '\n')
		at--;
	return at;
}

/* Takes the end off a trace of the other reader: how it ended, and the payload of a body that did
 * not. */
static enum verdict take_end(struct span *trace)
{
	struct span line = span_from(*trace, last_line(*trace));
	enum verdict verdict = span_starts_with(line, SPAN("refused"))      ? VERDICT_REFUSED
	                       : span_starts_with(line, SPAN("incomplete")) ? VERDICT_UNDECIDED
	                                                                    : VERDICT_GOOD;

	if (verdict == VERDICT_GOOD)
		return verdict;
	*trace = span_cut(*trace, 0, last_line(*trace));
	if (span_starts_with(span_from(*trace, last_line(*trace)), SPAN("payload")))
		*trace = span_cut(*trace, 0, last_line(*trace));
	return verdict;
}

bool request_reference_agrees(struct span bytes)
{
	const struct trace_input input = {
		.kind = TRACE_REQUESTS, .bytes = bytes, .limits = &case_limits_default};
	struct text ours;
	struct text theirs;

	text_init(&ours, TEXT_MAX);
	text_init(&theirs, TEXT_MAX);
	trace_run(&input, &(struct trace_cut){0}, &ours);

	enum verdict wanted = read_requests(bytes, &theirs);
	struct span trace = text_span(&ours);
	enum verdict verdict = take_end(&trace);
	bool agrees = span_equal(trace, text_span(&theirs)) &&
	              (wanted == VERDICT_UNDECIDED ? verdict != VERDICT_GOOD : verdict == wanted);

	if (!agrees)
		fprintf(stderr, "the reader:\n%sthe reference, with verdict %d:\n%s", text_string(&ours),
		        (int)wanted, text_string(&theirs));
	text_done(&ours);
	text_done(&theirs);
	return agrees;
}
