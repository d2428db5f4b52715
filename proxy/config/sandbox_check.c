#include "config/sandbox_check.h"

#include <stdio.h>

#include "base/number.h"

enum { PORT_MAX = 65535 };

/* `8080`, or `8000-8099`. */
static bool read_ports(struct config_ports *ports)
{
	struct span text = ports->text.text;
	size_t dash = span_find(text, '-');
	uint64_t first = 0;
	uint64_t last = 0;

	if (number_decimal(span_cut(text, 0, dash), PORT_MAX, &first) || first == 0)
		return false;
	last = first;
	if (dash < text.size && number_decimal(span_from(text, dash + 1), PORT_MAX, &last))
		return false;
	if (last < first)
		return false;
	ports->first = (uint16_t)first;
	ports->last = (uint16_t)last;
	return true;
}

void sandbox_check(struct config_sandbox *sandbox, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < sandbox->port_count; i++) {
		struct config_ports *ports = &sandbox->ports[i];
		char key[sizeof("sandbox.ports[18446744073709551615]")];

		if (!ports->text.text.data || read_ports(ports))
			continue;
		(void)snprintf(key, sizeof(key), "sandbox.ports[%zu]", i);
		diagnostics_error(
			diagnostics, ports->text.place, key,
			"\"%s\" is neither a port, from 1 to 65535, nor a first and a last one as "
			"in 8000-8099",
			ports->text.text.data);
	}
}
