#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/secret.h"

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	return 0;
}

/* The kernel's flags (proc(5), VmFlags) of the mapping that an address is in. */
static void find_flags(const void *address, char ret_flags[256])
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	char line[512];
	bool is_here = false;

	assert_non_null(maps);
	ret_flags[0] = '\0';
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t from;
		uintptr_t to;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			is_here = (uintptr_t)address >= from && (uintptr_t)address < to;
		else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
			(void)snprintf(ret_flags, 256, "%.200s", line + 8);
	}
	(void)fclose(maps);
}

static void test_it_is_locked_and_not_dumped(void **state)
{
	char flags[256];
	void *secret = secret_new(1, 100);

	(void)state;
	assert_non_null(secret);
	assert_true(secret_holds(secret));
	find_flags(secret, flags);
	assert_non_null(strstr(flags, " dd"));
	assert_non_null(strstr(flags, " wf"));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* their mlock() does nothing */
	if (secret_usage().unlocked == 0)
		assert_non_null(strstr(flags, " lo"));
#endif
	secret_free(secret);
}

static void test_it_is_zeroed_again(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		unsigned char *secrets[100];

		for (size_t i = 0; i < 100; i++) {
			secrets[i] = secret_new(1, 1 + 17 * i);
			assert_non_null(secrets[i]);
			for (size_t j = 0; j < 1 + 17 * i; j++)
				assert_int_equal(secrets[i][j], 0);
			memset(secrets[i], 0xa5, 1 + 17 * i);
		}
		for (size_t i = 0; i < 100; i++)
			secret_free(secrets[i]);
	}
}

static void test_memory_is_used_again(void **state)
{
	void *secret = secret_new(1, 3000);
	size_t taken = secret_usage().taken;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		secret_free(secret);
		assert_non_null(secret = secret_new(1, 3000));
	}
	secret_free(secret);
	assert_int_equal(secret_usage().taken, taken);
}

static void test_sizes_at_the_limit(void **state)
{
	size_t outside = secret_usage().outside;
	char *largest = secret_new(1, SECRET_SIZE_MAX);
	char *larger = secret_new(1, SECRET_SIZE_MAX + 1);
	char *none = secret_new(0, 1);

	(void)state;
	assert_true(secret_holds(largest));
	assert_false(secret_holds(larger));
	assert_non_null(none);
	largest[SECRET_SIZE_MAX - 1] = 1;
	larger[SECRET_SIZE_MAX] = 1;
	assert_int_equal(secret_usage().outside, outside + 1);
	secret_free(largest);
	secret_free(larger);
	secret_free(none);
}

static void test_resize_keeps_the_content(void **state)
{
	char *secret = secret_resize(NULL, 10);

	(void)state;
	assert_non_null(secret);
	memcpy(secret, "123456789", 10);
	assert_non_null(secret = secret_resize(secret, 5000));
	assert_string_equal(secret, "123456789");
	assert_non_null(secret = secret_resize(secret, 2 * SECRET_SIZE_MAX));
	assert_string_equal(secret, "123456789");
	assert_non_null(secret = secret_resize(secret, 5));
	assert_memory_equal(secret, "12345", 5);
	secret_free(secret);
}

static void test_a_forked_process_has_it_not(void **state)
{
	char *secret = secret_new(1, 100);
	int status = -1;

	(void)state;
	assert_non_null(secret);
	memset(secret, 'x', 100);

	pid_t child = fork();

	if (child == 0)
		_exit(secret[50] == 'x' ? 1 : 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(secret[50], 'x');
	secret_free(secret);
}

static void test_libraries_are_asked_by_thread(void **state)
{
	(void)state;
	assert_false(secret_is_wanted());
	secret_begin();
	secret_begin();
	secret_end();
	assert_true(secret_is_wanted());
	secret_end();
	assert_false(secret_is_wanted());
}

static void test_failures(void **state)
{
	static volatile size_t size_max = SIZE_MAX;

	(void)state;
	memory_fail_after(0);
	assert_null(secret_new(1, 10));
	memory_fail_after(-1);
	assert_null(secret_new(size_max / 2 + 1, 2));
	secret_free(NULL);
}

static void *churn(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < 2000; i++) {
		char *secret = secret_new(1, 1 + i % 200);

		if (secret) {
			memset(secret, 'x', 1 + i % 200);
			secret_free(secret);
		}
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define secret_test(function) cmocka_unit_test_teardown(function, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		secret_test(test_it_is_locked_and_not_dumped),
		secret_test(test_it_is_zeroed_again),
		secret_test(test_memory_is_used_again),
		secret_test(test_sizes_at_the_limit),
		secret_test(test_resize_keeps_the_content),
		secret_test(test_a_forked_process_has_it_not),
		secret_test(test_libraries_are_asked_by_thread),
		secret_test(test_failures),
		secret_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
