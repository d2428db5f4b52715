#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "loading.h"

static struct diagnostics diagnostics;

static int begin(void **state)
{
	(void)state;
	diagnostics_init(&diagnostics);
	return 0;
}

static int end(void **state)
{
	(void)state;
	diagnostics_done(&diagnostics);
	return 0;
}

static struct config *load(const char *path)
{
	struct span source = loading_read_file(path);
	struct config *config = NULL;

	assert_int_equal(loading_load("site.yaml", source, &diagnostics, &config), OK);
	free((void *)(uintptr_t)source.data); /* the configuration must not need it any more */
	return config;
}

static void check_text(struct config_text text, const char *expected)
{
	if (!text.text.data || strcmp(text.text.data, expected) != 0)
		fail_msg("expected %s, found %s", expected, text.text.data ? text.text.data : "nothing");
}

static void check_defaults(const struct config *config)
{
	assert_int_equal(config->limits.head_size, 32 << 10);
	assert_int_equal(config->limits.header_count, 100);
	assert_int_equal(config->limits.target_size, 8 << 10);
	assert_int_equal(config->limits.body_size, 0);
	assert_int_equal(config->limits.chunk_extension, 256);
	assert_int_equal(config->limits.trailer_size, 8 << 10);
	assert_int_equal(config->limits.unread_body, 64 << 10);
	assert_int_equal(config->limits.connections, 10000);
	assert_int_equal(config->limits.memory, 512 << 20);
	assert_int_equal(config->limits.page_files, 256 << 20);
	assert_int_equal(config->timeouts.handshake_ms, 10000);
	assert_int_equal(config->timeouts.request_head_ms, 10000);
	assert_int_equal(config->timeouts.keep_alive_ms, 75000);
	assert_int_equal(config->timeouts.client_idle_ms, 60000);
	assert_int_equal(config->timeouts.tunnel_idle_ms, 3600000);
	assert_int_equal(config->timeouts.linger_ms, 5000);
	assert_int_equal(config->timeouts.drain_ms, 30000);
	assert_int_equal(config->workers, 0);
	check_text(config->logging.access, "stdout");
	check_text(config->logging.errors, "stderr");
	assert_int_equal(config->logging.format, CONFIG_LOG_JSON);
	assert_int_equal(config->clusters[0].pool.idle_max, 64);
	assert_int_equal(config->clusters[0].pool.idle_timeout_ms, 55000);
	assert_int_equal(config->clusters[0].timeouts.connect_ms, 3000);
	assert_int_equal(config->clusters[0].timeouts.first_byte_ms, 60000);
	assert_int_equal(config->clusters[0].timeouts.idle_ms, 60000);
}

static void test_fills_in_defaults(void **state)
{
	struct config *config = load("test/cases/config/valid_minimal.yaml");

	(void)state;
	check_defaults(config);
	assert_int_equal(config->trusted_proxy_count, 0);
	assert_null(config->listeners[0].tls);
	assert_false(config->listeners[0].redirect_to_https);
	assert_null(config->routes[0].host.text.data);
	check_text(config->routes[0].path, "/");
	config_free(config);
}

static void test_empty_sections_are_defaults(void **state)
{
	struct config *config = load("test/cases/config/valid_empty_sections.yaml");

	(void)state;
	check_defaults(config);
	config_free(config);
}

static void test_loads_the_example_of_the_design(void **state)
{
	struct config *config = load("test/cases/config/valid_issue.yaml");
	const struct config_tls *tls = config->listeners[0].tls;

	(void)state;
	check_defaults(config);
	assert_int_equal(config->listener_count, 2);
	check_text(config->listeners[0].address_text, "0.0.0.0:443");
	assert_int_equal(config->listeners[0].address.port, 443);
	assert_int_equal(tls->certificate_count, 2);
	check_text(tls->certificates[0].chain, "/etc/sallyport/certs/app.pem");
	check_text(tls->certificates[1].key, "/etc/sallyport/certs/other.key");
	assert_int_equal(tls->certificates[1].key.place.line, 6);
	assert_int_equal(tls->certificates[1].key.place.column, 41);
	check_text(tls->policy, "intermediate");
	assert_int_equal(tls->unknown_server_name, CONFIG_UNKNOWN_NAME_DEFAULT);
	assert_true(tls->tickets);
	assert_int_equal(tls->ticket_lifetime_ms, 12 * 3600000);
	assert_true(config->listeners[1].redirect_to_https);
	assert_null(config->listeners[1].tls);

	assert_int_equal(config->route_count, 3);
	check_text(config->routes[0].host, "app.example.com");
	check_text(config->routes[0].path, "/api/");
	assert_int_equal(config->routes[0].cluster_index, 1);
	check_text(config->routes[1].host, "*.example.com");
	assert_int_equal(config->routes[1].cluster_index, 0);
	assert_null(config->routes[2].host.text.data);

	assert_int_equal(config->cluster_count, 2);
	check_text(config->clusters[0].name, "app");
	assert_int_equal(config->clusters[0].backend_count, 2);
	assert_int_equal(config->clusters[0].backends[1].address.kind, ADDRESS_NAME);
	assert_string_equal(config->clusters[1].backends[0].address.host, "/run/api.sock");
	config_free(config);
}

static void test_expands_variables(void **state)
{
	struct config *config = load("test/cases/config/valid_expanded.yaml");

	(void)state;
	check_text(config->listeners[0].address_text, "0.0.0.0:8443");
	check_text(config->routes[0].path, "/a$b");
	check_text(config->clusters[0].backends[0].address_text, "legacy.internal:8080");
	check_text(config->logging.access, "off");
	check_text(config->logging.errors, "/etc/sallyport/$${HOST}");
	config_free(config);
}

static void test_small_head_takes_the_target_along(void **state)
{
	struct config *config = load("test/cases/config/valid_small_head.yaml");

	(void)state;
	assert_int_equal(config->limits.head_size, 4096);
	assert_int_equal(config->limits.target_size, 4096);
	config_free(config);
}

static char file_of_variable[] = "/tmp/sallyport-value-XXXXXX";

/* The file by its whole path, and by a path that begins where the program was started. */
static char *lookup_files(const char *name)
{
	if (strcmp(name, "WHOLE_FILE") == 0)
		return file_of_variable;
	return strcmp(name, "PART_FILE") == 0 ? file_of_variable + strlen("/tmp/") : NULL;
}

/* Whoever confines the process must know them. */
static void test_tells_the_files_of_variables(void **state)
{
	static const char text[] =
		"listeners: [{address: \"127.0.0.1:80\"}]\n"
		"routes: [{cluster: \"${WHOLE}\"}, {path: /x, cluster: \"${PART}\"}]\n"
		"clusters: {app: {backends: [{address: \"a:1\"}]}}\n";
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file = mkstemp(file_of_variable);
	struct config *config = NULL;

	(void)state;
	assert_true(before >= 0 && file >= 0);
	assert_int_equal(write(file, "app\n", 4), 4);
	(void)close(file);
	assert_int_equal(chdir("/tmp"), 0);

	enum error error = config_load_text(SPAN("site.yaml"), SPAN("/usr"), span_of_string(text),
	                                    lookup_files, &diagnostics, &config);

	assert_int_equal(fchdir(before), 0);
	(void)close(before);
	(void)unlink(file_of_variable);
	assert_int_equal(error, OK);
	assert_int_equal(config->value_files.count, 2);
	for (size_t i = 0; i < 2; i++) {
		check_text(config->value_files.items[i], file_of_variable);
		assert_int_equal(config->value_files.items[i].place.line, 2);
	}
	config_free(config);
}

static void test_loads_the_examples(void **state)
{
	static const char *const paths[] = {
		"config/sallyport.yaml",
		"config/examples/acme.yaml",
		"config/examples/one-app.yaml",
		"config/examples/several-apps.yaml",
		"config/examples/container.yaml",
		"config/examples/policies.yaml",
		"config/examples/rules-of-routes.yaml",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		struct config *config = load(paths[i]);

		assert_int_equal(diagnostics.warnings, 0);
		config_free(config);
	}
}

static void test_loads_a_file_by_its_path(void **state)
{
	struct config *config = NULL;
	char expected[4096];

	(void)state;
	assert_non_null(getcwd(expected, 3000));
	(void)strncat(expected, "/config/certs/app.example.com.pem", 100);
	assert_int_equal(config_load("config/sallyport.yaml", &diagnostics, &config), OK);
	check_text(config->listeners[0].tls->certificates[0].chain, expected);
	assert_true(span_equal(diagnostics.name, SPAN("config/sallyport.yaml")));
	config_free(config);

	assert_int_equal(chdir("config"), 0);
	assert_int_equal(config_load("sallyport.yaml", &diagnostics, &config), OK);
	check_text(config->listeners[0].tls->certificates[0].chain, expected);
	config_free(config);
	assert_int_equal(chdir(".."), 0);
}

static void check_unreadable(const char *path, const char *expected)
{
	struct config *config = NULL;
	struct text out;

	diagnostics_init(&diagnostics);
	text_init(&out, 10000);
	assert_int_equal(config_load(path, &diagnostics, &config), ERROR_CONFIG);
	assert_null(config);
	diagnostics_print(&diagnostics, &out);
	assert_string_equal(text_string(&out), expected);
	text_done(&out);
	diagnostics_done(&diagnostics);
}

static void test_tells_why_a_file_can_not_be_read(void **state)
{
	(void)state;
	check_unreadable("test/none.yaml", "test/none.yaml: error: the file can not be read: No such "
	                                   "file or directory\n");
	check_unreadable("test", "test: error: the file can not be read: Is a directory\n");
	check_unreadable("/dev/zero", "/dev/zero: error: the file is larger than 1 MiB\n");
	check_unreadable("/dev/null", "/dev/null:1:1: error: the file holds no configuration\n"
	                              "    1 | \n      | ^\n");
}

static void test_frees_nothing(void **state)
{
	(void)state;
	config_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fills_in_defaults, begin, end),
		cmocka_unit_test_setup_teardown(test_empty_sections_are_defaults, begin, end),
		cmocka_unit_test_setup_teardown(test_loads_the_example_of_the_design, begin, end),
		cmocka_unit_test_setup_teardown(test_expands_variables, begin, end),
		cmocka_unit_test_setup_teardown(test_small_head_takes_the_target_along, begin, end),
		cmocka_unit_test_setup_teardown(test_tells_the_files_of_variables, begin, end),
		cmocka_unit_test_setup_teardown(test_loads_the_examples, begin, end),
		cmocka_unit_test_setup_teardown(test_loads_a_file_by_its_path, begin, end),
		cmocka_unit_test(test_tells_why_a_file_can_not_be_read),
		cmocka_unit_test(test_frees_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
