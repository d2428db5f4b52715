/*
 * Each test/cases/config/<name>.yaml prints exactly <name>.expected. To write the expected files
 * anew after a change, and look at the difference: SALLYPORT_UPDATE=1 in the environment.
 */

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "loading.h"

enum { PATH_SIZE = 512, OUTPUT_MAX = 1 << 20 };

static const char folder[] = "test/cases/config";
static glob_t cases;

static int find_cases(void **state)
{
	char pattern[PATH_SIZE];

	(void)state;
	(void)snprintf(pattern, sizeof(pattern), "%s/*.yaml", folder);
	return glob(pattern, 0, NULL, &cases);
}

static int forget_cases(void **state)
{
	(void)state;
	globfree(&cases);
	return 0;
}

static const char *file_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

static void expected_path(const char *path, char ret_path[PATH_SIZE])
{
	(void)snprintf(ret_path, PATH_SIZE, "%.*s.expected", (int)(strlen(path) - strlen(".yaml")),
	               path);
}

static void update(const char *path, struct span output)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(output.data, 1, output.size, file), output.size);
	assert_int_equal(fclose(file), 0);
}

/* The name of a case says whether it is an error, a warning or neither. */
static void check_outcome(const char *name, enum error error, const struct diagnostics *diagnostics)
{
	bool is_valid = strncmp(name, "valid_", 6) == 0;
	bool is_warning = strncmp(name, "warning_", 8) == 0;

	if (error != (is_valid || is_warning ? OK : ERROR_CONFIG))
		fail_msg("%s: %s", name, error_code(error));
	assert_true(is_valid || is_warning ? diagnostics->errors == 0 : diagnostics->errors > 0);
	assert_true(is_warning ? diagnostics->warnings > 0 : true);
	assert_true(is_valid ? diagnostics->warnings == 0 : true);
}

static void check_case(const char *path)
{
	struct span source = loading_read_file(path);
	struct diagnostics diagnostics;
	struct config *config = NULL;
	struct text output;
	char expected[PATH_SIZE];

	diagnostics_init(&diagnostics);
	text_init(&output, OUTPUT_MAX);

	enum error error = loading_load(file_name(path), source, &diagnostics, &config);

	assert_true((error == OK) == (config != NULL));
	diagnostics_print(&diagnostics, &output);
	assert_false(output.cut);
	check_outcome(file_name(path), error, &diagnostics);
	expected_path(path, expected);
	if (getenv("SALLYPORT_UPDATE")) {
		update(expected, text_span(&output));
	} else {
		struct span known = loading_read_file(expected);

		if (!span_equal(known, text_span(&output)))
			fail_msg("%s: expected\n%s\nfound\n%s", path, known.data, text_string(&output));
		free((void *)(uintptr_t)known.data);
	}
	text_done(&output);
	config_free(config);
	diagnostics_done(&diagnostics);
	free((void *)(uintptr_t)source.data);
}

static void test_prints_exactly_what_is_expected(void **state)
{
	(void)state;
	assert_true(cases.gl_pathc >= 90);
	for (size_t i = 0; i < cases.gl_pathc; i++)
		check_case(cases.gl_pathv[i]);
}

/* Nothing but printable ASCII and UTF-8, tabs and line ends may reach the terminal. */
static void test_prints_nothing_harmful(void **state)
{
	(void)state;
	for (size_t i = 0; i < cases.gl_pathc; i++) {
		char path[PATH_SIZE];

		expected_path(cases.gl_pathv[i], path);

		struct span output = loading_read_file(path);

		for (size_t j = 0; j < output.size; j++) {
			unsigned char c = (unsigned char)output.data[j];

			if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || c == 0xff)
				fail_msg("%s: byte 0x%02x", path, c);
		}
		free((void *)(uintptr_t)output.data);
	}
}

/* All errors and warnings have a place that exists in the file. */
static void test_places_are_in_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < cases.gl_pathc; i++) {
		struct span source = loading_read_file(cases.gl_pathv[i]);
		struct diagnostics diagnostics;
		struct config *config = NULL;
		unsigned lines = 1;

		for (size_t j = 0; j < source.size; j++)
			lines += source.data[j] == '\n';
		diagnostics_init(&diagnostics);
		if (!loading_load("x", source, &diagnostics, &config))
			config_free(config);
		for (size_t j = 0; j < diagnostics.count; j++) {
			assert_in_range(diagnostics.items[j].place.line, 1, lines);
			assert_in_range(diagnostics.items[j].place.column, 1, source.size + 1);
			assert_in_range(diagnostics.items[j].place.length, 1, source.size + 1);
		}
		diagnostics_done(&diagnostics);
		free((void *)(uintptr_t)source.data);
	}
}

/* Fails the n-th allocation and all after it, for each n (of many, for some): never a crash, a leak
 * or a wrong OK. */
static void fail_each_allocation(const char *path)
{
	struct span source = loading_read_file(path);
	bool ended = false;

	for (long n = 0; !ended; n += n < 200 ? 1 : 13) {
		struct diagnostics diagnostics;
		struct config *config = NULL;
		struct text output;

		diagnostics_init(&diagnostics);
		text_init(&output, OUTPUT_MAX);
		memory_fail_after(n);

		unsigned long before = memory_allocations();
		enum error error = loading_load(file_name(path), source, &diagnostics, &config);

		ended = memory_allocations() - before <= (unsigned long)n;
		diagnostics_print(&diagnostics, &output);
		diagnostics_print_json(&diagnostics, &output);
		memory_fail_after(-1);
		if (ended)
			check_outcome(file_name(path), error, &diagnostics);
		else
			/* A warning may get lost, an error never. */
			assert_true(error == ERROR_OUT_OF_MEMORY || error == ERROR_CONFIG ||
			            diagnostics.warnings > 0);
		assert_true((error == OK) == (config != NULL));
		text_done(&output);
		config_free(config);
		diagnostics_done(&diagnostics);
	}
	free((void *)(uintptr_t)source.data);
}

static void test_survives_each_failing_allocation(void **state)
{
	(void)state;
	for (size_t i = 0; i < cases.gl_pathc; i++)
		fail_each_allocation(cases.gl_pathv[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prints_exactly_what_is_expected),
		cmocka_unit_test(test_prints_nothing_harmful),
		cmocka_unit_test(test_places_are_in_the_file),
		cmocka_unit_test(test_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, find_cases, forget_cases);
}
