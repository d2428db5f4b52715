#include <errno.h>
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

#include "admin/socket.h"

static char folder[] = "/tmp/sallyport-unit-XXXXXX";
static const struct admin_access access_600 = {.mode = 0600, .user = (uid_t)-1, .group = (gid_t)-1};

static int set_up(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	(void)unsetenv("RUNTIME_DIRECTORY");
	(void)unsetenv("XDG_RUNTIME_DIR");
	return mkdtemp(folder) ? 0 : -1;
}

static void remove_in(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s%s", folder, name);
	if (unlink(path) < 0)
		(void)rmdir(path);
}

static int tear_down(void **state)
{
	(void)state;
	remove_in("/run/admin.sock");
	remove_in("/admin.sock");
	remove_in("/run");
	remove_in("");
	return 0;
}

static struct address place(const char *name)
{
	struct address address = {.kind = ADDRESS_UNIX};

	(void)snprintf(address.host, sizeof(address.host), "%s%s", folder, name);
	return address;
}

static void test_places(void **state)
{
	struct address places[ADMIN_PLACES_MAX];
	char own[64];

	(void)state;
	(void)snprintf(own, sizeof(own), "/dev/shm/sallyport-%lu/admin.sock", (unsigned long)geteuid());
	assert_int_equal(admin_places(places), 2);
	assert_string_equal(places[0].host, "/run/sallyport/admin.sock");
	assert_string_equal(places[1].host, own);
	(void)setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	assert_int_equal(admin_places(places), 3);
	assert_string_equal(places[1].host, "/run/user/7/sallyport/admin.sock");
	assert_string_equal(places[2].host, own);
	(void)setenv("RUNTIME_DIRECTORY", "/run/a:/run/b", 1);
	assert_int_equal(admin_places(places), 1);
	assert_string_equal(places[0].host, "/run/a/admin.sock");
}

/* Relative ones, and such as are longer than a socket's address can be. */
static void test_places_that_can_not_be(void **state)
{
	struct address places[ADMIN_PLACES_MAX];
	char path[200] = "/";

	(void)state;
	(void)setenv("XDG_RUNTIME_DIR", "relative", 1);
	assert_int_equal(admin_places(places), 2);
	memset(path + 1, 'x', sizeof(path) - 2);
	(void)setenv("XDG_RUNTIME_DIR", path, 1);
	assert_int_equal(admin_places(places), 2);
	(void)setenv("RUNTIME_DIRECTORY", path, 1);
	assert_int_equal(admin_places(places), 0);
}

static void test_the_file_has_its_mode_and_goes(void **state)
{
	struct address address = place("/admin.sock");
	struct admin_socket socket;
	struct stat facts;
	mode_t before = umask(0);
	int system_error = 0;

	(void)state;
	assert_int_equal(admin_socket_open(&address, &access_600, &socket, &system_error), OK);
	assert_int_equal(lstat(address.host, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0600);
	assert_int_equal(umask(before), 0);
	admin_socket_close(&socket);
	assert_int_equal(lstat(address.host, &facts), -1);
	admin_socket_close(&socket);
}

static void test_the_file_of_another_stays(void **state)
{
	struct address address = place("/admin.sock");
	struct admin_socket first;
	struct admin_socket second;
	struct stat facts;
	int system_error = 0;

	(void)state;
	assert_int_equal(admin_socket_open(&address, &access_600, &first, &system_error), OK);
	assert_int_equal(admin_socket_open(&address, &access_600, &second, &system_error),
	                 ERROR_SYSTEM);
	assert_int_equal(system_error, EADDRINUSE);
	/* Somebody has removed it, and another one has put one there. */
	assert_int_equal(unlink(address.host), 0);
	assert_int_equal(admin_socket_open(&address, &access_600, &second, &system_error), OK);
	admin_socket_close(&first);
	assert_int_equal(lstat(address.host, &facts), 0);
	admin_socket_close(&second);
	assert_int_equal(lstat(address.host, &facts), -1);
}

static void test_the_folder_is_made(void **state)
{
	char runtime[128];
	struct admin_socket socket;
	struct stat facts;
	struct text why;
	int system_error = 0;

	(void)state;
	text_init(&why, 1000);
	(void)snprintf(runtime, sizeof(runtime), "%s/run", folder);
	(void)setenv("RUNTIME_DIRECTORY", runtime, 1);
	assert_int_equal(admin_socket_open_somewhere(&access_600, &socket, &why, &system_error), OK);
	assert_int_equal(lstat(runtime, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0700);
	assert_true(admin_place_is_safe(&socket.address));
	admin_socket_close(&socket);
	/* All may write to it: anybody could put a socket there. */
	assert_int_equal(chmod(runtime, 0777), 0);
	assert_int_equal(admin_socket_open_somewhere(&access_600, &socket, &why, &system_error),
	                 ERROR_SYSTEM);
	assert_true(why.size > 0);
	text_done(&why);
}

static void test_users_and_groups(void **state)
{
	uid_t user = 7;
	gid_t group = 7;

	(void)state;
	assert_int_equal(admin_find_user("root", &user), OK);
	assert_int_equal(user, 0);
	assert_int_equal(admin_find_group("1234", &group), OK);
	assert_int_equal(group, 1234);
	assert_int_equal(admin_find_user("no such user", &user), ERROR_NOT_FOUND);
	assert_int_equal(admin_find_group("-1", &group), ERROR_NOT_FOUND);
	assert_int_equal(admin_find_user("99999999999", &user), ERROR_NOT_FOUND);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_places),
		TEST(test_places_that_can_not_be),
		TEST(test_the_file_has_its_mode_and_goes),
		TEST(test_the_file_of_another_stays),
		TEST(test_the_folder_is_made),
		TEST(test_users_and_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
