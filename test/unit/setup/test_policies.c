/*
 * The user's own policies: what comes out of the file, and where it is used.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "folder.h"
#include "setup/setup.h"
#include "tls/library.h"
#include "unit/tls/pki.h"

enum { DAY_S = 86400 };

static struct diagnostics diagnostics;

static int open_folder(void **state)
{
	struct pki_order order = {.kind = "P-256",
	                          .names = "DNS:a.example,DNS:*.wild.example",
	                          .from_s = -DAY_S,
	                          .to_s = 90L * DAY_S};
	struct pki_pair pair;

	(void)state;
	if (tls_library_open())
		return -1;
	folder_open();
	pair = pki_make(&order);
	folder_write_text("a.pem", pair.chain);
	folder_write_text("a.key", pair.key);
	pki_free(&pair);
	return 0;
}

static int close_folder(void **state)
{
	(void)state;
	folder_close();
	pki_done();
	tls_library_close();
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	diagnostics_init(&diagnostics);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	diagnostics_done(&diagnostics);
	return 0;
}

#define REST                                             \
	"      certificates: [{chain: a.pem, key: a.key}]\n" \
	"routes: [{cluster: app}]\n"                         \
	"clusters: {app: {backends: [{address: 127.0.0.1:8080}]}}\n"

/* The setup of a listener whose tls part has these lines, and of these at the top. */
static enum error load(const char *tls, const char *policies, struct setup **ret_setup)
{
	static char text[200000];

	(void)snprintf(text, sizeof(text),
	               "policies:\n%s"
	               "listeners:\n"
	               "  - address: 0.0.0.0:8443\n"
	               "    tls:\n%s" REST,
	               policies, tls);
	folder_write_text("site.yaml", text);
	return setup_load(folder_path("site.yaml"), &diagnostics, ret_setup);
}

static bool holds_message(const char *words)
{
	for (size_t i = 0; i < diagnostics.count; i++)
		if (span_equal(diagnostics.items[i].message, span_of_string(words)))
			return true;
	return false;
}

static struct setup *load_good(const char *tls, const char *policies)
{
	struct setup *setup = NULL;
	struct text text;

	text_init(&text, 10000);

	enum error error = load(tls, policies, &setup);

	diagnostics_print(&diagnostics, &text);
	if (error)
		fail_msg("%s", text_string(&text));
	text_done(&text);
	return setup;
}

static const struct tls_policy *policy_for(const struct setup *setup, const char *name)
{
	return tls_sites_find(setup->listeners[0].sites, span_of_string(name))->terms->policy;
}

static void check_list(const uint16_t *numbers, const uint16_t *expected)
{
	size_t i = 0;

	do
		assert_int_equal(numbers[i], expected[i]);
	while (expected[i++] != 0);
}

/* Each name that is built in is taken, and the default is intermediate. */
static void test_built_in(void **state)
{
	static const char *const names[] = {"intermediate", "intermediate-2026-04", "modern",
	                                    "modern-2026-04"};

	(void)state;
	for (size_t i = 0; i <= ARRAY_LENGTH(names); i++) {
		struct setup *setup;
		char line[64] = "";

		if (i < ARRAY_LENGTH(names))
			(void)snprintf(line, sizeof(line), "      policy: %s\n", names[i]);
		setup = load_good(line, "");
		assert_ptr_equal(
			policy_for(setup, "a.example"),
			tls_policy_find(span_of_string(i < ARRAY_LENGTH(names) ? names[i] : "intermediate")));
		setup_unref(setup);
	}
}

static void test_all_keys(void **state)
{
	struct setup *setup = load_good(
		"      policy: pos-terminals\n",
		"  pos-terminals:\n"
		"    based_on: intermediate-2026-04\n"
		"    versions: [tls1.3, tls1.2]\n"
		"    cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n"
		"    groups: [secp256r1, x25519]\n"
		"    signature_algorithms: [ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256]\n"
		"    order: client\n"
		"    group_order: strict\n"
		"    prefer_chacha_if_client_does: false\n"
		"    tickets: false\n");
	const struct tls_policy *policy = policy_for(setup, "a.example");

	(void)state;
	assert_string_equal(policy->name, "pos-terminals");
	assert_string_equal(policy->based_on, "intermediate-2026-04");
	assert_int_equal(policy->version_min, TLS_VERSION_1_2);
	assert_int_equal(policy->version_max, TLS_VERSION_1_3);
	check_list(policy->suites, (const uint16_t[]){0x1301, 0xc02b, 0});
	check_list(policy->groups, (const uint16_t[]){23, 29, 0});
	check_list(policy->signatures, (const uint16_t[]){0x0403, 0x0804, 0});
	assert_int_equal(policy->order, TLS_ORDER_CLIENT);
	assert_int_equal(policy->group_order, TLS_GROUPS_STRICT);
	assert_false(policy->prefer_chacha_if_client_does);
	assert_false(policy->tickets);
	assert_ptr_equal(setup_policies_at(setup->policies, 0), policy);
	assert_null(setup_policies_at(setup->policies, 1));
	setup_unref(setup);
}

/* What is not given comes from the policy below, by way of another one if need be. */
static void test_inherits(void **state)
{
	const struct tls_policy *base = tls_policy_find(SPAN("intermediate"));
	struct setup *setup = load_good("      policy: second\n",
	                                "  second: {based_on: first, tickets: false}\n"
	                                "  first: {based_on: intermediate, groups: [x25519]}\n");
	const struct tls_policy *policy = policy_for(setup, "a.example");

	(void)state;
	assert_string_equal(policy->name, "second");
	assert_string_equal(policy->based_on, "first");
	assert_int_equal(policy->version_min, base->version_min);
	assert_int_equal(policy->version_max, base->version_max);
	check_list(policy->suites, base->suites);
	check_list(policy->groups, (const uint16_t[]){29, 0});
	check_list(policy->signatures, base->signatures);
	assert_int_equal(policy->order, base->order);
	assert_true(policy->prefer_chacha_if_client_does);
	assert_false(policy->tickets);
	setup_unref(setup);
}

/* Suites that are inherited are those of the versions. */
static void test_inherits_suites_of_its_versions(void **state)
{
	struct setup *setup = load_good("      policy: new-only\n",
	                                "  new-only: {based_on: intermediate, versions: [tls1.3]}\n");

	(void)state;
	check_list(policy_for(setup, "a.example")->suites, tls_policy_find(SPAN("modern"))->suites);
	setup_unref(setup);
}

/* What users start from is right, and not weak. */
static void test_example(void **state)
{
	struct config *config = NULL;
	struct setup_policies *policies = NULL;
	const struct tls_policy *policy;

	(void)state;
	assert_int_equal(config_load("config/examples/policies.yaml", &diagnostics, &config), OK);
	assert_int_equal(setup_policies_new(config, &diagnostics, &policies), OK);
	policy =
		setup_policies_find(policies, &config->listeners[0].tls->names[0].policy, "", &diagnostics);
	assert_string_equal(policy->name, "pos-terminals");
	assert_false(policy->tickets);
	setup_policies_review(policies, &diagnostics);
	assert_int_equal(diagnostics.count, 0);
	setup_policies_free(policies);
	config_free(config);
}

/* A policy per server name: the exact name, else the wildcard, else the listener's. */
static void test_names(void **state)
{
	struct setup *setup = load_good("      names:\n"
	                                "        A.Example: {policy: modern}\n"
	                                "        \"*.wild.example\": {policy: own}\n"
	                                "        plain.wild.example: {}\n",
	                                "  own: {based_on: modern, tickets: false}\n");

	(void)state;
	assert_string_equal(policy_for(setup, "a.example")->name, "modern-2026-04");
	assert_string_equal(policy_for(setup, "x.wild.example")->name, "own");
	assert_string_equal(policy_for(setup, "plain.wild.example")->name, "intermediate-2026-04");
	assert_string_equal(policy_for(setup, "other.example")->name, "intermediate-2026-04");
	assert_string_equal(policy_for(setup, "")->name, "intermediate-2026-04");
	setup_unref(setup);
}

/* The lines of so many policies, each based on the next, the last one on intermediate. */
static void put_chain(struct text *text, unsigned count)
{
	for (unsigned i = 0; i + 1 < count; i++)
		text_printf(text, "  p%u: {based_on: p%u}\n", i, i + 1);
	text_printf(text, "  p%u: {based_on: intermediate, groups: [x25519]}\n", count - 1);
}

/* The longest chain of policies, and one more than there can be. */
static void test_number_of_policies(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		struct setup *setup = NULL;
		struct text text;

		text_init(&text, 4000);
		put_chain(&text, CONFIG_POLICIES_MAX + more);
		if (more) {
			assert_int_equal(load("      policy: p0\n", text_string(&text), &setup), ERROR_CONFIG);
			assert_true(holds_message("65 are too many; there can be 64"));
		} else {
			setup = load_good("      policy: p0\n", text_string(&text));
			check_list(policy_for(setup, "a.example")->groups, (const uint16_t[]){29, 0});
			setup_unref(setup);
		}
		text_done(&text);
	}
}

/* One more than there can be: names of a listener, and items of a list. */
static void test_too_many_names_and_items(void **state)
{
	struct setup *setup = NULL;
	struct text text;

	(void)state;
	text_init(&text, 100000);
	text_put_string(&text, "      names:\n");
	for (unsigned i = 0; i <= CONFIG_NAMES_MAX; i++)
		text_printf(&text, "        n%u.wild.example: {}\n", i);
	assert_int_equal(load(text_string(&text), "", &setup), ERROR_CONFIG);
	assert_true(holds_message("1025 are too many; there can be 1024"));
	text_clear(&text);
	text_put_string(&text, "  own: {based_on: modern, groups: [x25519");
	for (unsigned i = 0; i < CONFIG_POLICY_LIST_MAX; i++)
		text_put_string(&text, ", x25519");
	text_put_string(&text, "]}\n");
	diagnostics_done(&diagnostics);
	diagnostics_init(&diagnostics);
	assert_int_equal(load("      policy: own\n", text_string(&text), &setup), ERROR_CONFIG);
	assert_true(holds_message("65 are too many; there can be 64"));
	text_done(&text);
}

static void test_without_memory(void **state)
{
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	for (long successes = 0; error; successes++) {
		struct setup *setup = NULL;

		diagnostics_done(&diagnostics);
		diagnostics_init(&diagnostics);
		memory_fail_after(successes);
		error = load("      names: {a.example: {policy: second}}\n",
		             "  second: {based_on: first, tickets: false}\n"
		             "  first: {based_on: intermediate, groups: [x25519]}\n",
		             &setup);
		memory_fail_after(-1);
		if (error == OK)
			setup_unref(setup);
		else if (error != ERROR_OUT_OF_MEMORY)
			fail_msg("after %ld allocations: %s", successes, error_code(error));
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_built_in),
		TEST(test_all_keys),
		TEST(test_inherits),
		TEST(test_inherits_suites_of_its_versions),
		TEST(test_names),
		TEST(test_example),
		TEST(test_without_memory),
		TEST(test_number_of_policies),
		TEST(test_too_many_names_and_items),
	};

	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
