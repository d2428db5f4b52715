/*
 * Characters and lines of a UTF-8 text (RFC 3629), as a terminal shows them.
 */
#ifndef SALLYPORT_CONFIG_CHARACTER_H
#define SALLYPORT_CONFIG_CHARACTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct character {
	uint32_t code;
	unsigned size;  /* bytes, 1 to 4 */
	unsigned width; /* columns on a terminal: 0 (combining), 1 or 2 (East Asian wide) */
	bool valid;     /* false: not UTF-8; `code` is the first byte then, and `size` is 1 */
	bool harmless;  /* valid, and neither a control, a line end, nor a change of direction */
};

/* The first character of a text that is not empty. */
struct character character_first(struct span text);

/* The line with this number (from 1), without its end, which is LF, CR or both, as libyaml counts.
 * False if there is none; the line after the last line end exists, and may be empty. */
bool character_line(struct span text, unsigned line, struct span *ret_line);

#endif
