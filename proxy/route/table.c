#include "route/table.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "config/config.h"
#include "route/path.h"

/* The host of routes without one. */
enum { HOST_ANY = 0 };

/* Owner: the table's arena. */
struct host {
	struct span name; /* lower case; a wildcard without its `*`, so beginning with a dot; any: "" */
	size_t path_size_max; /* of its routes, in bytes */
};

struct route {
	size_t host;      /* index */
	struct span path; /* in normal form */
	size_t index;     /* into config->routes */
	size_t cluster_index;
};

/* Two hash tables with open addressing. A slot holds an index + 1; 0: free. */
struct route_table {
	struct arena arena;
	struct host *hosts;
	size_t host_count;
	size_t *host_slots;
	struct route *routes;
	size_t route_count;
	size_t *route_slots;
	size_t mask; /* of both: slots - 1, a power of two of at least twice the entries */
	bool has_wildcards;
};

/* FNV-1a. The keys in the tables are the operator's, so it need not withstand an attacker. */
static const uint64_t hash_start = 0xcbf29ce484222325;

static uint64_t hash_byte(uint64_t hash, char c)
{
	return (hash ^ (unsigned char)c) * 0x100000001b3;
}

static size_t first_slot(const struct route_table *table, uint64_t hash)
{
	return (size_t)(hash ^ hash >> 32) & table->mask;
}

/* The slot of the host, or the free one where it would go. */
static size_t *host_slot(const struct route_table *table, struct span name)
{
	uint64_t hash = hash_start;

	for (size_t i = 0; i < name.size; i++)
		hash = hash_byte(hash, ascii_lower(name.data[i]));

	size_t slot = first_slot(table, hash);

	while (table->host_slots[slot] != 0 &&
	       !span_equal_nocase(table->hosts[table->host_slots[slot] - 1].name, name))
		slot = (slot + 1) & table->mask;
	return &table->host_slots[slot];
}

/* The hash of a path of this host continues from here, byte by byte. */
static uint64_t path_hash(size_t host)
{
	return hash_start ^ host * 0x9e3779b97f4a7c15;
}

static size_t *route_slot(const struct route_table *table, size_t host, struct span path,
                          uint64_t hash)
{
	size_t slot = first_slot(table, hash);

	for (; table->route_slots[slot] != 0; slot = (slot + 1) & table->mask) {
		const struct route *route = &table->routes[table->route_slots[slot] - 1];

		if (route->host == host && span_equal(route->path, path))
			break;
	}
	return &table->route_slots[slot];
}

/* Without a dot at the end. */
static struct span without_root(struct span name)
{
	bool has_root = name.size > 0 && name.data[name.size - 1] == '.';

	return span_cut(name, 0, name.size - has_root);
}

static enum error add_host(struct route_table *table, struct span name, size_t *ret_host)
{
	size_t *slot = host_slot(table, name);
	struct host *host = &table->hosts[table->host_count];

	if (*slot == 0) {
		enum error error = arena_copy(&table->arena, name, &host->name);

		if (error)
			return error;
		*slot = ++table->host_count;
	}
	*ret_host = *slot - 1;
	return OK;
}

static enum error add_route(struct route_table *table, const struct config_route *route,
                            size_t index)
{
	struct span name = without_root(route->host.text);
	struct span path;
	size_t host;

	if (span_starts_with(name, SPAN("*."))) {
		name = span_from(name, 1);
		table->has_wildcards = true;
	}

	enum error error = add_host(table, name, &host);

	if (!error)
		error = path_normalise(route->path.text, &table->arena, &path);
	if (!error)
		error = arena_copy(&table->arena, path, &path);
	if (error)
		return error;

	uint64_t hash = path_hash(host);

	for (size_t i = 0; i < path.size; i++)
		hash = hash_byte(hash, path.data[i]);

	size_t *slot = route_slot(table, host, path, hash);

	if (*slot != 0)
		return OK;
	table->routes[table->route_count] = (struct route){
		.host = host, .path = path, .index = index, .cluster_index = route->cluster_index};
	*slot = ++table->route_count;
	if (table->hosts[host].path_size_max < path.size)
		table->hosts[host].path_size_max = path.size;
	return OK;
}

/* Room for as many routes, each with a host of its own, and for the host HOST_ANY. */
static enum error allocate(struct route_table *table, size_t count)
{
	size_t slots = 4;
	size_t any;

	while (slots < 2 * (count + 1))
		slots *= 2;
	table->mask = slots - 1;
	table->hosts = arena_new(&table->arena, count + 1, sizeof(*table->hosts));
	table->host_slots = arena_new(&table->arena, slots, sizeof(*table->host_slots));
	table->routes = arena_new(&table->arena, count + 1, sizeof(*table->routes));
	table->route_slots = arena_new(&table->arena, slots, sizeof(*table->route_slots));
	if (!table->hosts || !table->host_slots || !table->routes || !table->route_slots)
		return ERROR_OUT_OF_MEMORY;
	return add_host(table, SPAN(""), &any);
}

enum error route_table_new(const struct config *config, struct route_table **ret_table)
{
	struct route_table *table = memory_new(1, sizeof(*table));

	if (!table)
		return ERROR_OUT_OF_MEMORY;
	/* The configuration has its own limit, and this is a small multiple of it. */
	arena_init(&table->arena, NULL, SIZE_MAX >> 1);

	enum error error = allocate(table, config->route_count);

	for (size_t i = 0; i < config->route_count && !error; i++)
		error = add_route(table, &config->routes[i], i);
	if (error)
		route_table_free(table);
	else
		*ret_table = table;
	return error;
}

void route_table_free(struct route_table *table)
{
	if (!table)
		return;
	arena_done(&table->arena);
	memory_free(table);
}

/*
 * The route of this host with the longest path that matches, or NULL. A path matches at its own
 * end, before a `/`, or with that `/`, so one pass over the path asks for each in turn.
 */
static const struct route *find_path(const struct route_table *table, size_t host, struct span path)
{
	const size_t size_max = table->hosts[host].path_size_max;
	const struct route *found = NULL;
	uint64_t hash = path_hash(host);

	for (size_t size = 0; size <= path.size && size <= size_max; size++) {
		bool after_slash = size > 0 && path.data[size - 1] == '/';
		bool before_slash = size < path.size && path.data[size] == '/';

		if (after_slash || before_slash || size == path.size) {
			size_t slot = *route_slot(table, host, span_cut(path, 0, size), hash);

			if (slot != 0)
				found = &table->routes[slot - 1];
		}
		if (size < path.size)
			hash = hash_byte(hash, path.data[size]);
	}
	return found;
}

static const struct route *find_in_host(const struct route_table *table, struct span name,
                                        struct span path)
{
	size_t slot = *host_slot(table, name);

	return slot != 0 ? find_path(table, slot - 1, path) : NULL;
}

static const struct route *find(const struct route_table *table, struct span host, struct span path)
{
	const struct route *found = NULL;

	/* A name with a dot in front, which no request has, would be taken for a wildcard's. */
	if (host.size > 0 && host.data[0] != '.')
		found = find_in_host(table, host, path);
	/* From the longest suffix that begins with a dot; one label at least stands before it. */
	for (size_t i = 1; i < host.size && !found && table->has_wildcards; i++)
		if (host.data[i] == '.')
			found = find_in_host(table, span_from(host, i), path);
	return found ? found : find_path(table, HOST_ANY, path);
}

enum error route_table_find(const struct route_table *table, struct span host, struct span path,
                            struct arena *scratch, size_t *ret_route, size_t *ret_cluster_index)
{
	struct span normal;
	enum error error = path_normalise(path, scratch, &normal);

	if (error)
		return error;

	const struct route *found = find(table, without_root(host), normal);

	if (!found)
		return ERROR_NO_ROUTE;
	*ret_route = found->index;
	*ret_cluster_index = found->cluster_index;
	return OK;
}
