/*
 * Server names: their normal form, wildcards, and the table of certificates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tls/name.h"
#include "tls/names.h"

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static void test_normal_form(void **state)
{
	static const struct {
		const char *name;
		const char *normal; /* NULL: not a host name */
	} rows[] = {
		{"a.example", "a.example"},
		{"A.eXample", "a.example"},
		{"a.example.", "a.example"},
		{"localhost", "localhost"},
		{"under_score-hyphen.9", "under_score-hyphen.9"},
		{LABEL_63 ".x", LABEL_63 ".x"},
		{LABEL_63 "4.x", NULL},
		{"", NULL},
		{".", NULL},
		{"a..b", NULL},
		{".a", NULL},
		{"a.example..", NULL},
		{"a b", NULL},
		{"a\x80", NULL},
		{"*.a.example", NULL},
		{"a/b", NULL},
		{"[::1]", NULL},
	};
	char bytes[TLS_NAME_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		size_t size = tls_name_normalize(span_of_string(rows[i].name), bytes);

		if (!span_equal(span_of(bytes, size), span_of_string(rows[i].normal ? rows[i].normal : "")))
			fail_msg("\"%s\" gives \"%.*s\"", rows[i].name, (int)size, bytes);
	}
	assert_int_equal(tls_name_normalize(span_of("a\0b", 3), bytes), 0);
	assert_int_equal(tls_name_normalize(span_of(NULL, 0), bytes), 0);
}

static void test_longest(void **state)
{
	char name[256];
	char bytes[TLS_NAME_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '.' : 'a';
	assert_int_equal(tls_name_normalize(span_of(name, 253), bytes), 253);
	assert_int_equal(tls_name_normalize(span_of(name, 254), bytes), 253);
	assert_int_equal(tls_name_normalize(span_of(name, 255), bytes), 0);
	memcpy(name, "*.", 2);
	assert_int_equal(tls_name_normalize_pattern(span_of(name, 253), bytes), 253);
	assert_int_equal(tls_name_normalize_pattern(span_of(name, 255), bytes), 0);
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern;
		const char *normal;
	} rows[] = {
		{"*.A.Example.", "*.a.example"},
		{"*.example", "*.example"},
		{"a.example", "a.example"},
		{"*", NULL},
		{"*.", NULL},
		{"*a.example", NULL},
		{"a.*.example", NULL},
		{"*.*.example", NULL},
		{"**.example", NULL},
	};
	char bytes[TLS_NAME_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		size_t size = tls_name_normalize_pattern(span_of_string(rows[i].pattern), bytes);

		if (!span_equal(span_of(bytes, size), span_of_string(rows[i].normal ? rows[i].normal : "")))
			fail_msg("\"%s\" gives \"%.*s\"", rows[i].pattern, (int)size, bytes);
	}
	assert_true(tls_name_matches(SPAN("*.b.example"), SPAN("x.b.example")));
	assert_false(tls_name_matches(SPAN("*.b.example"), SPAN("x.y.b.example")));
	assert_false(tls_name_matches(SPAN("*.b.example"), SPAN("b.example")));
	assert_false(tls_name_matches(SPAN("b.example"), SPAN("x.b.example")));
}

static const struct tls_candidates *find(const struct tls_names *names, const char *name)
{
	const struct tls_site *site = tls_names_find(names, span_of_string(name));

	return site ? &site->candidates : NULL;
}

static void test_table(void **state)
{
	struct tls_names names;

	(void)state;
	assert_int_equal(tls_names_init(&names, 4), OK);
	assert_null(find(&names, "a.example"));
	tls_names_add(&names, SPAN("a.example"))->candidates.ecdsa = 0;
	tls_names_add(&names, SPAN("a.example"))->candidates.rsa = 2;
	tls_names_add(&names, SPAN("*.example"))->candidates.rsa = 3;
	assert_int_equal(find(&names, "a.example")->ecdsa, 0);
	assert_int_equal(find(&names, "a.example")->rsa, 2);
	assert_int_equal(tls_names_find_wildcard(&names, SPAN("a.example"))->candidates.rsa, 3);
	assert_null(tls_names_find_wildcard(&names, SPAN("x.a.example")));
	assert_int_equal(find(&names, "b.example")->ecdsa, -1);
	assert_int_equal(find(&names, "b.example")->rsa, 3);
	assert_null(find(&names, "x.a.example"));
	assert_null(find(&names, "example"));
	assert_null(find(&names, ""));
	tls_names_done(&names);
	memory_fail_after(0);
	assert_int_equal(tls_names_init(&names, 4), ERROR_OUT_OF_MEMORY);
	memory_fail_after(-1);
}

static void test_many(void **state)
{
	enum { COUNT = 10000, SIZE = 32 };
	static char bytes[COUNT][SIZE];
	struct tls_names names;

	(void)state;
	assert_int_equal(tls_names_init(&names, COUNT), OK);
	for (int i = 0; i < COUNT; i++) {
		(void)snprintf(bytes[i], SIZE, i % 3 ? "n%d.example" : "*.n%d.example", i);

		struct tls_candidates *choice =
			&tls_names_add(&names, span_of_string(bytes[i]))->candidates;

		*(i % 2 ? &choice->ecdsa : &choice->rsa) = i;
	}
	for (int i = 0; i < COUNT; i++) {
		char name[SIZE];
		const struct tls_candidates *choice;

		(void)snprintf(name, SIZE, i % 3 ? "n%d.example" : "x.n%d.example", i);
		choice = find(&names, name);
		assert_non_null(choice);
		assert_int_equal(i % 2 ? choice->ecdsa : choice->rsa, i);
	}
	assert_null(find(&names, "n10000.example"));
	tls_names_done(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_form), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_patterns),    cmocka_unit_test(test_table),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
