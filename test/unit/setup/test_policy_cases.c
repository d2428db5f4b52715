/*
 * Each test/cases/policies/<name>.yaml prints exactly <name>.expected, with the certificates that
 * it names: ecdsa.pem (P-256) and rsa.pem for a.example and *.wild.example, p384.pem for b.example
 * as rsa.pem is, too. To write the expected files anew after a change, and look at the difference:
 * SALLYPORT_UPDATE=1 in the environment.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"
#include "setup/file.h"
#include "setup/setup.h"
#include "tls/library.h"
#include "unit/tls/pki.h"

enum { DAY_S = 86400, PATH_SIZE = 512, OUTPUT_MAX = 1 << 20, CASES_MIN = 24 };

static glob_t cases;

static void write_pair(const char *name, const char *kind, const char *names)
{
	struct pki_order order = {.kind = kind, .names = names, .from_s = -DAY_S, .to_s = 90L * DAY_S};
	struct pki_pair pair = pki_make(&order);
	char file[64];

	(void)snprintf(file, sizeof(file), "%s.pem", name);
	folder_write_text(file, pair.chain);
	(void)snprintf(file, sizeof(file), "%s.key", name);
	folder_write_text(file, pair.key);
	pki_free(&pair);
}

static int open_cases(void **state)
{
	(void)state;
	if (tls_library_open())
		return -1;
	folder_open();
	write_pair("ecdsa", "P-256", "DNS:a.example,DNS:b.example,DNS:*.wild.example");
	write_pair("rsa", "RSA:2048", "DNS:a.example,DNS:*.wild.example");
	write_pair("p384", "P-384", "DNS:b.example");
	return glob("test/cases/policies/*.yaml", 0, NULL, &cases);
}

static int close_cases(void **state)
{
	(void)state;
	globfree(&cases);
	folder_close();
	pki_done();
	tls_library_close();
	return 0;
}

static struct span read_file(const char *path)
{
	struct span content = {0};

	if (file_read(path, &content))
		fail_msg("%s can not be read", path);
	return content;
}

/* Loads the case where its certificates are, and prints what is told. */
static enum error run_case(const char *name, struct span source, struct diagnostics *diagnostics,
                           struct text *output)
{
	char *before = getcwd(NULL, 0);
	struct setup *setup = NULL;
	enum error error;

	assert_non_null(before);
	folder_write(name, source.data, source.size);
	assert_int_equal(chdir(folder_path("")), 0);
	error = setup_load(name, diagnostics, &setup);
	assert_int_equal(chdir(before), 0);
	free(before);
	assert_true((error == OK) == (setup != NULL));
	setup_unref(setup);
	diagnostics_print(diagnostics, output);
	return error;
}

static void update(const char *path, struct span output)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(output.data, 1, output.size, file), output.size);
	assert_int_equal(fclose(file), 0);
}

/* The name of a case says how bad it is. */
static void check_outcome(const char *name, enum error error, const struct diagnostics *diagnostics)
{
	bool is_warning = strncmp(name, "warning_", 8) == 0;
	bool is_notice = strncmp(name, "notice_", 7) == 0;

	if (error != (is_warning || is_notice ? OK : ERROR_CONFIG))
		fail_msg("%s: %s", name, error_code(error));
	assert_true((diagnostics->errors == 0) == (is_warning || is_notice));
	assert_true(is_warning ? diagnostics->warnings > 0 : true);
	assert_true(is_notice ? diagnostics->warnings == 0 && diagnostics->notices > 0 : true);
}

static void check_case(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	struct span source = read_file(path);
	struct diagnostics diagnostics;
	struct text output;
	char expected[PATH_SIZE];

	diagnostics_init(&diagnostics);
	text_init(&output, OUTPUT_MAX);
	check_outcome(name, run_case(name, source, &diagnostics, &output), &diagnostics);
	(void)snprintf(expected, sizeof(expected), "%.*s.expected", (int)(strlen(path) - 5), path);
	if (getenv("SALLYPORT_UPDATE")) {
		update(expected, text_span(&output));
	} else {
		struct span known = read_file(expected);

		if (!span_equal(known, text_span(&output)))
			fail_msg("%s: expected\n%.*s\nfound\n%s", path, (int)known.size, known.data,
			         text_string(&output));
		file_free(known);
	}
	text_done(&output);
	diagnostics_done(&diagnostics);
	file_free(source);
}

static void test_prints_exactly_what_is_expected(void **state)
{
	(void)state;
	assert_true(cases.gl_pathc >= CASES_MIN);
	for (size_t i = 0; i < cases.gl_pathc; i++)
		check_case(cases.gl_pathv[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prints_exactly_what_is_expected),
	};

	return cmocka_run_group_tests(tests, open_cases, close_cases);
}
