#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/memory.h"
#include "setup/file.h"
#include "unit/setup/folder.h"

static int set_up(void **state)
{
	(void)state;
	folder_open();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	folder_close();
	return 0;
}

static void expect_content(const char *name, const char *content, size_t size)
{
	struct span read = {0};

	assert_int_equal(file_read(folder_path(name), &read), OK);
	assert_int_equal(read.size, size);
	assert_memory_equal(read.data, content, size);
	file_free(read);
}

static void test_whole_files(void **state)
{
	static const char odd[] = "\0binary\r\n\xff without a line's end";

	(void)state;
	folder_write("odd", odd, sizeof(odd) - 1);
	expect_content("odd", odd, sizeof(odd) - 1);
	folder_write_text("empty", "");
	expect_content("empty", "", 0);
	file_free((struct span){0});
}

static void test_the_limit(void **state)
{
	size_t size = FILE_SIZE_MAX;
	char *content = calloc(size + 1, 1);
	struct span read = {0};

	(void)state;
	memset(content, 'x', size + 1);
	folder_write("largest", content, size);
	expect_content("largest", content, size);
	folder_write("too_large", content, size + 1);
	assert_int_equal(file_read(folder_path("too_large"), &read), ERROR_TOO_LARGE);
	assert_null(read.data);
	free(content);
}

static void test_what_is_no_file(void **state)
{
	struct span read = {0};

	(void)state;
	assert_int_equal(file_read(folder_path("none"), &read), ERROR_SYSTEM);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(file_read(folder_path(""), &read), ERROR_INVALID);
	assert_int_equal(file_read("/dev/null", &read), ERROR_INVALID);
	/* It does not wait for somebody to write. */
	assert_int_equal(mkfifo(folder_path("fifo"), 0600), 0);
	assert_int_equal(file_read(folder_path("fifo"), &read), ERROR_INVALID);
	assert_null(read.data);
}

static void test_without_memory(void **state)
{
	struct span read = {0};

	(void)state;
	folder_write_text("file", "content");
	memory_fail_after(0);
	assert_int_equal(file_read(folder_path("file"), &read), ERROR_OUT_OF_MEMORY);
	assert_null(read.data);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole_files),
		TEST(test_the_limit),
		TEST(test_what_is_no_file),
		TEST(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
