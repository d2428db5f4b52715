/*
 * The built-in policies: their names, and that each can be served.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tls/algorithm.h"
#include "tls/choice.h"
#include "tls/iana.h"
#include "tls/prebuilt.h"

static void test_names(void **state)
{
	static const char *const rows[][2] = {
		{"modern", "modern-2026-04"},
		{"modern-2026-04", "modern-2026-04"},
		{"intermediate", "intermediate-2026-04"},
		{"intermediate-2026-04", "intermediate-2026-04"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_string_equal(tls_policy_find(span_of_string(rows[i][0]))->name, rows[i][1]);
	assert_null(tls_policy_find(SPAN("old")));
	assert_null(tls_policy_find(SPAN("")));
	assert_ptr_equal(tls_policy_default(), tls_policy_find(SPAN("intermediate")));
}

static size_t length(const uint16_t *list)
{
	size_t count = 0;

	while (list[count] != 0)
		count++;
	return count;
}

static void test_each_can_be_served(void **state)
{
	const struct tls_policy *policy;

	(void)state;
	for (size_t i = 0; (policy = tls_policy_at(i)) != NULL; i++) {
		unsigned kinds = 0;

		assert_true(policy->version_min <= policy->version_max);
		assert_in_range(length(policy->suites), 1, TLS_POLICY_SUITES_MAX);
		assert_in_range(length(policy->groups), 1, TLS_POLICY_GROUPS_MAX);
		assert_in_range(length(policy->signatures), 1, TLS_POLICY_SIGNATURES_MAX);
		for (size_t j = 0; policy->suites[j]; j++) {
			assert_non_null(tls_suite_name(policy->suites[j]));
			assert_in_range(tls_suite_version(policy->suites[j]), policy->version_min,
			                policy->version_max);
			assert_int_not_equal(tls_suite_kinds(policy->suites[j]), 0);
		}
		for (size_t j = 0; policy->groups[j]; j++)
			assert_non_null(tls_group_name(policy->groups[j]));
		/* In each version, every kind of certificate can sign. */
		for (unsigned v = policy->version_min; v <= policy->version_max; v++) {
			for (size_t j = 0; policy->signatures[j]; j++)
				kinds |= tls_signature_kinds(v, policy->signatures[j]);
			assert_int_equal(kinds, (1u << TLS_KEY_KIND_COUNT) - 1);
		}
		assert_non_null(strstr(policy->text, "X25519MLKEM768, is not available"));
		assert_non_null(policy->summary);
	}
	assert_int_equal(tls_policy_find(SPAN("modern"))->version_min, TLS_VERSION_1_3);
	assert_int_equal(length(tls_policy_find(SPAN("modern"))->suites), 3);
	assert_int_equal(length(tls_policy_find(SPAN("intermediate"))->suites), 9);
}

/* However long a policy is, the configurations that are built for it are bounded. */
static void test_outcomes_are_bounded(void **state)
{
	size_t outcomes = 0;

	(void)state;
	for (size_t i = 0; tls_algorithm_at(TLS_LIST_SUITES, i); i++)
		for (size_t j = 0; tls_algorithm_at(TLS_LIST_GROUPS, j); j++)
			for (size_t k = 0; tls_algorithm_at(TLS_LIST_SIGNATURES, k); k++) {
				unsigned suite = tls_algorithm_at(TLS_LIST_SUITES, i);
				unsigned signature = tls_algorithm_at(TLS_LIST_SIGNATURES, k);

				if (tls_suite_kinds(suite) &
				    tls_signature_kinds(tls_suite_version(suite), signature))
					outcomes++;
			}
	assert_int_equal(outcomes + 1, TLS_PREBUILTS_MAX);
}

/* What a policy can be made of has names, and means something to the engine. */
static void test_algorithms(void **state)
{
	(void)state;
	for (unsigned list = 0; list < TLS_LIST_COUNT; list++) {
		unsigned number;

		for (size_t i = 0; (number = tls_algorithm_at((enum tls_list)list, i)) != 0; i++) {
			const char *name = tls_algorithm_name((enum tls_list)list, number);

			assert_non_null(name);
			assert_int_equal(tls_algorithm_find((enum tls_list)list, span_of_string(name)), number);
			assert_true(list != TLS_LIST_SUITES || tls_suite_kinds(number) != 0);
			assert_true(list != TLS_LIST_SIGNATURES ||
			            (tls_signature_kinds(TLS_VERSION_1_2, number) |
			             tls_signature_kinds(TLS_VERSION_1_3, number)) != 0);
		}
		assert_int_equal(tls_algorithm_find((enum tls_list)list, SPAN("")), 0);
		assert_int_equal(tls_algorithm_find((enum tls_list)list, SPAN("TLS_NULL")), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_each_can_be_served),
		cmocka_unit_test(test_outcomes_are_bounded),
		cmocka_unit_test(test_algorithms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
