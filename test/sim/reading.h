/*
 * A slow and obvious reader of HTTP/1.1 messages for the peers, who must not trust the code under
 * test. It knows only what well-formed messages look like; anything else is READING_BROKEN.
 *
 * Owner: whoever declares it; reading_done() frees the head.
 */
#ifndef SALLYPORT_SIM_READING_H
#define SALLYPORT_SIM_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "sim/bytes.h"

enum reading_phase {
	READING_HEAD,
	READING_LENGTH, /* `left` bytes of body */
	READING_CHUNK_SIZE,
	READING_CHUNK, /* `left` bytes of chunk */
	READING_CHUNK_END,
	READING_TRAILER,
	READING_UNTIL_CLOSE,
	READING_WHOLE,
	READING_BROKEN,
};

struct reading {
	bool is_response;
	bool without_body; /* it answers a HEAD request */
	enum reading_phase phase;
	struct bytes head; /* complete once the phase is past READING_HEAD */
	uint64_t left;
	char line[128]; /* of chunk sizes and trailers */
	size_t line_size;
	uint64_t payload; /* bytes of body so far */
	/* What the head says. */
	int minor;  /* of the version */
	int status; /* responses */
	bool close; /* Connection: close */
	bool keep;  /* Connection: keep-alive */
	bool chunked;
	bool has_length;
	uint64_t length;
};

void reading_init(struct reading *reading, bool is_response, bool without_body);
void reading_done(struct reading *reading);
/*
 * Reads on, at most to the end of the head or of a run of payload; returns how many bytes it took.
 * *ret_payload: the payload among them. Takes nothing once WHOLE or BROKEN.
 */
size_t reading_take(struct reading *reading, struct span bytes, struct span *ret_payload);
/* The sender has ended: true if the message is whole by that, or was before. */
bool reading_ended(struct reading *reading);
/* True if a byte of it has come. */
bool reading_has_begun(const struct reading *reading);
/* The decimal number at the front, which is taken off; 0 if there is none. */
uint64_t reading_number(struct span *text);
/* The head, up to and with the empty line, or what there is of it. */
struct span reading_head(const struct reading *reading);
/* The value of the first field of this name (given in lower case); false: there is none. */
bool reading_field(const struct reading *reading, const char *name, struct span *ret_value);

#endif
