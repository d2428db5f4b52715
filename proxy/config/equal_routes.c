#include "config/equal_routes.h"

#include <stdio.h>

#include "base/memory.h"

/* A hash table of open addressing. Owner: the check. */
struct seen {
	size_t *slots; /* index of a route, + 1; 0: free */
	size_t mask;   /* slots - 1: a power of two of at least twice the routes */
};

static uint64_t hash_bytes(uint64_t hash, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		hash = (hash ^ (unsigned char)bytes.data[i]) * 0x100000001b3;
	return hash;
}

/* FNV-1a, with a byte between the two that is in neither. */
static uint64_t hash_route(const struct config_route *route)
{
	uint64_t hash = hash_bytes(0xcbf29ce484222325, route->host.text);

	return hash_bytes(hash_bytes(hash, SPAN("\n")), route->path.text);
}

static bool are_equal(const struct config_route *a, const struct config_route *b)
{
	return span_equal(a->host.text, b->host.text) && span_equal(a->path.text, b->path.text);
}

/* The slot of an equal route, or the free one where this one would go. */
static size_t *slot_of(const struct seen *seen, const struct config *config,
                       const struct config_route *route)
{
	uint64_t hash = hash_route(route);
	size_t at = (size_t)(hash ^ hash >> 32) & seen->mask;

	while (seen->slots[at] != 0 && !are_equal(&config->routes[seen->slots[at] - 1], route))
		at = (at + 1) & seen->mask;
	return &seen->slots[at];
}

/* Was it decoded? A host that could not be looks like one that is not given. */
static bool is_whole(const struct config_route *route, const struct node *node)
{
	return route->path.text.data && (route->host.text.data || !node_child(node, SPAN("host")));
}

enum error equal_routes_check(const struct config *config, const struct node *node,
                              struct diagnostics *diagnostics)
{
	struct seen seen = {.mask = 1};

	while (seen.mask < 2 * config->route_count)
		seen.mask = seen.mask * 2 + 1;
	seen.slots = memory_new(seen.mask + 1, sizeof(*seen.slots));
	if (!seen.slots)
		return ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; i < config->route_count; i++, node = node ? node->next : NULL) {
		const struct config_route *route = &config->routes[i];
		size_t *slot = is_whole(route, node) ? slot_of(&seen, config, route) : NULL;
		char path[32];

		if (!slot)
			continue;
		if (*slot == 0) {
			*slot = i + 1;
			continue;
		}
		(void)snprintf(path, sizeof(path), "routes[%zu]", i);
		diagnostics_error(diagnostics, route->place, path,
		                  "the same host and path as the route on line %u",
		                  config->routes[*slot - 1].place.line);
	}
	memory_free(seen.slots);
	return OK;
}
