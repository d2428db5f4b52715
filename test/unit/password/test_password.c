#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "password/password.h"

/* Of "secret", made by crypt(3) itself with the least costs that there are. */
static const char bcrypt[] = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
static const char yescrypt[] = "$y$j75$abcdefghijkl$v9quvWD9Rf3PZ/Cv69TjY7bBGQJAPdLyZCEDwg21mWD";
static const char sha512crypt[] = "$6$rounds=1000$abcdefgh$nhYjN017qxiYztzyUpZtPnUQcnLy62KsunSL"
								  "HNeLahp2EHPlAKmFFlrjEwSXGo2kgY5hR2.peKEg2VGUqIJJu1";

static bool matches(const char *password, const char *hash)
{
	bool result = false;

	assert_null(password_hash_problem(span_of_string(hash)));
	assert_int_equal(password_check(span_of_string(password), span_of_string(hash), &result), OK);
	return result;
}

static void test_knows_the_right_password(void **state)
{
	static const char *const hashes[] = {bcrypt, yescrypt, sha512crypt};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(hashes); i++) {
		assert_true(matches("secret", hashes[i]));
		assert_false(matches("Secret", hashes[i]));
		assert_false(matches("secret ", hashes[i]));
		assert_false(matches("", hashes[i]));
	}
}

static void test_takes_no_password_that_is_too_long_or_holds_a_nul(void **state)
{
	char longer[PASSWORD_SIZE_MAX + 1];
	bool result = true;

	(void)state;
	memset(longer, 'a', sizeof(longer));
	assert_int_equal(
		password_check(span_of(longer, sizeof(longer)), span_of_string(yescrypt), &result), OK);
	assert_false(result);
	result = true;
	assert_int_equal(password_check(SPAN("secret\0x"), span_of_string(yescrypt), &result), OK);
	assert_false(result);
}

static void test_takes_no_weak_or_broken_hash(void **state)
{
	static const char *const hashes[] = {
		"",
		"secret",
		"*",
		"!",
		"$1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
		"$apr1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
		"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
		"ab7cuxVoWRdVI",
		"$5$abcdefgh$ZLdkj8mkc2XVSrPVjskDAgZPGjtj1VGVaa1aUkrMTU/",
		"$2y$",
		"$2y$05$abcdefghijklmnopqrstu",
		"$2y$15$abcdefghijklmnopqrstuuvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv",
		"$6$rounds=1000001$abc$def",
	};
	char longer[PASSWORD_HASH_SIZE + 1] = "$6$";

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(hashes); i++)
		if (!password_hash_problem(span_of_string(hashes[i])))
			fail_msg("%s", hashes[i]);
	memset(longer + 3, 'a', sizeof(longer) - 4);
	assert_non_null(password_hash_problem(span_of_string(longer)));
}

static void test_makes_hashes(void **state)
{
	char first[PASSWORD_HASH_SIZE];
	char second[PASSWORD_HASH_SIZE];
	char longer[PASSWORD_SIZE_MAX + 1];

	(void)state;
	memset(longer, 'a', sizeof(longer));
	assert_int_equal(password_hash(SPAN("secret"), first), OK);
	assert_int_equal(password_hash(SPAN("secret"), second), OK);
	assert_memory_equal(first, "$y$", 3);
	assert_string_not_equal(first, second);
	assert_true(matches("secret", first));
	assert_int_equal(password_hash(span_of(longer, sizeof(longer)), first), ERROR_TOO_LARGE);
	assert_int_equal(password_hash(SPAN("a\0b"), first), ERROR_INVALID);
}

static void test_memory_that_is_not_to_be_had(void **state)
{
	char hash[PASSWORD_HASH_SIZE];
	bool result = true;

	(void)state;
	memory_fail_after(0);
	assert_int_equal(password_check(SPAN("secret"), span_of_string(bcrypt), &result),
	                 ERROR_OUT_OF_MEMORY);
	assert_int_equal(password_hash(SPAN("secret"), hash), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
	assert_true(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_knows_the_right_password),
		cmocka_unit_test(test_takes_no_password_that_is_too_long_or_holds_a_nul),
		cmocka_unit_test(test_takes_no_weak_or_broken_hash),
		cmocka_unit_test(test_makes_hashes),
		cmocka_unit_test(test_memory_that_is_not_to_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
