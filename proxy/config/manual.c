#include "config/manual.h"

#include "base/roff.h"
#include "config/config_schema.h"
#include "config/reference.h"
#include "config/schema.h"
#include "config/variable.h"

enum { PATH_SIZE_MAX = 400 };

static const char introduction[] =
	"One file in YAML describes all that Sallyport does. `sallyport check` tells every mistake in "
	"it with its line and column; `sallyport config-reference` prints it with every key and its "
	"default.";

static const char values[] =
	"Sizes are written like 100B, 32KiB, 512MiB or 1GiB, durations like 500ms, 10s, 5m, 1h or 7d. "
	"Relative paths begin in the folder of the file. In every value, ${NAME} stands for an "
	"environment variable, ${NAME:-default} gives it a default, and $$ is a dollar sign.";

static const char keys[] =
	"A dot stands between a key and those below it, [] after one that holds a list, and NAME for "
	"a name of your own.";

static void put_schema(const struct schema *schema, struct span above, struct text *out);

/* `listeners[].tls.policy` */
static void put_path(struct span above, const struct schema_field *field, struct text *ret_path)
{
	text_init(ret_path, PATH_SIZE_MAX);
	text_put(ret_path, above);
	if (above.size > 0)
		text_put_char(ret_path, '.');
	text_put_string(ret_path, field->name);
	if (field->kind == SCHEMA_LIST)
		text_put_string(ret_path, "[]");
	if (field->kind == SCHEMA_MAP)
		text_put_string(ret_path, ".NAME");
}

static void put_field(const struct schema_field *field, struct span above, struct text *out)
{
	struct text path;
	struct text kind;

	put_path(above, field, &path);
	text_init(&kind, PATH_SIZE_MAX * 2);
	config_reference_put_kind(field, &kind);
	roff_item(out, text_span(&path));
	roff_words(out, span_of_string(field->sentence));
	if (kind.size > 0) {
		roff_break(out);
		roff_words(out, text_span(&kind));
	}
	if (field->example && !field->fallback) {
		roff_break(out);
		roff_words(out, SPAN("Example:"));
		roff_words(out, span_of_string(field->example));
	}
	if (field->of)
		put_schema(field->of, text_span(&path), out);
	out->cut |= path.cut || kind.cut;
	text_done(&kind);
	text_done(&path);
}

static void put_schema(const struct schema *schema, struct span above, struct text *out)
{
	for (size_t i = 0; i < schema->count; i++)
		put_field(&schema->fields[i], above, out);
}

static void put_variables(struct text *out)
{
	for (int i = VARIABLE_NONE + 1; i < VARIABLE_COUNT; i++) {
		struct text name;

		text_init(&name, PATH_SIZE_MAX);
		text_printf(&name, "${%s}", variable_name((enum variable)i));
		roff_item(out, text_span(&name));
		roff_words(out, span_of_string(variable_words((enum variable)i)));
		text_done(&name);
	}
}

void config_manual_print(struct text *out)
{
	roff_title(out, "SALLYPORT.YAML", '5', "File formats");
	roff_section(out, "NAME");
	roff_words(out, SPAN("sallyport.yaml - configuration of the reverse proxy Sallyport"));
	roff_section(out, "DESCRIPTION");
	roff_words(out, span_of_string(introduction));
	roff_paragraph(out);
	roff_words(out, span_of_string(values));
	roff_section(out, "KEYS");
	roff_words(out, span_of_string(keys));
	put_schema(&config_schema, (struct span){0}, out);
	roff_section(out, "VARIABLES OF A REQUEST");
	roff_words(out, SPAN("A text with variables can also hold these. Each is expanded once."));
	put_variables(out);
	roff_section(out, "SEE ALSO");
	roff_words(out, SPAN("sallyport(1)"));
}
