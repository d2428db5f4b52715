/*
 * What the readers of heads and of chunked bodies share: the limits, the classes of bytes, and the
 * automaton of one field line (RFC 9112 §5, RFC 9110 §5.1, §5.5, §5.6).
 *
 * The automaton takes byte after byte. So the outcome can not depend on how the bytes came in.
 */
#ifndef SALLYPORT_HTTP_H1_SYNTAX_H
#define SALLYPORT_HTTP_H1_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

/* From config.limits; see there. Sizes in bytes. */
struct h1_limits {
	size_t head_size_max;       /* a whole head, with the empty lines before and after */
	size_t field_count_max;     /* fields of a head, and again of a trailer section */
	size_t target_size_max;     /* the request target */
	uint64_t body_size_max;     /* payload of a body; 0: no limit */
	size_t chunk_extension_max; /* extensions of one chunk */
	size_t trailer_size_max;    /* a trailer section with its last empty line */
};

/*
 * Single leniencies for old peers, combined with |; none by default (proxy/decisions/
 * 0009-leniencies.md). They are for heads alone: chunks and trailers are always read strictly.
 */
enum h1_leniency {
	/* Lines end in LF alone (RFC 9112 §2.2): then all lines of the head must, and no CR is in it,
	   so that whoever knows only CR LF finds no line there, let alone another one. */
	H1_TOLERATE_BARE_LF = 1,
	/* Requests: any number of empty lines before the request line (§2.2), within head_size_max. */
	H1_TOLERATE_EMPTY_LINES = 2,
	/* Responses: a folded field, joined by SP (§5.2). Not one that we write ourselves, such as
	   Content-Length, and not a fold with nothing in it, which looks like the end of the head. */
	H1_TOLERATE_OBS_FOLD = 4,
	/* Responses: neither reason nor the SP before it (§4). */
	H1_TOLERATE_MISSING_REASON = 8,
};

/* The longest method. A longer one is refused as unsupported (RFC 9112 §3). */
#define H1_METHOD_SIZE_MAX 32
/* The longest host without port: a name of 253 bytes, and a dot. */
#define H1_HOST_SIZE_MAX 254

/* Classes of bytes; one byte may be in several. */
enum h1_class {
	H1_TOKEN = 1,   /* tchar (RFC 9110 §5.6.2) */
	H1_VALUE = 2,   /* field-vchar, obs-text, SP, HTAB (RFC 9110 §5.5); also a reason phrase */
	H1_PATH = 4,    /* of a path */
	H1_QUERY = 8,   /* of a query */
	H1_NAME = 16,   /* of a host name: letters, digits, `-`, `.`, `_` */
	H1_DIGIT = 32,  /* 0 to 9 */
	H1_QUOTED = 64, /* qdtext (RFC 9110 §5.6.4) */
};

/* Classes of each byte. */
extern const unsigned char h1_classes[256];

static inline bool h1_is(char c, enum h1_class class)
{
	return (h1_classes[(unsigned char)c] & (unsigned)class) != 0;
}

/* How many bytes at the front are of `class`. */
size_t h1_run(struct span bytes, enum h1_class class);
/* At least one byte, and all of `class`. */
bool h1_all(struct span bytes, enum h1_class class);

/* Of what a section of field lines is made: fields, and an empty line as its end. */
enum h1_line_state {
	H1_LINE_START,
	H1_LINE_NAME,
	H1_LINE_VALUE,
	H1_LINE_LF,     /* after the CR of a field line */
	H1_LINE_END_LF, /* after the CR of the empty line */
	H1_LINE_FOLD,   /* in the blanks that a line continues the one before with */
	H1_LINE_DONE,
	H1_LINE_STATE_COUNT
};

struct h1_lines {
	enum h1_line_state state;
	size_t count;   /* field lines begun */
	bool ends_bare; /* lines end in LF alone; else in CR LF */
	bool may_fold;  /* a field may go on in the next line */
	bool has_fold;  /* one did */
};

/*
 * Takes bytes off a section of field lines, up to its end (then the state is DONE) or the end of
 * `bytes`. *ret_taken is set even on failure: the bytes before the bad one.
 * FIELD_FOLDED, FIELD_NAME_MALFORMED, FIELD_VALUE_MALFORMED, LINE_END_MALFORMED, TOO_MANY_FIELDS.
 */
MUST_CHECK enum error h1_lines_take(struct h1_lines *lines, struct span bytes, size_t count_max,
                                    size_t *ret_taken);

#endif
