#include "http/h1_syntax.h"

#include "base/check.h"

#define T      H1_TOKEN
#define V      H1_VALUE
#define P      H1_PATH
#define Q      H1_QUERY
#define N      H1_NAME
#define D      H1_DIGIT
#define U      H1_QUOTED
#define LETTER (T | V | P | Q | N | U)
#define DIGIT  (LETTER | D)
#define OBS4   V | U, V | U, V | U, V | U
#define OBS16  OBS4, OBS4, OBS4, OBS4

/*
 * Targets: RFC 3986 §3.3 and §3.4, and what browsers leave as it is (WHATWG URL, path and query
 * percent-encode sets) and can be read in one way only: square brackets, `|` and `^` in a path,
 * and in a query also braces, backslash and backtick. Not `"`, `<`, `>`, `#`, nor bytes over 0x7e.
 */
/* clang-format off */
const unsigned char h1_classes[256] = {
	['\t'] = V | U, [' '] = V | U, ['!'] = T | V | P | Q | U,
	['"'] = V, ['#'] = T | V | U, ['$'] = T | V | P | Q | U,
	['%'] = T | V | P | Q | U, ['&'] = T | V | P | Q | U, ['\''] = T | V | P | Q | U,
	['('] = V | P | Q | U, [')'] = V | P | Q | U, ['*'] = T | V | P | Q | U,
	['+'] = T | V | P | Q | U, [','] = V | P | Q | U, ['-'] = T | V | P | Q | N | U,
	['.'] = T | V | P | Q | N | U, ['/'] = V | P | Q | U, [':'] = V | P | Q | U,
	[';'] = V | P | Q | U, ['<'] = V | U, ['='] = V | P | Q | U,
	['>'] = V | U, ['?'] = V | Q | U, ['@'] = V | P | Q | U,
	['['] = V | P | Q | U, ['\\'] = V | Q, [']'] = V | P | Q | U,
	['^'] = T | V | P | Q | U, ['_'] = T | V | P | Q | N | U, ['`'] = T | V | Q | U,
	['{'] = V | Q | U, ['|'] = T | V | P | Q | U, ['}'] = V | Q | U,
	['~'] = T | V | P | Q | U,
	['0'] = DIGIT, ['1'] = DIGIT, ['2'] = DIGIT, ['3'] = DIGIT, ['4'] = DIGIT,
	['5'] = DIGIT, ['6'] = DIGIT, ['7'] = DIGIT, ['8'] = DIGIT, ['9'] = DIGIT,
	['A'] = LETTER, ['B'] = LETTER, ['C'] = LETTER, ['D'] = LETTER, ['E'] = LETTER,
	['F'] = LETTER, ['G'] = LETTER, ['H'] = LETTER, ['I'] = LETTER, ['J'] = LETTER,
	['K'] = LETTER, ['L'] = LETTER, ['M'] = LETTER, ['N'] = LETTER, ['O'] = LETTER,
	['P'] = LETTER, ['Q'] = LETTER, ['R'] = LETTER, ['S'] = LETTER, ['T'] = LETTER,
	['U'] = LETTER, ['V'] = LETTER, ['W'] = LETTER, ['X'] = LETTER, ['Y'] = LETTER,
	['Z'] = LETTER,
	['a'] = LETTER, ['b'] = LETTER, ['c'] = LETTER, ['d'] = LETTER, ['e'] = LETTER,
	['f'] = LETTER, ['g'] = LETTER, ['h'] = LETTER, ['i'] = LETTER, ['j'] = LETTER,
	['k'] = LETTER, ['l'] = LETTER, ['m'] = LETTER, ['n'] = LETTER, ['o'] = LETTER,
	['p'] = LETTER, ['q'] = LETTER, ['r'] = LETTER, ['s'] = LETTER, ['t'] = LETTER,
	['u'] = LETTER, ['v'] = LETTER, ['w'] = LETTER, ['x'] = LETTER, ['y'] = LETTER,
	['z'] = LETTER,
	[0x80] = OBS16, [0x90] = OBS16, [0xa0] = OBS16, [0xb0] = OBS16,
	[0xc0] = OBS16, [0xd0] = OBS16, [0xe0] = OBS16, [0xf0] = OBS16,
};
/* clang-format on */

#undef T
#undef V
#undef P
#undef Q
#undef N
#undef D
#undef U
#undef LETTER
#undef DIGIT
#undef OBS4
#undef OBS16

size_t h1_run(struct span bytes, enum h1_class class)
{
	size_t at = 0;

	while (at < bytes.size && h1_is(bytes.data[at], class))
		at++;
	return at;
}

bool h1_all(struct span bytes, enum h1_class class)
{
	return bytes.size > 0 && h1_run(bytes, class) == bytes.size;
}

/* The byte that ends a line: CR, whose LF must follow, or LF alone. */
static enum error end_line(struct h1_lines *lines, char c, enum h1_line_state after_return,
                           enum h1_line_state after_line)
{
	if (c != (lines->ends_bare ? '\n' : '\r'))
		return ERROR_LINE_END_MALFORMED;
	lines->state = lines->ends_bare ? after_line : after_return;
	return OK;
}

static enum error start_line(struct h1_lines *lines, char c, size_t count_max)
{
	if (c == '\r' || c == '\n')
		return end_line(lines, c, H1_LINE_END_LF, H1_LINE_DONE);
	if (c == ' ' || c == '\t') {
		if (!lines->may_fold || lines->count == 0)
			return ERROR_FIELD_FOLDED;
		lines->has_fold = true;
		lines->state = H1_LINE_FOLD;
		return OK;
	}
	if (!h1_is(c, H1_TOKEN))
		return ERROR_FIELD_NAME_MALFORMED;
	if (lines->count == count_max)
		return ERROR_TOO_MANY_FIELDS;
	lines->count++;
	lines->state = H1_LINE_NAME;
	return OK;
}

/* The byte after a run of a value's bytes. */
static enum error end_value(struct h1_lines *lines, char c)
{
	if (c != '\r' && c != '\n')
		return ERROR_FIELD_VALUE_MALFORMED;
	return end_line(lines, c, H1_LINE_LF, H1_LINE_START);
}

static enum error take_fold(struct h1_lines *lines, char c)
{
	if (c == '\r' || c == '\n')
		return ERROR_FIELD_FOLDED;
	if (!h1_is(c, H1_VALUE))
		return ERROR_FIELD_VALUE_MALFORMED;
	if (c != ' ' && c != '\t')
		lines->state = H1_LINE_VALUE;
	return OK;
}

static enum error take_byte(struct h1_lines *lines, char c, size_t count_max)
{
	switch (lines->state) {
	case H1_LINE_START:
		return start_line(lines, c, count_max);
	case H1_LINE_NAME:
		if (c != ':')
			return ERROR_FIELD_NAME_MALFORMED;
		lines->state = H1_LINE_VALUE;
		return OK;
	case H1_LINE_VALUE:
		return end_value(lines, c);
	case H1_LINE_LF:
	case H1_LINE_END_LF:
		if (c != '\n')
			return ERROR_LINE_END_MALFORMED;
		lines->state = lines->state == H1_LINE_LF ? H1_LINE_START : H1_LINE_DONE;
		return OK;
	case H1_LINE_FOLD:
		return take_fold(lines, c);
	case H1_LINE_DONE:
	case H1_LINE_STATE_COUNT:
		break;
	}
	check(!"a section of fields that has ended");
	return ERROR_INVALID;
}

enum error h1_lines_take(struct h1_lines *lines, struct span bytes, size_t count_max,
                         size_t *ret_taken)
{
	size_t at = 0;
	enum error error = OK;

	while (at < bytes.size && lines->state != H1_LINE_DONE) {
		if (lines->state == H1_LINE_NAME)
			at += h1_run(span_from(bytes, at), H1_TOKEN);
		else if (lines->state == H1_LINE_VALUE)
			at += h1_run(span_from(bytes, at), H1_VALUE);
		if (at == bytes.size)
			break;
		error = take_byte(lines, bytes.data[at], count_max);
		if (error)
			break;
		at++;
	}
	*ret_taken = at;
	return error;
}
