#include "sim/preamble.h"

#include <stdio.h>
#include <string.h>

#include "sim/trace.h"

enum { PORT_DIRECT = 50000, PORT_BALANCED = 40000, SOURCE_SIZE = 64 };

struct address preamble_source(unsigned client, bool balanced)
{
	struct address address = {
		.kind = ADDRESS_IPV4,
		.port = (uint16_t)((balanced ? PORT_BALANCED : PORT_DIRECT) + client),
		.bytes = {192, 0, 2, 7},
		.host = "192.0.2.7",
	};

	return address;
}

void preamble_put(unsigned client, struct bytes *out)
{
	bytes_printf(out, "PROXY TCP4 192.0.2.7 198.51.100.1 %u 443\r\n", PORT_BALANCED + client);
}

struct span preamble_take(struct preamble *preamble, struct span bytes)
{
	size_t taken = 0;

	while (preamble->is_awaited && taken < bytes.size) {
		if (preamble->size == PREAMBLE_MAX)
			violation("a backend got no PROXY header: %.*s", (int)preamble->size, preamble->line);
		preamble->line[preamble->size++] = bytes.data[taken];
		preamble->is_awaited = bytes.data[taken] != '\n';
		taken++;
	}
	return span_from(bytes, taken);
}

bool preamble_tells(const struct preamble *preamble, unsigned client)
{
	const unsigned ports[] = {PORT_DIRECT + client, PORT_BALANCED + client};
	char source[SOURCE_SIZE];
	unsigned port = 0;

	if (sscanf(preamble->line, "PROXY TCP4 %63s %*s %u %*u\r\n", source, &port) != 2)
		return false;
	return strcmp(source, "192.0.2.7") == 0 && (port == ports[0] || port == ports[1]);
}
