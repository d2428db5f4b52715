#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "setup/material.h"
#include "tls/library.h"
#include "unit/setup/folder.h"
#include "unit/tls/pki.h"

enum { MANY = 100 };

static struct pki_pair first, second;

static int set_up(void **state)
{
	const struct pki_order order = {.names = "DNS:a.example", .kind = "P-256"};

	(void)state;
	assert_int_equal(tls_library_open(), OK);
	folder_open();
	first = pki_make(&order);
	second = pki_make(&(struct pki_order){.names = "DNS:a.example", .kind = "P-384"});
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	pki_free(&first);
	pki_free(&second);
	pki_done();
	folder_close();
	tls_library_close();
	return 0;
}

static void write_pair(const struct pki_pair *chain, const struct pki_pair *key)
{
	folder_write_text("chain", chain->chain);
	folder_write_text("key", key->key);
}

static struct material pair(void)
{
	static char chain[512], key[512];

	(void)snprintf(chain, sizeof(chain), "%s", folder_path("chain"));
	(void)snprintf(key, sizeof(key), "%s", folder_path("key"));
	return (struct material){.kind = MATERIAL_CERTIFICATE, .paths = {chain, key}};
}

static enum error read_one(struct material *material, const char *fault, const char *other)
{
	struct material_words words;

	material_words_init(&words);

	enum error error = material_read(material, &words);

	assert_non_null(strstr(text_string(&words.faults[0]), fault));
	assert_non_null(strstr(text_string(&words.faults[1]), other));
	material_words_done(&words);
	return error;
}

static void test_a_pair(void **state)
{
	struct material material = pair();
	struct material same = pair();
	struct material other = pair();

	(void)state;
	write_pair(&first, &first);
	assert_int_equal(read_one(&material, "", ""), OK);
	assert_non_null(material.certificate);
	assert_true(material.marks[0].inode != 0 && material.marks[1].inode != 0);
	assert_int_equal(read_one(&same, "", ""), OK);
	assert_true(material_equal(&material, &same));
	write_pair(&second, &second);
	assert_int_equal(read_one(&other, "", ""), OK);
	assert_false(material_equal(&material, &other));
	material_done(&material);
	material_done(&same);
	material_done(&other);
}

static void test_faults_are_told_at_their_file(void **state)
{
	struct material material = pair();

	(void)state;
	assert_int_equal(read_one(&material, "can not read", "can not read"), ERROR_INVALID);
	assert_true(material.marks[0].missing != 0);
	write_pair(&first, &second);
	assert_int_equal(read_one(&material, "", "does not belong"), ERROR_INVALID);
	assert_true(material.marks[0].missing == 0);
	folder_write_text("chain", "nothing");
	assert_int_equal(read_one(&material, "no PEM certificate", ""), ERROR_INVALID);
	assert_null(material.certificate);
}

static void test_marks(void **state)
{
	struct file_mark before, after;

	(void)state;
	folder_write_text("one", "1");
	folder_write_text("two", "1");
	before = file_mark(folder_path("one"));
	after = file_mark(folder_path("one"));
	assert_true(file_marks_equal(&before, &after));
	after = file_mark(folder_path("two"));
	assert_false(file_marks_equal(&before, &after));
	assert_int_equal(symlink("one", folder_path("link")), 0);
	after = file_mark(folder_path("link")); /* what it leads to */
	assert_true(file_marks_equal(&before, &after));
	assert_int_equal(unlink(folder_path("link")), 0);
	assert_int_equal(symlink("two", folder_path("link")), 0);
	after = file_mark(folder_path("link"));
	assert_false(file_marks_equal(&before, &after));
	folder_write_text("one", "22");
	after = file_mark(folder_path("one"));
	assert_false(file_marks_equal(&before, &after));
	after = file_mark(folder_path("none"));
	assert_true(after.missing != 0);
}

static void test_the_set(void **state)
{
	static char names[MANY][8];
	struct materials set = {0};
	struct materials copy;
	struct material material = pair();

	(void)state;
	write_pair(&first, &first);
	assert_int_equal(read_one(&material, "", ""), OK);
	assert_null(materials_find(&set, &material));
	assert_int_equal(materials_add(&set, &material), OK);
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%u", i);
		assert_int_equal(materials_add(&set, &(struct material){.kind = MATERIAL_CLIENT_CA,
		                                                        .paths = {names[i / 2]},
		                                                        .depth = i % 2}),
		                 OK);
	}
	assert_int_equal(materials_copy(&set, &copy), OK);
	materials_done(&set);
	assert_int_equal(copy.count, MANY + 1);
	assert_ptr_equal(materials_find(&copy, &material), &copy.items[0]);
	for (unsigned i = 0; i < MANY; i++) {
		const struct material wanted = {
			.kind = MATERIAL_CLIENT_CA, .paths = {names[i / 2]}, .depth = i % 2};

		assert_ptr_equal(materials_find(&copy, &wanted), &copy.items[i + 1]);
	}
	assert_null(materials_find(
		&copy, &(struct material){.kind = MATERIAL_CLIENT_CA, .paths = {names[0], names[1]}}));
	assert_true(tls_certificate_facts(copy.items[0].certificate)->name_count == 1);
	materials_done(&copy);
}

static void test_each_allocation_fails(void **state)
{
	struct material material = pair();
	struct material_words words;
	enum error error;
	long successes = 0;

	(void)state;
	write_pair(&first, &first);
	do {
		material_words_init(&words);
		memory_fail_after(successes);
		error = material_read(&material, &words);
		memory_fail_after(-1);
		material_words_done(&words);
		assert_true(!error || error == ERROR_OUT_OF_MEMORY || error == ERROR_INVALID);
		assert_true(!error == (material.certificate != NULL));
		successes += successes < 20 ? 1 : 17;
	} while (error);
	material_done(&material);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_pair, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults_are_told_at_their_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_marks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_set, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_each_allocation_fails, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
