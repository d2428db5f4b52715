#include "base/number.h"

#include <stdbool.h>
#include <stddef.h>

int number_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum error read_digits(struct span text, unsigned base, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;
	bool too_large = false; /* told only of a text that is a number */

	if (text.size == 0)
		return ERROR_NUMBER_MALFORMED;
	for (size_t i = 0; i < text.size; i++) {
		int digit = number_hex_digit(text.data[i]);

		if (digit < 0 || digit >= (int)base)
			return ERROR_NUMBER_MALFORMED;
		if (number > (UINT64_MAX - (unsigned)digit) / base)
			too_large = true;
		number = number * base + (unsigned)digit;
	}
	if (too_large || number > max)
		return ERROR_NUMBER_TOO_LARGE;
	*ret_number = number;
	return OK;
}

enum error number_decimal(struct span text, uint64_t max, uint64_t *ret_number)
{
	return read_digits(text, 10, max, ret_number);
}

enum error number_hex(struct span text, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;
	enum error error = read_digits(text, 16, max, &number);

	if (error)
		return error;
	if (text.size > 16)
		return ERROR_NUMBER_TOO_LARGE;
	*ret_number = number;
	return OK;
}

struct unit {
	struct span name;
	uint64_t factor;
};

static enum error read_with_unit(struct span text, const struct unit *units, size_t unit_count,
                                 uint64_t max, uint64_t *ret_number)
{
	size_t digits = 0;
	uint64_t number;

	while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;

	enum error error = number_decimal(span_cut(text, 0, digits), UINT64_MAX, &number);

	if (error)
		return error;

	struct span name = span_from(text, digits);

	for (size_t i = 0; i < unit_count; i++) {
		if (!span_equal(name, units[i].name))
			continue;
		if (number > max / units[i].factor)
			return ERROR_NUMBER_TOO_LARGE;
		*ret_number = number * units[i].factor;
		return OK;
	}
	if (name.size == 0 && number == 0) {
		*ret_number = 0;
		return OK;
	}
	return ERROR_NUMBER_MALFORMED;
}

enum error number_size(struct span text, uint64_t max, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{SPAN_INIT(""), 1},           {SPAN_INIT("B"), 1},           {SPAN_INIT("KiB"), 1u << 10},
		{SPAN_INIT("MiB"), 1u << 20}, {SPAN_INIT("GiB"), 1u << 30},  {SPAN_INIT("KB"), 1000},
		{SPAN_INIT("MB"), 1000000},   {SPAN_INIT("GB"), 1000000000},
	};

	return read_with_unit(text, units, ARRAY_LENGTH(units), max, ret_bytes);
}

enum error number_duration(struct span text, uint64_t max_ms, uint64_t *ret_ms)
{
	static const struct unit units[] = {
		{SPAN_INIT("ms"), 1},          {SPAN_INIT("s"), 1000},     {SPAN_INIT("m"), 60000},
		{SPAN_INIT("h"), 3600000},     {SPAN_INIT("d"), 86400000}, {SPAN_INIT("w"), 604800000},
		{SPAN_INIT("y"), 31536000000},
	};

	return read_with_unit(text, units, ARRAY_LENGTH(units), max_ms, ret_ms);
}
