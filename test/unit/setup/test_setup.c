#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "setup/file.h"
#include "setup/setup.h"
#include "tls/library.h"
#include "unit/setup/folder.h"
#include "unit/tls/pki.h"

enum { DAY_S = 86400 };

static struct diagnostics diagnostics;

static void write_pair(const char *name, const struct pki_order *order)
{
	struct pki_pair pair = pki_make(order);
	char file[64];

	(void)snprintf(file, sizeof(file), "%s.pem", name);
	folder_write_text(file, pair.chain);
	(void)snprintf(file, sizeof(file), "%s.key", name);
	folder_write_text(file, pair.key);
	pki_free(&pair);
}

static struct pki_order order_of(const char *kind, const char *names)
{
	return (struct pki_order){.kind = kind, .names = names, .from_s = -DAY_S, .to_s = 90L * DAY_S};
}

static int set_up(void **state)
{
	struct pki_order good = order_of("P-256", "DNS:a.example");
	struct pki_order other = order_of("P-521", "DNS:b.example");
	struct pki_order old = order_of("P-256", "DNS:a.example");
	struct pki_order soon = order_of("P-256", "DNS:a.example");

	(void)state;
	folder_open();
	diagnostics_init(&diagnostics);
	old.from_s = -10L * DAY_S;
	old.to_s = -DAY_S;
	soon.to_s = 5L * DAY_S + 3600;
	write_pair("good", &good);
	write_pair("other", &other);
	write_pair("old", &old);
	write_pair("soon", &soon);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_fail_after(-1);
	diagnostics_done(&diagnostics);
	folder_close();
	return 0;
}

static int open_library(void **state)
{
	(void)state;
	return tls_library_open() ? -1 : 0;
}

static int close_library(void **state)
{
	(void)state;
	pki_done();
	return 0;
}

static enum error load(struct setup **ret_setup)
{
	return setup_load(folder_path("site.yaml"), &diagnostics, ret_setup);
}

#define REST                     \
	"routes: [{cluster: app}]\n" \
	"clusters:\n"                \
	"  app:\n"                   \
	"    backends: [{address: 127.0.0.1:8080}]\n"

/* The paths of the pair stand in the lines 6 and 7, those of a good one in 4 and 5. */
static void write_site(const char *chain, const char *key)
{
	char text[2048];

	(void)snprintf(text, sizeof(text),
	               "listeners:\n"
	               "  - address: 0.0.0.0:8443\n"
	               "    tls: {certificates: [\n"
	               "      {chain: good.pem,\n"
	               "       key: good.key},\n"
	               "      {chain: %s,\n"
	               "       key: %s}]}\n" REST,
	               chain, key);
	folder_write_text("site.yaml", text);
}

static bool holds(struct span text, const char *part)
{
	return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static const struct diagnostic *find(const char *path)
{
	for (size_t i = 0; i < diagnostics.count; i++)
		if (span_equal(diagnostics.items[i].path, span_of_string(path)))
			return &diagnostics.items[i];
	return NULL;
}

/* --- What is good ----------------------------------------------------------------------------- */

static void write_limited(const char *ticket_lifetime, unsigned clients)
{
	char text[2048];

	(void)snprintf(text, sizeof(text),
	               "listeners:\n"
	               "  - address: 0.0.0.0:8443\n"
	               "    tls: {certificates: [{chain: good.pem, key: good.key}],\n"
	               "          ticket_lifetime: %s}\n"
	               "routes:\n"
	               "  - cluster: app\n"
	               "    rate_limit: {requests: 1, per: 1s, clients: %u}\n"
	               "    concurrency: {requests: 5}\n"
	               "clusters: {app: {backends: [{address: 127.0.0.1:8080}]}}\n",
	               ticket_lifetime, clients);
	folder_write_text("site.yaml", text);
}

/* What a reload must not forget is the same object afterwards; what is of another kind is not. */
static void test_what_is_inherited(void **state)
{
	struct setup *setups[3] = {0};
	size_t alive = setup_count_alive();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		write_limited(i < 2 ? "1h" : "2h", i < 2 ? 1000 : 100000);
		assert_int_equal(load(&setups[i]), OK);
		assert_int_equal(setups[i]->number, setups[0]->number + i);
	}
	assert_int_equal(setup_count_alive(), alive + 3);
	setup_inherit(setups[1], setups[0]);
	setup_inherit(setups[2], setups[1]);

	struct rules *rules[3] = {setups[0]->rules.of[0], setups[1]->rules.of[0],
	                          setups[2]->rules.of[0]};

	assert_ptr_equal(setups[1]->listeners[0].tickets, setups[0]->listeners[0].tickets);
	assert_ptr_not_equal(setups[2]->listeners[0].tickets, setups[0]->listeners[0].tickets);
	assert_ptr_equal(rules[1]->rates, rules[0]->rates);
	assert_ptr_not_equal(rules[2]->rates, rules[0]->rates);
	assert_ptr_equal(rules[2]->requests, rules[0]->requests);
	assert_ptr_equal(setups[2]->rules.password_checks, setups[0]->rules.password_checks);
	for (unsigned i = 0; i < 3; i++)
		setup_unref(setups[i]);
	assert_int_equal(setup_count_alive(), alive);
}

static void test_two_certificates(void **state)
{
	struct setup *setup = NULL;

	(void)state;
	write_site("other.pem", "other.key");
	assert_int_equal(load(&setup), OK);
	assert_int_equal(diagnostics.errors + diagnostics.warnings, 0);
	assert_int_equal(setup->listener_count, 1);
	assert_ptr_equal(setup->listeners[0].config, &setup->config->listeners[0]);
	assert_int_equal(tls_sites_certificate_count(setup->listeners[0].sites), 2);
	assert_true(tls_certificate_matches(tls_sites_certificate(setup->listeners[0].sites, 0),
	                                    SPAN("a.example")));
	assert_true(tls_certificate_matches(tls_sites_certificate(setup->listeners[0].sites, 1),
	                                    SPAN("b.example")));
	assert_non_null(setup->listeners[0].tickets);
	assert_non_null(setup->routes);
	assert_string_equal(setup->https_port, ":8443");
	setup_unref(setup);
}

static void test_references(void **state)
{
	struct setup *setup = NULL;

	(void)state;
	write_site("other.pem", "other.key");
	assert_int_equal(load(&setup), OK);
	assert_ptr_equal(setup_ref(setup), setup);
	setup_unref(setup);
	assert_int_equal(setup->listener_count, 1);
	setup_unref(setup);
	setup_unref(NULL);
}

#define TLS "tls: {certificates: [{chain: good.pem, key: good.key}]"

/* The port that a redirect names is that of the first listener with TLS that has one. */
static void test_https_port(void **state)
{
	static const struct {
		const char *listeners;
		const char *port; /* NULL: there is none */
	} cases[] = {
		{"  - {address: 0.0.0.0:80}\n", NULL},
		{"  - {address: 0.0.0.0:443, " TLS "}}\n", ""},
		{"  - {address: 0.0.0.0:80}\n  - {address: 0.0.0.0:8443, " TLS "}}\n", ":8443"},
		{"  - {address: 'unix:/run/x', " TLS "}}\n", NULL},
		{"  - {address: 'unix:/run/x', " TLS "}}\n  - {address: 0.0.0.0:65535, " TLS "}}\n"
	     "  - {address: 0.0.0.0:443, " TLS "}}\n",
	     ":65535"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct setup *setup = NULL;
		char text[1024];

		(void)snprintf(text, sizeof(text), "listeners:\n%s" REST, cases[i].listeners);
		folder_write_text("site.yaml", text);
		assert_int_equal(load(&setup), OK);
		assert_int_equal(setup->https_port != NULL, cases[i].port != NULL);
		if (cases[i].port)
			assert_string_equal(setup->https_port, cases[i].port);
		setup_unref(setup);
	}
}

static void test_without_tickets(void **state)
{
	struct setup *setup = NULL;

	(void)state;
	folder_write_text("site.yaml",
	                  "listeners: [{address: 0.0.0.0:443, " TLS ", tickets: false}}]\n" REST);
	assert_int_equal(load(&setup), OK);
	assert_null(setup->listeners[0].tickets);
	setup_unref(setup);
}

static void test_trusted_proxies(void **state)
{
	static const struct {
		const char *peer;
		bool trusted;
	} cases[] = {
		{"10.1.2.3:5", true},        {"11.1.2.3:5", false},     {"192.0.2.7:1", true},
		{"192.0.2.8:1", false},      {"[2001:db8::1]:9", true}, {"[2001:db9::1]:9", false},
		{"unix:/run/socket", false},
	};
	struct setup *setup = NULL;
	struct address peer;

	(void)state;
	folder_write_text("site.yaml",
	                  "listeners: [{address: 0.0.0.0:80}]\n"
	                  "trusted_proxies: [10.0.0.0/8, 192.0.2.7, '2001:db8::/32']\n" REST);
	assert_int_equal(load(&setup), OK);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(address_parse(span_of_string(cases[i].peer), &peer), OK);
		assert_int_equal(setup_trusts(setup, &peer), cases[i].trusted);
	}
	setup_unref(setup);
}

static void test_a_certificate_that_expires_soon_is_a_warning(void **state)
{
	struct setup *setup = NULL;
	const struct diagnostic *told;

	(void)state;
	write_site("soon.pem", "soon.key");
	assert_int_equal(load(&setup), OK);
	assert_int_equal(diagnostics.errors, 0);
	assert_int_equal(diagnostics.warnings, 1);
	told = find("listeners[0].tls.certificates[1].chain");
	assert_non_null(told);
	assert_int_equal(told->severity, SEVERITY_WARNING);
	assert_int_equal(told->place.line, 6);
	assert_true(holds(told->message, "expires in 5 days"));
	setup_unref(setup);
}

/* --- What is wrong ---------------------------------------------------------------------------- */

enum at { AT_CHAIN, AT_KEY };

static const struct {
	const char *chain;
	const char *key;
	enum at at;
	const char *words;
} mistakes[] = {
	{"none.pem", "other.key", AT_CHAIN, "No such file"},
	{"other.pem", "none.key", AT_KEY, "No such file"},
	{".", "other.key", AT_CHAIN, "not a regular file"},
	{"other.pem", "large", AT_KEY, "larger than its limit"},
	{"words", "other.key", AT_CHAIN, "no PEM certificate"},
	{"other.pem", "words", AT_KEY, "words"},
	{"empty", "other.key", AT_CHAIN, "no PEM certificate"},
	{"other.pem", "empty", AT_KEY, "empty"},
	{"other.key", "other.pem", AT_CHAIN, "private key"},
	{"other.pem", "good.key", AT_KEY, "good.key"},
	{"old.pem", "old.key", AT_CHAIN, "expired"},
	{"good.pem", "locked.key", AT_KEY, "encrypted"},
};

static void write_wrong_files(void)
{
	char *locked = pki_key_pem(pki_key_of("P-256"), "secret");
	char *large = calloc(1, FILE_SIZE_MAX + 1);

	folder_write_text("words", "just some words\n");
	folder_write_text("empty", "");
	folder_write_text("locked.key", locked);
	folder_write("large", large, FILE_SIZE_MAX + 1);
	free(locked);
	free(large);
}

static void test_each_mistake_is_told_where_it_is(void **state)
{
	static const char *const paths[] = {"listeners[0].tls.certificates[1].chain",
	                                    "listeners[0].tls.certificates[1].key"};

	(void)state;
	write_wrong_files();
	for (size_t i = 0; i < ARRAY_LENGTH(mistakes); i++) {
		struct setup *setup = NULL;
		const struct diagnostic *told;

		diagnostics_done(&diagnostics);
		diagnostics_init(&diagnostics);
		write_site(mistakes[i].chain, mistakes[i].key);
		assert_int_equal(load(&setup), ERROR_CONFIG);
		assert_null(setup);
		assert_int_equal(diagnostics.errors, 1);
		assert_int_equal(diagnostics.count, 1);
		told = find(paths[mistakes[i].at]);
		if (!told) {
			fail_msg("%s, %s: told at another place", mistakes[i].chain, mistakes[i].key);
			return;
		}
		assert_int_equal(told->severity, SEVERITY_ERROR);
		assert_int_equal(told->place.line, mistakes[i].at == AT_CHAIN ? 6 : 7);
		assert_int_equal(told->place.column, mistakes[i].at == AT_CHAIN ? 15 : 13);
		if (!holds(told->message, mistakes[i].words))
			fail_msg("%.*s: not \"%s\"", (int)told->message.size, told->message.data,
			         mistakes[i].words);
	}
}

static void test_all_mistakes_are_told(void **state)
{
	struct setup *setup = NULL;

	(void)state;
	write_wrong_files();
	folder_write_text("site.yaml", "listeners:\n"
	                               "  - {address: 0.0.0.0:443, tls: {certificates: [\n"
	                               "      {chain: none.pem, key: none.key},\n"
	                               "      {chain: old.pem, key: old.key}]}}\n"
	                               "  - {address: 0.0.0.0:444, tls: {certificates: [\n"
	                               "      {chain: good.pem, key: other.key}]}}\n" REST);
	assert_int_equal(load(&setup), ERROR_CONFIG);
	assert_int_equal(diagnostics.errors, 4);
	assert_non_null(find("listeners[0].tls.certificates[0].chain"));
	assert_non_null(find("listeners[0].tls.certificates[0].key"));
	assert_non_null(find("listeners[0].tls.certificates[1].chain"));
	assert_non_null(find("listeners[1].tls.certificates[0].key"));
}

static void test_a_broken_file(void **state)
{
	struct setup *setup = NULL;

	(void)state;
	folder_write_text("site.yaml", "listeners: [\n");
	assert_int_equal(load(&setup), ERROR_CONFIG);
	assert_true(diagnostics.errors > 0);
	diagnostics_done(&diagnostics);
	diagnostics_init(&diagnostics);
	assert_int_equal(setup_load(folder_path("none.yaml"), &diagnostics, &setup), ERROR_CONFIG);
	assert_true(diagnostics.errors > 0);
	assert_null(setup);
}

/* --- Failing allocations ---------------------------------------------------------------------- */

static void test_without_memory(void **state)
{
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	write_site("other.pem", "other.key");
	for (long successes = 0; error; successes++) {
		struct setup *setup = NULL;

		diagnostics_done(&diagnostics);
		diagnostics_init(&diagnostics);
		memory_fail_after(successes);
		error = load(&setup);
		memory_fail_after(-1);
		if (error == OK) {
			assert_int_equal(diagnostics.errors, 0);
			setup_unref(setup);
			continue;
		}
		assert_null(setup);
		/* Lack of memory is never taken for a mistake of the user's. */
		if (error != ERROR_OUT_OF_MEMORY)
			fail_msg("after %ld allocations: %s", successes, error_code(error));
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_certificates),
		TEST(test_what_is_inherited),
		TEST(test_references),
		TEST(test_https_port),
		TEST(test_without_tickets),
		TEST(test_trusted_proxies),
		TEST(test_a_certificate_that_expires_soon_is_a_warning),
		TEST(test_each_mistake_is_told_where_it_is),
		TEST(test_all_mistakes_are_told),
		TEST(test_a_broken_file),
		TEST(test_without_memory),
	};

	return cmocka_run_group_tests(tests, open_library, close_library);
}
