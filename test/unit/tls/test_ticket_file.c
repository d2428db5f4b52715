/*
 * The file of ticket keys: its form, and that all who read it agree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tls/library.h"
#include "tls/ticket_file.h"

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_C "AgECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static int open_group(void **state)
{
	(void)state;
	return tls_library_open() == OK ? 0 : -1;
}

static int close_group(void **state)
{
	(void)state;
	tls_library_close();
	return 0;
}

static void read_well(const char *file, struct tls_ticket_secrets *ret_secrets)
{
	struct text why;

	text_init(&why, 500);
	if (tls_ticket_file_read(span_of_string(file), ret_secrets, &why))
		fail_msg("%s", text_string(&why));
	assert_int_equal(why.size, 0);
	text_done(&why);
}

static void test_form(void **state)
{
	static const struct {
		const char *file;
		unsigned count;
	} rows[] = {
		{KEY_A, 1},
		{KEY_A "\n", 1},
		{KEY_A "\n" KEY_B "\n" KEY_C "\n", 3},
		{"# made on Monday\n\n  " KEY_A "  # the new one\r\n\t" KEY_B "\r\n\r\n", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct tls_ticket_secrets secrets = {0};

		read_well(rows[i].file, &secrets);
		assert_int_equal(secrets.count, rows[i].count);
	}
}

/* Each key of 32 bytes gives the same name and sealing key wherever it stands. */
static void test_all_agree(void **state)
{
	/* HKDF-SHA-256 without salt over the bytes 00 to 1f, computed with Python's hmac. */
	static const unsigned char known_name[] = {0xe1, 0x23, 0x52, 0xd2, 0x2b, 0x7d, 0x04, 0x0e,
	                                           0x05, 0xb3, 0xf9, 0x7e, 0x25, 0x7d, 0x52, 0x78};
	static const unsigned char known_key[] = {0x8b, 0x56, 0xc7, 0x58, 0xf6, 0x91, 0x0c, 0x51,
	                                          0x49, 0x6c, 0x62, 0x62, 0xf6, 0x05, 0x8c, 0xae,
	                                          0xff, 0x68, 0xfd, 0xf0, 0x8f, 0x91, 0x4b, 0x60,
	                                          0xfd, 0xae, 0x48, 0x71, 0x96, 0x24, 0xf9, 0x9d};
	struct tls_ticket_secrets one = {0};
	struct tls_ticket_secrets two = {0};

	(void)state;
	read_well(KEY_A "\n" KEY_B "\n", &one);
	read_well(KEY_C "\n" KEY_A "\n" KEY_B "\n", &two);
	assert_memory_equal(one.keys[0].name, known_name, sizeof(known_name));
	assert_memory_equal(one.keys[0].key, known_key, sizeof(known_key));
	for (unsigned i = 0; i < 2; i++)
		assert_memory_equal(&one.keys[i], &two.keys[i + 1], sizeof(one.keys[i]));
	assert_memory_not_equal(one.keys[0].name, one.keys[1].name, TLS_TICKET_KEY_NAME_SIZE);
	assert_memory_not_equal(one.keys[0].key, one.keys[1].key, TLS_TICKET_KEY_SIZE);
}

static void test_faults(void **state)
{
	static const struct {
		const char *file;
		const char *words;
	} rows[] = {
		{"", "no key in it"},
		{"# nothing\n\n", "no key in it"},
		{KEY_A "\nsecret!\n", "line 2: not a key, which is 32 bytes in base64"},
		{"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n", "line 1: not a key"}, /* 31 bytes */
		{"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n", "line 1: not a key"}, /* 33 */
		{"\n" KEY_A KEY_B "\n", "line 2: not a key"},
		{KEY_A "\n" KEY_B "\n" KEY_A "\n", "line 3: this key is there already"},
		{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "line 1: not a key"},
		{"A\nB\n", "line 1: not a key"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct tls_ticket_secrets secrets = {.generation = 7};
		struct text why;

		text_init(&why, 500);
		assert_int_equal(tls_ticket_file_read(span_of_string(rows[i].file), &secrets, &why),
		                 ERROR_TLS_TICKET_KEYS);
		if (!strstr(text_string(&why), rows[i].words))
			fail_msg("\"%s\" is not in \"%s\"", rows[i].words, text_string(&why));
		assert_null(strstr(text_string(&why), "secret")); /* nothing of a key is told */
		assert_int_equal(secrets.generation, 7);
		assert_int_equal(secrets.count, 0);
		text_done(&why);
	}
}

static void test_the_most_keys(void **state)
{
	struct tls_ticket_secrets secrets = {0};
	struct text file, why;

	(void)state;
	text_init(&file, 1000);
	text_init(&why, 500);
	for (int i = 0; i < TLS_TICKET_KEYS_MAX; i++)
		text_printf(&file, "%c%s\n", 'B' + i, &KEY_A[1]);
	read_well(text_string(&file), &secrets);
	assert_int_equal(secrets.count, TLS_TICKET_KEYS_MAX);
	text_put_string(&file, KEY_A "\n");
	assert_int_equal(tls_ticket_file_read(text_span(&file), &secrets, &why), ERROR_TLS_TICKET_KEYS);
	assert_string_equal(text_string(&why), "line 9: there are more than 8 keys");
	text_done(&why);
	text_done(&file);
}

static void test_each_allocation_that_fails(void **state)
{
	struct tls_ticket_secrets secrets;
	struct text why;
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	text_init(&why, 500);
	for (long i = 0; error; i++) {
		assert_true(i < 1000);
		text_clear(&why);
		memory_fail_after(i);
		error = tls_ticket_file_read(SPAN(KEY_A "\n" KEY_B "\n"), &secrets, &why);
		memory_fail_after(-1);
		assert_true(error == OK || error == ERROR_OUT_OF_MEMORY);
	}
	text_done(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_all_agree),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_the_most_keys),
		cmocka_unit_test(test_each_allocation_that_fails),
	};

	return cmocka_run_group_tests(tests, open_group, close_group);
}
