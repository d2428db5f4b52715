/*
 * Any bytes as a PROXY header: the same end however they are cut, never more taken than there was,
 * and addresses that are read are written as a header that is read as the same again.
 */

#include <stdint.h>
#include <stdlib.h>

#include "net/proxy_header.h"

enum { SIZE_MAX_FUZZED = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_written(enum proxy_version version, const struct proxy_header *header)
{
	char bytes[PROXY_HEADER_WRITTEN_MAX];
	struct proxy_header again;
	size_t size = proxy_header_write(version, header, NULL, bytes);
	size_t taken = 0;

	require(proxy_header_read(span_of(bytes, size), SIZE_MAX_FUZZED, &again, &taken) == OK);
	require(taken == size);
	if (!again.has_addresses)
		return; /* of two kinds, or of none */
	require(address_equal(&again.source, &header->source));
	require(address_equal(&again.destination, &header->destination));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_of((const char *)data, size);
	struct proxy_header header;
	struct proxy_header unused;
	size_t whole_taken = 0;
	enum error whole = proxy_header_read(bytes, SIZE_MAX_FUZZED, &header, &whole_taken);

	require(whole_taken <= size && whole_taken <= SIZE_MAX_FUZZED);
	for (size_t cut = 0; cut < size && cut <= SIZE_MAX_FUZZED; cut++) {
		size_t taken = 0;
		enum error error =
			proxy_header_read(span_cut(bytes, 0, cut), SIZE_MAX_FUZZED, &unused, &taken);

		/* Once it is refused or whole, more bytes do not change that; before, it is neither. */
		require(!error || whole);
		require(taken == 0 || taken == whole_taken);
		require(taken == 0 || cut >= whole_taken);
	}
	if (!whole && whole_taken > 0 && header.has_addresses) {
		check_written(PROXY_VERSION_1, &header);
		check_written(PROXY_VERSION_2, &header);
	}
	return 0;
}
