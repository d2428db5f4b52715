#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/login.h"

static struct text why;

static int set_up(void **state)
{
	(void)state;
	text_init(&why, 1024);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	text_done(&why);
	return 0;
}

static void test_a_name_brings_its_groups(void **state)
{
	struct login login;

	(void)state;
	assert_int_equal(login_find("root", NULL, &login, &why), OK);
	assert_int_equal(login.id, 0);
	assert_int_equal(login.group, 0);
	assert_true(login.group_count >= 1);
}

static void test_a_group_is_the_only_one(void **state)
{
	struct login login;

	(void)state;
	assert_int_equal(login_find("root", "7", &login, &why), OK);
	assert_int_equal(login.group, 7);
	assert_int_equal(login.group_count, 1);
	assert_int_equal(login.groups[0], 7);
}

static void test_a_number_without_an_entry_needs_a_group(void **state)
{
	struct login login;

	(void)state;
	assert_int_equal(login_find("4000123", NULL, &login, &why), ERROR_NOT_FOUND);
	assert_string_equal(text_string(&why), "the user 4000123 has no entry on this machine, so a "
	                                       "group must be given");
	assert_int_equal(login_find("4000123", "4000123", &login, &why), OK);
	assert_int_equal(login.id, 4000123);
	assert_int_equal(login.group, 4000123);
}

static void test_unknown_names(void **state)
{
	struct login login = {.id = 1};

	(void)state;
	assert_int_equal(login_find("nobody-of-that-name", NULL, &login, &why), ERROR_NOT_FOUND);
	assert_string_equal(text_string(&why), "there is no user \"nobody-of-that-name\"");
	text_clear(&why);
	assert_int_equal(login_find("root", "none-of-that-name", &login, &why), ERROR_NOT_FOUND);
	assert_string_equal(text_string(&why), "there is no group \"none-of-that-name\"");
	text_clear(&why);
	/* The number that means "leave as it is" to the kernel. */
	assert_int_equal(login_find("4294967295", "0", &login, &why), ERROR_NOT_FOUND);
	assert_int_equal(login.id, 1);
}

#define login_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		login_test(test_a_name_brings_its_groups),
		login_test(test_a_group_is_the_only_one),
		login_test(test_a_number_without_an_entry_needs_a_group),
		login_test(test_unknown_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
