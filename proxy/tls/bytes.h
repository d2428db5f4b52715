/*
 * A reader over TLS's presentation language (RFC 8446 §3): numbers in network order and vectors
 * preceded by their length. Reading past the end gives zeros and empty spans, and is remembered.
 */
#ifndef SALLYPORT_TLS_BYTES_H
#define SALLYPORT_TLS_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct tls_bytes {
	struct span left;
	bool failed; /* more was asked for than there was */
};

static inline struct span tls_bytes_take(struct tls_bytes *bytes, size_t size)
{
	struct span taken = span_cut(bytes->left, 0, size);

	if (taken.size < size) {
		bytes->failed = true;
		bytes->left = (struct span){0};
		return (struct span){0};
	}
	bytes->left = span_from(bytes->left, size);
	return taken;
}

/* `size` bytes, at most 4, as a number. */
static inline uint32_t tls_bytes_number(struct tls_bytes *bytes, size_t size)
{
	struct span taken = tls_bytes_take(bytes, size);
	uint32_t number = 0;

	for (size_t i = 0; i < taken.size; i++)
		number = number << 8 | (unsigned char)taken.data[i];
	return number;
}

/* A vector whose length stands before it in `length_size` bytes. */
static inline struct span tls_bytes_vector(struct tls_bytes *bytes, size_t length_size)
{
	return tls_bytes_take(bytes, tls_bytes_number(bytes, length_size));
}

/* Whether a list of two-byte numbers, as IANA's code points are, holds `number`. */
static inline bool tls_list_has(struct span list, uint16_t number)
{
	for (size_t i = 0; i + 1 < list.size; i += 2)
		if ((unsigned char)list.data[i] == number >> 8 &&
		    (unsigned char)list.data[i + 1] == (number & 0xff))
			return true;
	return false;
}

#endif
