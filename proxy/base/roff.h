/*
 * Manual pages in man(7) macros: whatever the words hold, they are only words.
 */
#ifndef SALLYPORT_BASE_ROFF_H
#define SALLYPORT_BASE_ROFF_H

#include "base/span.h"
#include "base/text.h"

/* Begins the page. `section`: '1' to '8'; `kind`: what the section holds. */
void roff_title(struct text *out, const char *name, char section, const char *kind);
/* `.SH`: a part with its title. */
void roff_section(struct text *out, const char *title);
/* Begins a new paragraph, or only a new line. */
void roff_paragraph(struct text *out);
void roff_break(struct text *out);
/* Begins an item: its tag in bold, the words that follow beside it. */
void roff_item(struct text *out, struct span tag);
/* Adds words; where their lines end on the page is the page's business. */
void roff_words(struct text *out, struct span words);

#endif
