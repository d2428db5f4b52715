#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "sandbox/permits.h"

/* A tree of files as the tests want it, in a folder of its own. */
static char *root;

/* The path in the tree; the next eight calls leave it as it is. */
static const char *at(const char *path)
{
	static char paths[8][PATH_MAX];
	static unsigned turn;
	char *text = paths[turn++ % 8];

	(void)snprintf(text, PATH_MAX, "%s/%s", root, path);
	return text;
}

static void make_folder(const char *path)
{
	assert_int_equal(mkdir(at(path), 0700), 0);
}

static void make_file(const char *path)
{
	FILE *file = fopen(at(path), "w");

	assert_non_null(file);
	(void)fclose(file);
}

static void make_link(const char *target, const char *path)
{
	(void)unlink(at(path));
	assert_int_equal(symlink(target, at(path)), 0);
}

static int set_up(void **state)
{
	char folder[] = "/tmp/permits-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	root = realpath(folder, NULL);
	assert_non_null(root);
	return 0;
}

static int tear_down(void **state)
{
	char command[PATH_MAX];

	(void)state;
	memory_fail_after(-1);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
	free(root);
	return system(command);
}

static bool has_path(const struct permits *permits, const char *path, unsigned rights)
{
	for (size_t i = 0; i < permits->path_count; i++)
		if (strcmp(permits->paths[i].path, path) == 0 && permits->paths[i].rights == rights)
			return true;
	return false;
}

static void test_a_file_is_permitted_by_its_folder(void **state)
{
	struct permits permits;

	(void)state;
	make_folder("certs");
	make_file("certs/app.pem");
	permits_init(&permits);
	assert_int_equal(permits_add_file(&permits, at("certs/app.pem"), PERMIT_READ), OK);
	assert_int_equal(permits.path_count, 1);
	assert_true(has_path(&permits, at("certs"), PERMIT_READ));
	assert_true(permits_has_file(&permits, at("certs/renewed.pem"), PERMIT_READ));
	assert_false(permits_has_file(&permits, at("certs/renewed.pem"), PERMIT_WRITE));
	assert_false(permits_has_file(&permits, at("other.pem"), PERMIT_READ));
	permits_done(&permits);
}

/* The files of certbot: live/app/key.pem leads to archive/app/key7.pem. */
static void test_links_of_files_are_followed(void **state)
{
	struct permits permits;

	(void)state;
	make_folder("live");
	make_folder("archive");
	make_file("archive/key7.pem");
	make_link("../archive/key7.pem", "live/key.pem");
	permits_init(&permits);
	assert_int_equal(permits_add_file(&permits, at("live/key.pem"), PERMIT_READ), OK);
	assert_int_equal(permits.path_count, 2);
	assert_true(has_path(&permits, at("live"), PERMIT_READ));
	assert_true(has_path(&permits, at("archive"), PERMIT_READ));
	make_file("archive/key8.pem");
	make_link("../archive/key8.pem", "live/key.pem");
	assert_true(permits_has_file(&permits, at("live/key.pem"), PERMIT_READ));
	permits_done(&permits);
}

/* The files of Kubernetes: secret/key leads to ..data/key, and ..data to a folder with a date. */
static void test_links_of_folders_are_followed(void **state)
{
	struct permits permits;

	(void)state;
	make_folder("secret");
	make_folder("secret/..2026");
	make_folder("secret/..2027");
	make_file("secret/..2026/key");
	make_file("secret/..2027/key");
	make_link("..2026", "secret/..data");
	make_link("..data/key", "secret/key");
	permits_init(&permits);
	assert_int_equal(permits_add_file(&permits, at("secret/key"), PERMIT_READ), OK);
	permits_tidy(&permits);
	assert_int_equal(permits.path_count, 1);
	assert_true(has_path(&permits, at("secret"), PERMIT_READ));
	make_link("..2027", "secret/..data");
	assert_true(permits_has_file(&permits, at("secret/key"), PERMIT_READ));
	permits_done(&permits);
}

/* The files of a release: current leads to releases/1, beside which releases/2 will be. */
static void test_what_is_beside_a_linked_folder_is_permitted(void **state)
{
	struct permits permits;

	(void)state;
	make_folder("releases");
	make_folder("releases/1");
	make_file("releases/1/key");
	make_link("releases/1", "current");
	permits_init(&permits);
	assert_int_equal(permits_add_file(&permits, at("current/key"), PERMIT_READ), OK);
	permits_tidy(&permits);
	assert_true(has_path(&permits, at("releases"), PERMIT_READ));
	assert_false(permits_has_file(&permits, at("key"), PERMIT_READ));
	permits_done(&permits);
}

static void test_the_root_folder_is_never_permitted(void **state)
{
	struct permits permits;

	(void)state;
	permits_init(&permits);
	assert_int_equal(permits_add_file(&permits, "/tmp", PERMIT_READ), OK);
	assert_int_equal(permits.path_count, 1);
	assert_false(has_path(&permits, "/", PERMIT_READ));
	assert_false(permits_has_file(&permits, "/etc", PERMIT_READ));
	permits_done(&permits);
}

static void test_what_is_not_there_is_left_out(void **state)
{
	struct permits permits;

	(void)state;
	make_link("loop", "loop");
	permits_init(&permits);
	assert_int_equal(permits_add_file(&permits, at("none/file"), PERMIT_READ), OK);
	assert_int_equal(permits_add_path(&permits, at("none"), PERMIT_READ), OK);
	assert_int_equal(permits.path_count, 0);
	assert_int_equal(permits_add_file(&permits, at("loop"), PERMIT_READ), OK);
	permits_tidy(&permits);
	assert_int_equal(permits.path_count, 1);
	permits_done(&permits);
}

static void test_what_is_included_is_dropped(void **state)
{
	struct permits permits;

	(void)state;
	make_folder("a");
	make_folder("a/b");
	make_folder("a-b");
	permits_init(&permits);
	assert_int_equal(permits_add_path(&permits, at("a/b"), PERMIT_READ), OK);
	assert_int_equal(permits_add_path(&permits, at("a-b"), PERMIT_READ), OK);
	assert_int_equal(permits_add_path(&permits, at("a"), PERMIT_READ), OK);
	assert_int_equal(permits_add_path(&permits, at("a"), PERMIT_WRITE), OK);
	permits_tidy(&permits);
	assert_int_equal(permits.path_count, 2);
	assert_true(has_path(&permits, at("a"), PERMIT_READ | PERMIT_WRITE));
	assert_true(has_path(&permits, at("a-b"), PERMIT_READ));
	permits_done(&permits);
}

static void test_more_rights_below_stay(void **state)
{
	struct permits permits;

	(void)state;
	make_folder("a");
	make_folder("a/log");
	permits_init(&permits);
	assert_int_equal(permits_add_path(&permits, at("a"), PERMIT_READ), OK);
	assert_int_equal(permits_add_path(&permits, at("a/log"), PERMIT_WRITE), OK);
	permits_tidy(&permits);
	assert_int_equal(permits.path_count, 2);
	assert_true(permits_has_file(&permits, at("a/log/x"), PERMIT_WRITE));
	assert_false(permits_has_file(&permits, at("a/x"), PERMIT_WRITE));
	permits_done(&permits);
}

static void test_ports(void **state)
{
	struct permits permits;

	(void)state;
	permits_init(&permits);
	permits_add_port(&permits, PERMIT_BIND, 443);
	permits_add_port(&permits, PERMIT_CONNECT, 65535);
	for (unsigned port = 0; port < PERMIT_PORTS; port++) {
		assert_int_equal(permits_has_port(&permits, PERMIT_BIND, (uint16_t)port), port == 443);
		assert_int_equal(permits_has_port(&permits, PERMIT_CONNECT, (uint16_t)port), port == 65535);
	}
	permits_done(&permits);
}

static void test_survives_each_failing_allocation(void **state)
{
	(void)state;
	make_folder("a");
	for (long allowed = 0; allowed < 8; allowed++) {
		struct permits permits;
		enum error error = OK;

		permits_init(&permits);
		memory_fail_after(allowed);
		for (unsigned i = 0; i < 20 && !error; i++)
			error = permits_add_path(&permits, at("a"), PERMIT_READ);
		memory_fail_after(-1);
		assert_int_equal(error, ERROR_OUT_OF_MEMORY);
		permits_done(&permits);
	}
}

#define permits_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		permits_test(test_a_file_is_permitted_by_its_folder),
		permits_test(test_links_of_files_are_followed),
		permits_test(test_links_of_folders_are_followed),
		permits_test(test_what_is_beside_a_linked_folder_is_permitted),
		permits_test(test_the_root_folder_is_never_permitted),
		permits_test(test_what_is_not_there_is_left_out),
		permits_test(test_what_is_included_is_dropped),
		permits_test(test_more_rights_below_stay),
		permits_test(test_ports),
		permits_test(test_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
