#include "http/basic.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"

/* The value of a digit of base64, or -1. */
static int digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits, of which `padding` at the end are `=`, as up to three bytes. */
static bool decode_group(const char *digits, size_t padding, char *ret_bytes)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int digit = i < 4 - padding ? digit_of(digits[i]) : 0;

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
	}
	/* The bits that stand for nothing must be zero: one text for each value. */
	if ((bits & ((1u << 8 * padding) - 1)) != 0)
		return false;
	for (size_t i = 0; i < 3 - padding; i++)
		ret_bytes[i] = (char)(bits >> (16 - 8 * i) & 0xff);
	return true;
}

static bool decode(struct span text, struct basic *basic, size_t *ret_size)
{
	size_t padding = 0;
	size_t size = 0;

	if (text.size == 0 || text.size % 4 != 0 || text.size / 4 * 3 > BASIC_SIZE_MAX)
		return false;
	while (padding < 2 && text.data[text.size - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < text.size; i += 4) {
		size_t of_group = i + 4 == text.size ? padding : 0;

		if (!decode_group(text.data + i, of_group, basic->bytes + size))
			return false;
		size += 3 - of_group;
	}
	*ret_size = size;
	return true;
}

static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			return true;
	return false;
}

enum error basic_read(const struct message *request, struct basic *ret_basic)
{
	const struct field *field = message_find(request, FIELD_AUTHORIZATION);
	const struct span scheme = SPAN("Basic ");
	size_t size;

	if (!field || !span_equal_nocase(span_cut(field->value, 0, scheme.size), scheme))
		return ERROR_CREDENTIALS_MISSING;
	if (message_count(request, FIELD_AUTHORIZATION) != 1 ||
	    !decode(span_from(field->value, scheme.size), ret_basic, &size)) {
		memory_wipe(ret_basic->bytes, sizeof(ret_basic->bytes));
		return ERROR_CREDENTIALS_WRONG;
	}

	struct span whole = span_of(ret_basic->bytes, size);
	size_t colon = span_find(whole, ':');

	if (colon == whole.size || has_control(whole)) {
		memory_wipe(ret_basic->bytes, sizeof(ret_basic->bytes));
		return ERROR_CREDENTIALS_WRONG;
	}
	ret_basic->user = span_cut(whole, 0, colon);
	ret_basic->password = span_from(whole, colon + 1);
	return OK;
}
