#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "route/users.h"

#define BCRYPT "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
#define OTHER  "$2b$04$abcdefghijklmnopqrstuuvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"

static struct diagnostics diagnostics;
static struct users *users;

static struct config_user configured[] = {
	{.name.text = SPAN_INIT("alice"), .hash.text = SPAN_INIT(OTHER)},
};

static const struct config_basic_auth config = {
	.users = configured,
	.user_count = 1,
	.users_file = {.text = SPAN_INIT("/etc/users"), .place = {4, 5, 6}},
};

static enum error open_users(const struct config_basic_auth *from, const char *file)
{
	users = NULL;
	diagnostics_init(&diagnostics);
	return users_new(from, span_of_string(file), "routes[0].basic_auth", &diagnostics, &users);
}

static void close_users(void)
{
	users_free(users);
	diagnostics_done(&diagnostics);
}

static void test_finds_users_of_both_sources(void **state)
{
	(void)state;
	assert_int_equal(
		open_users(&config, "# comment\n\nalice:" BCRYPT "\r\nbob:" BCRYPT ":more\nA b:" BCRYPT),
		OK);
	assert_int_equal(diagnostics.errors, 0);
	/* The configuration's own comes first. */
	assert_true(span_equal(users_find(users, SPAN("alice"))->hash, SPAN(OTHER)));
	assert_true(span_equal(users_find(users, SPAN("bob"))->hash, SPAN(BCRYPT)));
	assert_non_null(users_find(users, SPAN("A b")));
	assert_null(users_find(users, SPAN("Alice")));
	assert_null(users_find(users, SPAN("")));
	assert_null(users_find(users, SPAN("# comment")));
	assert_non_null(users_any(users));
	close_users();
}

static void check_message(const char *file, const char *message)
{
	const struct config_basic_auth only_file = {.users_file = config.users_file};

	assert_int_equal(open_users(&only_file, file), OK);
	assert_int_equal(diagnostics.errors, 1);
	assert_int_equal(diagnostics.items[0].place.line, message[0] == 't' ? 0 : 4);
	if (!span_starts_with(diagnostics.items[0].message, span_of_string(message)))
		fail_msg("%.*s", (int)diagnostics.items[0].message.size, diagnostics.items[0].message.data);
	close_users();
}

static void test_tells_what_is_wrong_with_a_line(void **state)
{
	(void)state;
	check_message("alice:" BCRYPT "\nbob\n", "/etc/users, line 2: expected NAME:HASH");
	check_message(":" BCRYPT "\n", "/etc/users, line 1: the name is missing");
	check_message("alice:secret\n", "/etc/users, line 1: only yescrypt");
	check_message("alice:$apr1$abcdefgh$irWbblnpmw.5z7wgBnprh0\n",
	              "/etc/users, line 1: only yescrypt");
	check_message("alice:$2b$20$abcdefghijklmnopqrstuuvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\n",
	              "/etc/users, line 1: a cost");
	check_message("# nobody\n", "there are no users");
}

static void test_there_can_be_so_many(void **state)
{
	const struct config_basic_auth only_file = {.users_file = config.users_file};
	struct text file;

	(void)state;
	text_init(&file, 1 << 20);
	for (unsigned i = 0; i < USERS_MAX; i++)
		text_printf(&file, "u%u:" BCRYPT "\n", i);
	assert_int_equal(open_users(&only_file, text_string(&file)), OK);
	assert_int_equal(diagnostics.errors, 0);
	close_users();
	text_put_string(&file, "last:" BCRYPT "\n");
	assert_false(file.cut);
	assert_int_equal(open_users(&only_file, text_string(&file)), OK);
	assert_int_equal(diagnostics.errors, 1);
	assert_non_null(users_find(users, SPAN("u9999")));
	assert_null(users_find(users, SPAN("last")));
	close_users();
	text_done(&file);
}

static void test_tells_what_is_wrong_with_the_configuration(void **state)
{
	struct config_user bad = {.name.text = SPAN_INIT("alice"),
	                          .hash = {.text = SPAN_INIT("secret"), .place = {7, 1, 1}}};
	const struct config_basic_auth with_bad = {.users = &bad, .user_count = 1};

	(void)state;
	assert_int_equal(open_users(&with_bad, ""), OK);
	assert_int_equal(diagnostics.errors, 1);
	assert_true(span_equal(diagnostics.items[0].path, SPAN("routes[0].basic_auth.users.alice")));
	assert_int_equal(diagnostics.items[0].place.line, 7);
	/* The hash, right or wrong, is a secret. */
	assert_null(
		memmem(diagnostics.items[0].message.data, diagnostics.items[0].message.size, "secret", 6));
	close_users();
}

static void test_each_allocation_that_fails(void **state)
{
	(void)state;
	for (long successes = 0;; successes++) {
		diagnostics_init(&diagnostics);
		users = NULL;
		memory_fail_after(successes);

		enum error error = users_new(&config, SPAN("bob:" BCRYPT "\n"), "p", &diagnostics, &users);

		memory_fail_after(-1);
		close_users();
		if (!error)
			return;
		assert_int_equal(error, ERROR_OUT_OF_MEMORY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_users_of_both_sources),
		cmocka_unit_test(test_tells_what_is_wrong_with_a_line),
		cmocka_unit_test(test_there_can_be_so_many),
		cmocka_unit_test(test_tells_what_is_wrong_with_the_configuration),
		cmocka_unit_test(test_each_allocation_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
