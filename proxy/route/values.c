#include "route/values.h"

#include <string.h>

static struct span text_of(const struct values *values, const struct config_piece *piece)
{
	return piece->variable ? values->of[piece->variable] : piece->text;
}

enum error values_render(const struct values *values, const struct config_template *template,
                         struct arena *arena, struct span *ret_text)
{
	size_t size = 0;

	if (template->piece_count <= 1 && (template->piece_count == 0 || !template->pieces->variable)) {
		*ret_text = template->text.text;
		return OK;
	}
	for (size_t i = 0; i < template->piece_count; i++)
		size += text_of(values, &template->pieces[i]).size;

	char *bytes = arena_bytes(arena, size > 0 ? size : 1);

	if (!bytes)
		return ERROR_OUT_OF_MEMORY;
	*ret_text = span_of(bytes, size);
	for (size_t i = 0; i < template->piece_count; i++) {
		struct span text = text_of(values, &template->pieces[i]);

		if (text.size > 0)
			memcpy(bytes, text.data, text.size);
		bytes += text.size;
	}
	return OK;
}
