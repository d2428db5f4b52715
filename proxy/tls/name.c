#include "tls/name.h"

#include <string.h>

enum { LABEL_SIZE_MAX = 63 };

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

size_t tls_name_normalize(struct span name, char ret_name[TLS_NAME_SIZE_MAX])
{
	size_t label = 0;

	if (name.size > 0 && name.data[name.size - 1] == '.')
		name.size--;
	if (name.size == 0 || name.size > TLS_NAME_SIZE_MAX)
		return 0;
	for (size_t i = 0; i < name.size; i++) {
		char c = ascii_lower(name.data[i]);

		if (c == '.' ? label == 0 : !is_name_byte(c) || label == LABEL_SIZE_MAX)
			return 0;
		label = c == '.' ? 0 : label + 1;
		ret_name[i] = c;
	}
	return label > 0 ? name.size : 0;
}

size_t tls_name_normalize_pattern(struct span pattern, char ret_pattern[TLS_NAME_SIZE_MAX])
{
	char rest[TLS_NAME_SIZE_MAX];

	if (!span_starts_with(pattern, SPAN("*.")))
		return tls_name_normalize(pattern, ret_pattern);

	size_t size = tls_name_normalize(span_from(pattern, 2), rest);

	if (size == 0 || size + 2 > TLS_NAME_SIZE_MAX)
		return 0;
	memcpy(ret_pattern, "*.", 2);
	memcpy(ret_pattern + 2, rest, size);
	return size + 2;
}

struct span tls_name_parent(struct span name)
{
	return span_from(name, span_find(name, '.'));
}

bool tls_name_matches(struct span pattern, struct span name)
{
	if (!span_starts_with(pattern, SPAN("*.")))
		return span_equal(pattern, name);
	return span_equal(span_from(pattern, 1), tls_name_parent(name));
}
