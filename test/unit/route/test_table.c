#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "route/table.h"

enum { ARENA_SIZE_MAX = 1 << 16, MANY = 10000, NONE = -1 };

struct row {
	const char *host; /* NULL: any */
	const char *path;
};

static struct config_route route_of(const char *host, const char *path, size_t cluster_index)
{
	return (struct config_route){
		.host = {.text = span_of_string(host)},
		.path = {.text = span_of_string(path)},
		.cluster_index = cluster_index,
	};
}

static struct route_table *table_of(struct config_route *routes, size_t count)
{
	const struct config config = {.routes = routes, .route_count = count};
	struct route_table *table = NULL;

	assert_int_equal(route_table_new(&config, &table), OK);
	assert_non_null(table);
	return table;
}

/* The index of the route, or NONE. */
static int find(const struct route_table *table, const char *host, const char *path)
{
	struct arena arena;
	size_t route = 0;
	size_t cluster = 0;

	arena_init(&arena, NULL, ARENA_SIZE_MAX);

	enum error error = route_table_find(table, span_of_string(host), span_of_string(path), &arena,
	                                    &route, &cluster);

	arena_done(&arena);
	assert_true(error == OK || error == ERROR_NO_ROUTE);
	if (!error)
		assert_int_equal(cluster, route + 100);
	return error ? NONE : (int)route;
}

static const struct row table_rows[] = {
	/* 0 */ {"app.example.com", "/api/"},
	/* 1 */ {"app.example.com", "/api/v2"},
	/* 2 */ {"*.example.com", "/"},
	/* 3 */ {"*.deep.example.com", "/x"},
	/* 4 */ {NULL, "/any"},
	/* 5 */ {"example.com", "/"},
	/* 6 */ {"[2001:db8::1]", "/"},
	/* 7 */ {"enc.example.com", "/a b/"},
	/* 8 */ {"enc.example.com", "/%2e%2e/up//twice"},
	/* 9 */ {"dup.example.com", "/"},
	/* 10 */ {"dup.example.com", "//"},
	/* 11 */ {"dot.example.org.", "/"},
};
static const struct {
	const char *host;
	const char *path;
	int route;
} wanted_routes[] = {
	{"app.example.com", "/api/", 0},
	{"app.example.com", "/api/x", 0},
	{"APP.Example.COM.", "/api/x", 0},
	{"app.example.com", "/api", 2}, /* falls on to the wildcard */
	{"app.example.com", "/api/v2", 1},
	{"app.example.com", "/api/v2/", 1},
	{"app.example.com", "/api/v2/x/y", 1},
	{"app.example.com", "/api/v21", 0},
	{"app.example.com", "/API/", 2},
	{"app.example.com", "//api//v2", 1},
	{"app.example.com", "/x/../api/v%32", 1},
	{"app.example.com", "/api%2fv2", 2},
	{"app.example.com", "/", 2},
	{"a.b.c.example.com", "/x", 2},
	{"a.deep.example.com", "/x", 3},
	{"a.deep.example.com", "/x/y", 3},
	{"a.deep.example.com", "/y", 2},
	{"deep.example.com", "/x", 2},
	{"example.com", "/any", 5},
	{"xexample.com", "/", NONE},
	{"xexample.com", "/any", 4},
	{"xexample.com", "/any/x", 4},
	{"xexample.com", "/anything", NONE},
	{".example.com", "/", NONE},
	{"", "/any", 4},
	{"", "/", NONE},
	{".", "/any", 4},
	{"*.example.com", "/", 2},
	{"[2001:DB8::1]", "/", 6},
	{"[2001:db8::2]", "/", NONE},
	{"enc.example.com", "/a%20b/c", 7},
	{"enc.example.com", "/up/twice", 8},
	{"dup.example.com", "/", 9},
	{"dot.example.org", "/", 11},
	{"dot.example.org.", "/", 11},
	{"example.com", "*", 5},
};

static void test_hosts_and_paths(void **state)
{
	struct config_route routes[ARRAY_LENGTH(table_rows)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(table_rows); i++)
		routes[i] = route_of(table_rows[i].host, table_rows[i].path, i + 100);

	struct route_table *table = table_of(routes, ARRAY_LENGTH(table_rows));

	for (size_t i = 0; i < ARRAY_LENGTH(wanted_routes); i++)
		if (find(table, wanted_routes[i].host, wanted_routes[i].path) != wanted_routes[i].route)
			fail_msg("%s%s: %d, not %d", wanted_routes[i].host, wanted_routes[i].path,
			         find(table, wanted_routes[i].host, wanted_routes[i].path),
			         wanted_routes[i].route);
	route_table_free(table);
}

static void test_no_routes(void **state)
{
	struct route_table *table = table_of(NULL, 0);

	(void)state;
	assert_int_equal(find(table, "a", "/"), NONE);
	assert_int_equal(find(table, "", "/"), NONE);
	route_table_free(table);
	route_table_free(NULL);
}

static void test_each_allocation_that_fails(void **state)
{
	struct config_route routes[] = {
		route_of("*.a.example", "/a/../b", 100),
		route_of(NULL, "/", 101),
	};
	const struct config config = {.routes = routes, .route_count = ARRAY_LENGTH(routes)};
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	for (long successes = 0; error == ERROR_OUT_OF_MEMORY; successes++) {
		struct route_table *table = NULL;

		assert_true(successes < 100);
		memory_fail_after(successes);
		error = route_table_new(&config, &table);
		memory_fail_after(-1);
		assert_true(error ? table == NULL : table != NULL);
		route_table_free(table);
	}
	assert_int_equal(error, OK);
}

static void test_a_look_up_without_memory(void **state)
{
	struct config_route routes[] = {route_of(NULL, "/", 100)};
	struct route_table *table = table_of(routes, 1);
	struct arena arena;
	size_t route = 9;
	size_t cluster = 9;

	(void)state;
	arena_init(&arena, NULL, ARENA_SIZE_MAX);
	memory_fail_after(0);
	assert_int_equal(route_table_find(table, SPAN("a"), SPAN("/a"), &arena, &route, &cluster), OK);
	assert_int_equal(cluster, 100);
	cluster = 9;
	assert_int_equal(route_table_find(table, SPAN("a"), SPAN("//a"), &arena, &route, &cluster),
	                 ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_int_equal(cluster, 9);
	arena_done(&arena);
	route_table_free(table);
}

/* Many names, and many paths of one name: each is found, and it does not take longer for being
 * many. */
static void test_many_routes(void **state)
{
	static char hosts[2 * MANY][40];
	static char paths[2 * MANY][40];
	static struct config_route routes[2 * MANY];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(hosts[i], sizeof(hosts[i]), "%sh%zu.example.com", i % 2 ? "*." : "", i);
		snprintf(paths[i], sizeof(paths[i]), "/");
		routes[i] = route_of(hosts[i], paths[i], i + 100);
		snprintf(hosts[MANY + i], sizeof(hosts[i]), "one.example.com");
		snprintf(paths[MANY + i], sizeof(paths[i]), "/p%zu/x", i);
		routes[MANY + i] = route_of(hosts[MANY + i], paths[MANY + i], MANY + i + 100);
	}

	struct route_table *table = table_of(routes, 2 * MANY);
	const uint64_t start = clock_now_us();

	for (size_t i = 0; i < MANY; i++) {
		char host[48];
		char path[48];

		snprintf(host, sizeof(host), "%sh%zu.example.com", i % 2 ? "a.b." : "", i);
		assert_int_equal(find(table, host, "/x/y"), i);
		snprintf(path, sizeof(path), "/p%zu/x/y", i);
		assert_int_equal(find(table, "one.example.com", path), MANY + i);
	}

	uint64_t each_ns = (clock_now_us() - start) * 1000 / (2 * (uint64_t)MANY);

	printf("%llu ns a look-up\n", (unsigned long long)each_ns);
	assert_true(each_ns < 100000);
	route_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts_and_paths),
		cmocka_unit_test(test_no_routes),
		cmocka_unit_test(test_each_allocation_that_fails),
		cmocka_unit_test(test_a_look_up_without_memory),
		cmocka_unit_test(test_many_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
