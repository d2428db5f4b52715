#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

/* Not known to the compiler, which warns of sizes that can only fail. */
static volatile size_t size_max = SIZE_MAX;

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	return 0;
}

static bool can_allocate(void)
{
	void *memory = memory_new(1, 1);

	memory_free(memory);
	return memory != NULL;
}

static void test_new_is_zeroed(void **state)
{
	unsigned char *memory = memory_new(100, 3);

	(void)state;
	assert_non_null(memory);
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(memory[i], 0);
	memory_free(memory);
}

static void test_resize_keeps_the_content(void **state)
{
	char *memory = memory_resize(NULL, 4, 1);
	char *larger;

	(void)state;
	assert_non_null(memory);
	memcpy(memory, "abcd", 4);
	assert_non_null(larger = memory_resize(memory, 1000, 10));
	assert_memory_equal(larger, "abcd", 4);
	memset(larger, 'x', 10000);
	memory_free(larger);
}

static void test_products_do_not_wrap(void **state)
{
	char *memory = memory_new(1, 1);

	(void)state;
	assert_non_null(memory);
	assert_null(memory_new(size_max / 2 + 1, 2));
	assert_null(memory_resize(memory, size_max / 2 + 1, 2));
	assert_null(memory_resize(memory, 3, size_max / 2));
	memory[0] = 'x'; /* is still ours */
	memory_free(memory);
}

/* realloc() to nothing frees and returns NULL, which would look like a failure. */
static void test_resize_to_nothing_is_not_a_failure(void **state)
{
	void *memory = memory_new(1, 10);
	void *resized;

	(void)state;
	assert_non_null(memory);
	assert_non_null(resized = memory_resize(memory, 0, 10));
	assert_non_null(memory = memory_resize(resized, 10, 0));
	memory_free(memory);
	assert_non_null(memory = memory_new(0, 10));
	memory_free(memory);
}

static void test_free_takes_null(void **state)
{
	(void)state;
	memory_free(NULL);
}

static void test_wipe(void **state)
{
	char secret[] = "secret";

	(void)state;
	memory_wipe(secret, 3);
	assert_memory_equal(secret, "\0\0\0ret", 7);
	memory_wipe(NULL, 0);
}

static void test_fail_after(void **state)
{
	(void)state;
	memory_fail_after(2);
	assert_true(can_allocate());
	assert_true(can_allocate());
	assert_false(can_allocate());
	assert_false(can_allocate());
	memory_fail_after(0);
	assert_false(can_allocate());
	memory_fail_after(-1);
	assert_true(can_allocate());
}

static void test_failed_resize_keeps_the_old(void **state)
{
	char *memory = memory_new(1, 4);

	(void)state;
	assert_non_null(memory);
	memcpy(memory, "abc", 4);
	memory_fail_after(0);
	assert_null(memory_resize(memory, 1, 100));
	assert_string_equal(memory, "abc");
	memory_free(memory);
}

static void test_allocations_are_counted(void **state)
{
	unsigned long before = memory_allocations();

	(void)state;
	assert_true(can_allocate());
	assert_int_equal(memory_allocations(), before + 1);
	memory_fail_after(0);
	assert_false(can_allocate());
	assert_int_equal(memory_allocations(), before + 2);
}

static void *allocate_elsewhere(void *ret_allocated)
{
	*(bool *)ret_allocated = can_allocate() && memory_allocations() == 1;
	return NULL;
}

static void test_other_threads_do_not_fail(void **state)
{
	pthread_t thread;
	bool allocated = false;

	(void)state;
	memory_fail_after(0);
	assert_int_equal(pthread_create(&thread, NULL, allocate_elsewhere, &allocated), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(allocated);
	assert_false(can_allocate());
}

#define memory_test(function) cmocka_unit_test_teardown(function, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		memory_test(test_new_is_zeroed),
		memory_test(test_resize_keeps_the_content),
		memory_test(test_products_do_not_wrap),
		memory_test(test_resize_to_nothing_is_not_a_failure),
		memory_test(test_free_takes_null),
		memory_test(test_wipe),
		memory_test(test_fail_after),
		memory_test(test_failed_resize_keeps_the_old),
		memory_test(test_allocations_are_counted),
		memory_test(test_other_threads_do_not_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
