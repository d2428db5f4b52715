#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/landlock.h"
#include "setup/confinement.h"

enum { NO_SANDBOX = 77 };

static char file_of_variable[] = "/var/tmp/sallyport-value-XXXXXX";

/* VALUE comes from a file that is in no permitted folder. */
static char *find_variable(const char *name)
{
	return strcmp(name, "VALUE_FILE") == 0 ? file_of_variable : NULL;
}

static struct config *load(const char *text, struct diagnostics *diagnostics)
{
	struct config *config = NULL;

	assert_int_equal(config_load_text(SPAN("site.yaml"), SPAN("/usr"), span_of_string(text),
	                                  find_variable, diagnostics, &config),
	                 OK);
	return config;
}

static const char *const before = "listeners: [{address: \"127.0.0.1:18080\"}]\n"
								  "routes: [{cluster: app}]\n"
								  "clusters: {app: {backends: [{address: \"127.0.0.1:18081\"}]}}\n"
								  "sandbox: {ports: [18082], read: [/usr/share]}\n";

/* In a process of its own: enters the sandbox of `before`, and compares. Its exit status is the
 * number of errors; what they say goes to standard error. */
static int enter_and_compare(const char *after)
{
	struct diagnostics diagnostics;
	struct confinement *confinement = NULL;
	struct text text;

	diagnostics_init(&diagnostics);
	text_init(&text, 4096);

	struct config *first = load(before, &diagnostics);
	struct config *second = load(after, &diagnostics);

	if (landlock_abi() < LANDLOCK_ABI_PORTS || confinement_new(first, &confinement, &text) ||
	    confinement_enter(confinement, &text))
		return NO_SANDBOX;
	if (confinement_check(confinement, second, &diagnostics))
		return NO_SANDBOX;
	diagnostics_print(&diagnostics, &text);
	(void)fprintf(stderr, "%s", text_string(&text));
	return (int)diagnostics.errors;
}

static int errors_of(const char *after)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(enter_and_compare(after));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SANDBOX)
		skip();
	return WEXITSTATUS(status);
}

static void test_the_same_needs_nothing_new(void **state)
{
	(void)state;
	assert_int_equal(errors_of(before), 0);
}

static void test_kept_ports_may_be_used(void **state)
{
	(void)state;
	assert_int_equal(errors_of("listeners: [{address: \"127.0.0.1:18082\"}]\n"
	                           "routes: [{cluster: app}]\n"
	                           "clusters: {app: {backends: [{address: \"127.0.0.2:18082\"}]}}\n"),
	                 0);
}

static void test_new_ports_need_a_restart(void **state)
{
	(void)state;
	assert_int_equal(errors_of("listeners: [{address: \"127.0.0.1:18083\"}]\n"
	                           "routes: [{cluster: app}]\n"
	                           "clusters: {app: {backends: [{address: \"127.0.0.1:18084\"}]}}\n"),
	                 2);
}

static void test_new_folders_need_a_restart(void **state)
{
	(void)state;
	assert_int_equal(errors_of("listeners: [{address: \"127.0.0.1:18080\"}]\n"
	                           "routes:\n"
	                           "  - {path: /a, answer: {file: /usr/share/dict/words}}\n"
	                           "  - {path: /b, answer: {file: /etc/hostname}}\n"),
	                 1);
}

/* Else the next reload could not read it. */
static void test_files_of_variables_need_a_restart(void **state)
{
	int file = mkstemp(file_of_variable);

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(write(file, "app\n", 4), 4);
	(void)close(file);

	int errors = errors_of("listeners: [{address: \"127.0.0.1:18080\"}]\n"
	                       "routes: [{cluster: \"${VALUE}\"}]\n"
	                       "clusters: {app: {backends: [{address: \"127.0.0.1:18081\"}]}}\n");

	(void)unlink(file_of_variable);
	assert_int_equal(errors, 1);
}

static void test_names_and_unix_sockets_need_a_restart(void **state)
{
	(void)state;
	assert_int_equal(errors_of("listeners: [{address: \"127.0.0.1:18080\"}]\n"
	                           "routes: [{cluster: app}]\n"
	                           "clusters:\n"
	                           "  app:\n"
	                           "    backends:\n"
	                           "      - address: app.internal:18081\n"
	                           "      - address: unix:/run/app.sock\n"),
	                 2);
}

static void test_a_group_needs_a_user(void **state)
{
	struct diagnostics diagnostics;

	(void)state;
	diagnostics_init(&diagnostics);

	struct config *config = load("listeners: [{address: \"127.0.0.1:18080\"}]\n"
	                             "routes: [{answer: {}}]\n"
	                             "group: root\n",
	                             &diagnostics);

	confinement_review(config, &diagnostics);
	assert_int_equal(diagnostics.errors, 1);
	config_free(config);
	diagnostics_done(&diagnostics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_needs_nothing_new),
		cmocka_unit_test(test_kept_ports_may_be_used),
		cmocka_unit_test(test_new_ports_need_a_restart),
		cmocka_unit_test(test_new_folders_need_a_restart),
		cmocka_unit_test(test_files_of_variables_need_a_restart),
		cmocka_unit_test(test_names_and_unix_sockets_need_a_restart),
		cmocka_unit_test(test_a_group_needs_a_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
