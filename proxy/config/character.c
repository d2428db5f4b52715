#include "config/character.h"

#include "base/check.h"

struct range {
	uint32_t first;
	uint32_t last;
};

/* The usual ones of general category Mn and Cf; a missed one only shifts a caret. */
static const struct range no_width[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
	{0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
	{0x200b, 0x200d}, {0x20d0, 0x20ff}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

/* Unicode's East Asian Width W and F, in large blocks. */
static const struct range double_width[] = {
	{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
	{0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
	{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

/* C0, DEL, C1; marks and overrides of direction; line and paragraph separators; the BOM. */
static const struct range harmful[] = {
	{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f},
	{0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
};

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/* Reads one sequence of RFC 3629, which excludes overlong ones and surrogates. */
static bool read_sequence(struct span text, uint32_t *code, unsigned *size)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)text.data[0];

	if (first < 0x80) {
		*code = first;
		*size = 1;
		return true;
	}
	if (first < 0xc2 || first > 0xf4)
		return false;

	unsigned length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	uint32_t value = first & (0xffu >> (length + 1));

	if (length > text.size)
		return false;
	for (unsigned i = 1; i < length; i++) {
		unsigned char next = (unsigned char)text.data[i];

		if ((next & 0xc0) != 0x80)
			return false;
		value = value << 6 | (next & 0x3f);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return false;
	*code = value;
	*size = length;
	return true;
}

struct character character_first(struct span text)
{
	struct character character = {.size = 1, .width = 1, .valid = true};

	check(text.size > 0);
	if (!read_sequence(text, &character.code, &character.size)) {
		character.code = (unsigned char)text.data[0];
		character.valid = false;
		return character;
	}
	if (character.code >= 0x20 && character.code < 0x7f) {
		character.harmless = true;
		return character;
	}
	character.harmless = !is_in(character.code, harmful, ARRAY_LENGTH(harmful));
	if (!character.harmless)
		return character; /* shown as one question mark */
	if (is_in(character.code, no_width, ARRAY_LENGTH(no_width)))
		character.width = 0;
	else if (is_in(character.code, double_width, ARRAY_LENGTH(double_width)))
		character.width = 2;
	return character;
}

static size_t line_length(struct span text)
{
	size_t at = 0;

	while (at < text.size && text.data[at] != '\n' && text.data[at] != '\r')
		at++;
	return at;
}

bool character_line(struct span text, unsigned line, struct span *ret_line)
{
	if (line == 0 || !text.data)
		return false;
	for (;;) {
		size_t length = line_length(text);

		if (--line == 0) {
			*ret_line = span_cut(text, 0, length);
			return true;
		}
		if (length == text.size)
			return false;
		length +=
			text.data[length] == '\r' && length + 1 < text.size && text.data[length + 1] == '\n'
				? 2
				: 1;
		text = span_from(text, length);
	}
}
