#include "http/challenge.h"

#include "base/text.h"

static bool is_binding_scheme(struct span scheme)
{
	return span_equal_nocase(scheme, SPAN("NTLM")) || span_equal_nocase(scheme, SPAN("Negotiate"));
}

/* The first word of one element of a list. */
static struct span first_word(struct span element)
{
	struct span trimmed = span_trim(element);
	size_t end = 0;

	while (end < trimmed.size && trimmed.data[end] != ' ' && trimmed.data[end] != '\t')
		end++;
	return span_cut(trimmed, 0, end);
}

/* Where the element ends: at a comma that is not inside of a quoted string. */
static size_t element_size(struct span list, bool *ret_broken)
{
	bool is_quoted = false;
	size_t at = 0;

	for (; at < list.size && (is_quoted || list.data[at] != ','); at++) {
		if (list.data[at] == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && list.data[at] == '\\')
			at++;
	}
	*ret_broken = is_quoted;
	return at < list.size ? at : list.size;
}

/* Challenges and their parameters stand in one list: a scheme begins an element, as does the name
 * of a parameter, and no name of a parameter ends where its element's first word does. */
static bool lists_binding_scheme(struct span list)
{
	while (list.size > 0) {
		bool is_broken = false;
		size_t size = element_size(list, &is_broken);

		if (is_broken || is_binding_scheme(first_word(span_cut(list, 0, size))))
			return true;
		list = span_from(list, size < list.size ? size + 1 : size);
	}
	return false;
}

bool challenge_binds(const struct message *message)
{
	bool is_request = message->kind == MESSAGE_REQUEST;

	for (size_t i = 0; i < message->field_count; i++) {
		const struct field *field = &message->fields[i];

		if (is_request
		        ? (field->id == FIELD_AUTHORIZATION || field->id == FIELD_PROXY_AUTHORIZATION) &&
		              is_binding_scheme(first_word(field->value))
		        : (field->id == FIELD_WWW_AUTHENTICATE || field->id == FIELD_PROXY_AUTHENTICATE) &&
		              lists_binding_scheme(field->value))
			return true;
	}
	return false;
}
