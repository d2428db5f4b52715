#include "route/hops.h"

#include <stdio.h>

/* The last elements of a list, in order. */
struct elements {
	struct span of[HOPS_MAX];
	size_t count; /* in all; the n-th is at n modulo HOPS_MAX */
};

bool hops_is_trusted(const struct config *config, const struct address *address)
{
	for (size_t i = 0; i < config->trusted_proxy_count; i++)
		if (address_block_contains(&config->trusted_proxies[i].block, address))
			return true;
	return false;
}

/* Where the element at the front ends: at a comma, but not within quotes. */
static size_t element_size(struct span list, bool has_quotes)
{
	bool quoted = false;

	for (size_t i = 0; i < list.size; i++) {
		char c = list.data[i];

		if (c == '\\' && quoted)
			i++;
		else if (c == '"' && has_quotes)
			quoted = !quoted;
		else if (c == ',' && !quoted)
			return i;
	}
	return list.size;
}

static void collect(const struct message *request, enum field_id id, struct elements *elements)
{
	for (size_t i = 0; i < request->field_count; i++) {
		struct span rest = request->fields[i].value;

		if (request->fields[i].id != id)
			continue;
		for (bool is_last = false; !is_last;) {
			size_t size = element_size(rest, id == FIELD_FORWARDED);

			elements->of[elements->count++ % HOPS_MAX] = span_trim(span_cut(rest, 0, size));
			is_last = size == rest.size;
			rest = span_from(rest, size + 1);
		}
	}
}

/* An IP address, perhaps with a port; IPv6 without brackets only if `bare_ipv6`. */
static bool read_address(struct span text, bool bare_ipv6, struct address *ret_address)
{
	char whole[ADDRESS_TEXT_SIZE];
	struct address address;
	size_t colon = span_find(text, ':');
	bool is_ipv6 = span_find(span_from(text, colon + 1), ':') < text.size - colon - 1;
	bool has_brackets = span_starts_with(text, SPAN("["));
	bool has_port = has_brackets ? text.data[text.size - 1] != ']' : colon < text.size && !is_ipv6;

	if (text.size == 0 || text.size > 64)
		return false;
	if (colon < text.size && is_ipv6 && !has_brackets) {
		if (!bare_ipv6)
			return false;
		(void)snprintf(whole, sizeof(whole), "[%.*s]:1", (int)text.size, text.data);
	} else {
		(void)snprintf(whole, sizeof(whole), "%.*s%s", (int)text.size, text.data,
		               has_port ? "" : ":1");
	}
	if (address_parse(span_of_string(whole), &address) ||
	    (address.kind != ADDRESS_IPV4 && address.kind != ADDRESS_IPV6))
		return false;
	if (!has_port)
		address.port = 0;

	/* As accept(2)'s would be: an IPv4-mapped address is the IPv4 address in it. */
	struct sockaddr_storage socket;
	socklen_t size = address_to_socket(&address, &socket);

	return address_from_socket((const struct sockaddr *)&socket, size, ret_address) == OK;
}

/* The address in `for=…`, of which there must be one. */
static bool read_forwarded(struct span element, struct address *ret_address)
{
	struct span pair;
	struct span node = {0};
	size_t count = 0;

	while (span_next(&element, ';', &pair)) {
		if (!span_equal_nocase(span_cut(pair, 0, 4), SPAN("for=")))
			continue;
		node = span_from(pair, 4);
		count++;
	}
	if (count != 1)
		return false;
	if (node.size >= 2 && node.data[0] == '"' && node.data[node.size - 1] == '"')
		return read_address(span_cut(node, 1, node.size - 1), false, ret_address);
	/* A token has neither colons nor brackets. */
	return span_find(node, ':') == node.size && read_address(node, false, ret_address);
}

void hops_client(const struct message *request, const struct address *peer,
                 const struct config *config, struct address *ret_client)
{
	bool is_forwarded = config->trusted_field == CONFIG_TRUSTED_FORWARDED;
	struct elements elements = {.count = 0};
	struct address current = *peer;

	if (hops_is_trusted(config, peer))
		collect(request, is_forwarded ? FIELD_FORWARDED : FIELD_X_FORWARDED_FOR, &elements);
	for (size_t read = 0; read < elements.count && read < HOPS_MAX; read++) {
		struct span element = elements.of[(elements.count - 1 - read) % HOPS_MAX];
		bool is_address = is_forwarded ? read_forwarded(element, &current)
		                               : read_address(element, true, &current);

		if (!is_address || !hops_is_trusted(config, &current))
			break;
	}
	*ret_client = current;
}
