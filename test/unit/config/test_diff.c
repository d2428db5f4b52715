#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/diff.h"

enum { OUTPUT_MAX = 1 << 16 };

#define BEFORE                               \
	"listeners:\n"                           \
	"  - address: 127.0.0.1:8080\n"          \
	"routes:\n"                              \
	"  - cluster: app\n"                     \
	"  - path: /api\n"                       \
	"    cluster: app\n"                     \
	"    request_headers: {set: {A: one}}\n" \
	"clusters:\n"                            \
	"  app:\n"                               \
	"    backends: [{address: \"127.0.0.1:1\"}, {address: \"127.0.0.1:2\"}]\n"

/* One side, loaded. */
struct loaded {
	struct diagnostics diagnostics;
	struct config *config;
	struct config_version version;
};

static void load(struct loaded *loaded, const char *name, const char *source)
{
	diagnostics_init(&loaded->diagnostics);
	assert_int_equal(config_load_text(span_of_string(name), SPAN("/etc"), span_of_string(source),
	                                  getenv, &loaded->diagnostics, &loaded->config),
	                 OK);
	loaded->version = (struct config_version){
		.name = loaded->diagnostics.name,
		.config = loaded->config,
		.source = loaded->diagnostics.source,
	};
}

static void unload(struct loaded *loaded)
{
	config_free(loaded->config);
	diagnostics_done(&loaded->diagnostics);
}

/* What is printed for two texts. */
static void expect(const char *before, const char *after, const char *expected, bool json)
{
	struct loaded old;
	struct loaded fresh;
	struct config_diff diff;
	struct text out;

	load(&old, "a.yaml", before);
	load(&fresh, "b.yaml", after);
	text_init(&out, OUTPUT_MAX);
	assert_int_equal(config_diff_make(&old.version, &fresh.version, &diff), OK);
	if (json)
		config_diff_print_json(&diff, &out);
	else
		config_diff_print(&diff, &out);
	assert_string_equal(text_string(&out), expected);
	config_diff_done(&diff);
	text_done(&out);
	unload(&old);
	unload(&fresh);
}

static void test_the_same_is_no_change(void **state)
{
	(void)state;
	expect(BEFORE, BEFORE, "nothing changes\n", false);
}

static void test_a_default_that_is_written_is_no_change(void **state)
{
	(void)state;
	expect(BEFORE, BEFORE "timeouts: {drain: 30s}\nworkers: auto\n", "nothing changes\n", false);
}

static void test_the_order_of_routes_and_backends_does_not_matter(void **state)
{
	(void)state;
	expect(BEFORE,
	       "clusters:\n"
	       "  app:\n"
	       "    backends: [{address: \"127.0.0.1:2\"}, {address: \"127.0.0.1:1\"}]\n"
	       "routes:\n"
	       "  - path: /api\n"
	       "    cluster: app\n"
	       "    request_headers: {set: {A: one}}\n"
	       "  - cluster: app\n"
	       "listeners:\n"
	       "  - address: 127.0.0.1:8080\n",
	       "nothing changes\n", false);
}

static void test_each_change_has_its_place(void **state)
{
	(void)state;
	expect(BEFORE,
	       "listeners:\n"
	       "  - address: 127.0.0.1:9090\n"
	       "routes:\n"
	       "  - cluster: web\n"
	       "  - path: /api\n"
	       "    cluster: web\n"
	       "    request_headers: {set: {A: \"two ${client.address}\"}}\n"
	       "    allow: [10.0.0.0/8]\n"
	       "clusters:\n"
	       "  web:\n"
	       "    backends: [{address: \"127.0.0.1:1\"}]\n"
	       "timeouts:\n"
	       "  drain: 1m\n"
	       "workers: 3\n",
	       "a.yaml:2:5: removed: listeners[127.0.0.1:8080]\n"
	       "b.yaml:2:5: added: listeners[127.0.0.1:9090]\n"
	       "b.yaml:4:5: changed: routes[/].cluster: web, before app\n"
	       "b.yaml:6:5: changed: routes[/api].cluster: web, before app\n"
	       "b.yaml:8:5: changed: routes[/api].allow: [10.0.0.0/8], before []\n"
	       "b.yaml:7:29: changed: routes[/api].request_headers.set.A: two ${client.address}, "
	       "before one\n"
	       "a.yaml:9:3: removed: clusters.app\n"
	       "b.yaml:10:3: added: clusters.web\n"
	       "b.yaml:13:3: changed: timeouts.drain: 1m, before 30s\n"
	       "b.yaml:14:1: changed: workers: 3, before auto (only with a restart)\n"
	       "10 changes\n",
	       false);
}

static void test_a_part_that_comes_or_goes(void **state)
{
	(void)state;
	expect(BEFORE,
	       BEFORE "    pool: {idle_max: 1}\n"
	              "    http: {tolerate: [bare_lf, obs_fold]}\n",
	       "b.yaml:11:12: changed: clusters.app.pool.idle_max: 1, before 64\n"
	       "b.yaml:12:12: changed: clusters.app.http.tolerate: [bare_lf, obs_fold], before []\n"
	       "2 changes\n",
	       false);
}

static void test_passwords_are_not_printed(void **state)
{
	static const char form[] = "listeners: [{address: \"127.0.0.1:1\"}]\n"
							   "routes:\n"
							   "  - answer: {status: 200}\n"
							   "    basic_auth:\n"
							   "      realm: here\n"
							   "      users: {alice: \"%s\"}\n";
	char before[512];
	char after[512];

	(void)state;
	(void)snprintf(before, sizeof(before), form,
	               "$$6$$salt$$EEXGAjibyFMeVKZQ.hqu21bZxtPAcDsUycKljM8jLB3WNLnS6"
	               "rQvoVxQYYXX132xHBSnvrJvxwgAJs3leXs5p/");
	(void)snprintf(after, sizeof(after), form,
	               "$$6$$salt$$YBMliyNjyO6srA0PUHb40yiODpPny2ei1jipSMG6SJX4zPlOE"
	               "zoxr4eLVAHiIEQ7IIOJi.Z.dOhYXqqJaE4op1");
	expect(before, after, "b.yaml:6:15: changed: routes[/].basic_auth.users.alice\n1 change\n",
	       false);
}

static void test_json(void **state)
{
	(void)state;
	expect(
		BEFORE, BEFORE "timeouts: {drain: 1m}\nlimits: {connections: 5}\n",
		"{\"before\":\"a.yaml\",\"after\":\"b.yaml\",\"changes\":["
		"{\"change\":\"changed\",\"path\":\"limits.connections\",\"file\":\"b.yaml\","
		"\"line\":12,\"column\":10,\"before\":\"10000\",\"after\":\"5\",\"needs_restart\":false},"
		"{\"change\":\"changed\",\"path\":\"timeouts.drain\",\"file\":\"b.yaml\",\"line\":11,"
		"\"column\":12,\"before\":\"30s\",\"after\":\"1m\",\"needs_restart\":false}]}\n",
		true);
	expect(BEFORE, BEFORE, "{\"before\":\"a.yaml\",\"after\":\"b.yaml\",\"changes\":[]}\n", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_is_no_change),
		cmocka_unit_test(test_a_default_that_is_written_is_no_change),
		cmocka_unit_test(test_the_order_of_routes_and_backends_does_not_matter),
		cmocka_unit_test(test_each_change_has_its_place),
		cmocka_unit_test(test_a_part_that_comes_or_goes),
		cmocka_unit_test(test_passwords_are_not_printed),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
