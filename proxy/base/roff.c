#include "base/roff.h"

static void put_escaped(struct text *out, struct span line)
{
	/* A dot or an apostrophe at the beginning would be a macro. */
	if (line.size > 0 && (line.data[0] == '.' || line.data[0] == '\''))
		text_put_string(out, "\\&");
	for (size_t i = 0; i < line.size; i++) {
		switch (line.data[i]) {
		case '\\':
			text_put_string(out, "\\e");
			break;
		case '-': /* else it becomes a hyphen that no shell understands */
			text_put_string(out, "\\-");
			break;
		case '`':
			text_put_string(out, "\\(ga");
			break;
		case '^':
			text_put_string(out, "\\(ha");
			break;
		case '~':
			text_put_string(out, "\\(ti");
			break;
		default:
			text_put_char(out, line.data[i]);
			break;
		}
	}
	text_put_char(out, '\n');
}

void roff_title(struct text *out, const char *name, char section, const char *kind)
{
	text_printf(out, ".TH %s %c \"\" \"Sallyport " SALLYPORT_VERSION "\" \"%s\"\n", name, section,
	            kind);
}

void roff_section(struct text *out, const char *title)
{
	text_printf(out, ".SH %s\n", title);
}

void roff_paragraph(struct text *out)
{
	text_put_string(out, ".PP\n");
}

void roff_break(struct text *out)
{
	text_put_string(out, ".br\n");
}

void roff_item(struct text *out, struct span tag)
{
	text_put_string(out, ".TP\n.B ");
	put_escaped(out, tag);
}

void roff_words(struct text *out, struct span words)
{
	while (words.size > 0) {
		size_t end = span_find(words, '\n');

		put_escaped(out, span_cut(words, 0, end));
		words = span_from(words, end + 1);
	}
}
