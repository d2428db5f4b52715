#include "config/template.h"

#include "config/config_route.h"
#include "config/nearest.h"
#include "config/value.h"

/* Complains about each name that is no variable of a request; true if there was none. */
static bool variables_are_known(struct schema_reader *reader, const struct node *node)
{
	bool known = true;

	for (const struct node_variable *at = node->variables; at; at = at->next) {
		struct nearest nearest;

		if (variable_of(at->name))
			continue;
		nearest_init(&nearest, at->name);
		for (int i = VARIABLE_NONE + 1; i < VARIABLE_COUNT; i++)
			nearest_offer(&nearest, span_of_string(variable_name((enum variable)i)));
		schema_error(reader, node, at->place, nearest.best, "unknown variable \"%.*s\"",
		             (int)at->name.size, at->name.data);
		known = false;
	}
	return known;
}

static size_t count_variables(const struct node *node)
{
	size_t count = 0;

	for (const struct node_variable *at = node->variables; at; at = at->next)
		count++;
	return count;
}

enum error template_decode(struct schema_reader *reader, const struct node *node, void *at)
{
	struct config_template *result = at;
	size_t variables = count_variables(node);
	struct config_template decoded = {0};
	size_t done = 0;

	if (!variables_are_known(reader, node))
		return OK;
	if (2 * variables + 1 > TEMPLATE_PIECES_MAX) {
		schema_error(reader, node, node->place, (struct span){0},
		             "%zu variables are too many for one value; there can be %d", variables,
		             (TEMPLATE_PIECES_MAX - 1) / 2);
		return OK;
	}
	decoded.pieces = arena_new(reader->arena, 2 * variables + 1, sizeof(*decoded.pieces));
	if (!decoded.pieces)
		return ERROR_OUT_OF_MEMORY;

	enum error error = value_store_text(reader, node->text, node->place, &decoded.text);

	if (error)
		return error;
	for (const struct node_variable *next = node->variables; next; next = next->next) {
		if (next->at > done)
			decoded.pieces[decoded.piece_count++].text =
				span_cut(decoded.text.text, done, next->at);
		decoded.pieces[decoded.piece_count++].variable = variable_of(next->name);
		done = next->at;
	}
	if (done < node->text.size)
		decoded.pieces[decoded.piece_count++].text = span_from(decoded.text.text, done);
	*result = decoded;
	return OK;
}
