/*
 * What there is for each server name: terms and certificates, each by the exact name or the
 * wildcard; and that they are in force in a handshake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "unit/tls/link.h"

enum { CERTIFICATES = 4, NAMES = 3 };

static struct tls_certificate *certificates[CERTIFICATES];

/* "*.wild.example" has a certificate of each kind, "b.wild.example" one of its own. */
static void make_certificates(void)
{
	certificates[0] = pki_certificate("P-256", "a.example");
	certificates[1] = pki_certificate("P-384", "*.wild.example");
	certificates[2] = pki_certificate("RSA:2048", "*.wild.example");
	certificates[3] = pki_certificate("P-256", "b.wild.example");
}

static void drop_certificates(void)
{
	for (size_t i = 0; i < CERTIFICATES; i++)
		tls_certificate_unref(certificates[i]);
}

static struct tls_terms terms_of(const char *policy)
{
	struct tls_terms terms = {.policy = tls_policy_find(span_of_string(policy))};

	assert_int_equal(tls_terms_seal(&terms), OK);
	return terms;
}

/* The listener's terms are intermediate; all names have modern but the first. */
static struct tls_sites *make_site_table(bool refuse)
{
	struct tls_terms terms = terms_of("intermediate");
	const struct tls_named_terms names[NAMES] = {
		{SPAN("plain.wild.example"), terms_of("intermediate-2026-04")},
		{SPAN("*.wild.example"), terms_of("modern")},
		{SPAN("c.example"), terms_of("modern")},
	};
	const struct tls_sites_options options = {
		.certificates = certificates,
		.certificate_count = CERTIFICATES,
		.terms = &terms,
		.names = names,
		.name_count = NAMES,
		.refuse_unknown_name = refuse,
	};
	struct tls_sites *sites = NULL;

	assert_int_equal(tls_sites_new(&options, &sites), OK);
	return sites;
}

static void test_find(void **state)
{
	enum { P256 = 1u << TLS_KEY_ECDSA_P256, P384 = 1u << TLS_KEY_ECDSA_P384, RSA = 1 };
	static const struct {
		const char *name;
		const char *policy;
		struct tls_candidates candidates;
		unsigned kinds;
		bool is_unknown;
	} rows[] = {
		{"a.example", "intermediate", {0, -1}, P256, false},
		/* Terms of the wildcard, certificate of the name itself. */
		{"b.wild.example", "modern", {3, -1}, P256, false},
		/* Terms of the name itself, certificate of the wildcard. */
		{"plain.wild.example", "intermediate", {1, 2}, P384 | RSA, false},
		{"x.wild.example", "modern", {1, 2}, P384 | RSA, false},
		{"x.y.wild.example", "intermediate", {0, -1}, P256, true},
		{"c.example", "modern", {0, -1}, P256, true},
		{"other.example", "intermediate", {0, -1}, P256, true},
		{"", "intermediate", {0, -1}, P256, true},
	};

	(void)state;
	make_certificates();
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(rows); i++) {
		struct tls_sites *sites = make_site_table(i % 2);
		const struct tls_site *site = tls_sites_find(sites, span_of_string(rows[i / 2].name));

		if (i % 2 && rows[i / 2].is_unknown) {
			assert_null(site);
		} else {
			assert_non_null(site);
			assert_string_equal(site->terms->policy->alias, rows[i / 2].policy);
			assert_int_equal(site->candidates.ecdsa, rows[i / 2].candidates.ecdsa);
			assert_int_equal(site->candidates.rsa, rows[i / 2].candidates.rsa);
			assert_int_equal(site->kinds, rows[i / 2].kinds);
		}
		tls_sites_unref(sites);
	}
	drop_certificates();
}

/* Equal terms are one, so that what was agreed under the one counts under the other. */
static void test_terms_are_kept_once(void **state)
{
	struct tls_sites *sites;
	size_t count = 0;

	(void)state;
	make_certificates();
	sites = make_site_table(false);

	const struct tls_terms *terms = tls_sites_terms(sites, &count);

	assert_int_equal(count, 2);
	assert_ptr_equal(tls_sites_find(sites, SPAN("a.example"))->terms, &terms[0]);
	assert_ptr_equal(tls_sites_find(sites, SPAN("plain.wild.example"))->terms, &terms[0]);
	assert_ptr_equal(tls_sites_find(sites, SPAN("x.wild.example"))->terms, &terms[1]);
	assert_ptr_equal(tls_sites_find(sites, SPAN("c.example"))->terms, &terms[1]);
	tls_sites_unref(sites);
	tls_sites_unref(NULL);
	drop_certificates();
}

/* The id stands for all of a policy: whatever differs makes another one. */
static void test_id(void **state)
{
	const struct tls_policy base = *tls_policy_default();
	const uint16_t suites[] = {base.suites[1], base.suites[0], 0};
	const uint16_t groups[] = {29, 0};
	const uint16_t signatures[] = {0x0403, 0};
	struct tls_policy policies[12];
	struct tls_terms terms[ARRAY_LENGTH(policies)] = {0};
	struct tls_terms again = {.policy = &base};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(policies); i++)
		policies[i] = base;
	policies[1].name = "other";
	policies[2].version_min = TLS_VERSION_1_3;
	policies[3].version_max = TLS_VERSION_1_2;
	policies[4].suites = suites;
	policies[5].suites = suites + 1;
	policies[6].groups = groups;
	policies[7].signatures = signatures;
	policies[8].order = TLS_ORDER_CLIENT;
	policies[9].prefer_chacha_if_client_does = false;
	policies[10].tickets = false;
	policies[11].group_order = TLS_GROUPS_STRICT;
	for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
		terms[i].policy = &policies[i];
		assert_int_equal(tls_terms_seal(&terms[i]), OK);
		for (size_t j = 0; j < i; j++)
			assert_false(tls_terms_equal(&terms[i], &terms[j]));
	}
	assert_int_equal(tls_terms_seal(&again), OK);
	assert_true(tls_terms_equal(&terms[0], &again));
}

static void test_without_memory(void **state)
{
	struct tls_terms terms = terms_of("intermediate");
	const struct tls_named_terms name = {SPAN("b.example"), terms_of("modern")};
	struct tls_sites *sites = NULL;
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	make_certificates();

	const struct tls_sites_options options = {.certificates = certificates,
	                                          .certificate_count = CERTIFICATES,
	                                          .terms = &terms,
	                                          .names = &name,
	                                          .name_count = 1};

	for (long successes = 0; error; successes++) {
		assert_null(sites);
		memory_fail_after(successes);
		error = tls_sites_new(&options, &sites);
		memory_fail_after(-1);
		assert_true(error == OK || error == ERROR_OUT_OF_MEMORY);
	}
	tls_sites_unref(sites);
	drop_certificates();
}

/* --- In a handshake ----------------------------------------------------------------------- */

static enum error shake(struct tls_server *server, const struct wish *wish, size_t wire_in)
{
	struct link link;
	enum error error;

	link_open(&link, server, wish);
	if (wire_in > 0)
		link_resize(&link.wire_in, wire_in);
	link_run(&link);
	error = link.error;
	if (!error)
		assert_int_equal(tls_session_phase(link.session), TLS_OPEN);
	link_close(&link);
	return error;
}

static void test_each_name_has_its_policy(void **state)
{
	static const struct {
		const char *name;
		enum error error_1_2;
	} rows[] = {
		{"a.example", OK},
		{"plain.wild.example", OK},
		{"x.wild.example", ERROR_TLS_NO_COMMON_VERSION},
		{"X.Wild.Example", ERROR_TLS_NO_COMMON_VERSION},
		{"b.wild.example", ERROR_TLS_NO_COMMON_VERSION},
		{NULL, OK},
	};
	struct tls_server *server;

	(void)state;
	make_certificates();
	server = make_server_for(make_site_table(false), NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct wish wish = {.name = rows[i].name, .version = TLS1_2_VERSION};

		assert_int_equal(shake(server, &wish, 0), rows[i].error_1_2);
		wish.version = TLS1_3_VERSION;
		assert_int_equal(shake(server, &wish, 0), OK);
	}
	tls_server_unref(server);
	drop_certificates();
}

/* A ClientHello that only the library reads gets the listener's terms, so that it must not get in
 * where there are others. */
static void test_unread_hello_opens_no_other_terms(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct tls_server *server;

	(void)state;
	make_certificates();
	server = make_server_for(make_site_table(false), NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		struct wish wish = {.name = "a.example", .version = versions[i]};

		assert_int_equal(shake(server, &wish, 64), OK);
		wish.name = "plain.wild.example";
		assert_int_equal(shake(server, &wish, 64), OK);
		wish.name = "x.wild.example";
		assert_int_equal(shake(server, &wish, 64), ERROR_TLS_HANDSHAKE);
	}
	tls_server_unref(server);
	drop_certificates();
}

/* Where the policy is older than the client, it is the policy that must change. */
static void test_a_policy_without_1_3(void **state)
{
	struct tls_policy policy = *tls_policy_default();
	struct tls_server *server;
	struct text why;
	struct link link;

	(void)state;
	policy.name = "old";
	policy.version_max = TLS_VERSION_1_2;
	server = make_server_with(&policy, pki_certificate("P-256", "a.example"), NULL);
	link_open(&link, server, &(struct wish){.version = TLS1_3_VERSION});
	link_run(&link);
	assert_int_equal(link.error, ERROR_TLS_NO_COMMON_VERSION);
	text_init(&why, 500);
	tls_session_explain(link.session, &why);
	assert_non_null(strstr(text_string(&why), "the client offers TLS 1.3, policy old allows 1.2; "
	                                          "allow TLS 1.3 in the policy"));
	text_done(&why);
	link_close(&link);
	tls_server_unref(server);
}

/* A policy without tickets gives none, beside one with. */
static void test_policy_without_tickets(void **state)
{
	struct tls_policy policy = *tls_policy_default();
	struct tls_terms terms = terms_of("intermediate");
	struct tls_terms without = {.policy = &policy};
	const struct tls_named_terms name = {SPAN("b.wild.example"), without};
	struct tls_named_terms names[] = {name};
	struct tls_tickets *tickets = NULL;
	struct tls_sites *sites = NULL;
	struct tls_server *server;

	(void)state;
	policy.tickets = false;
	make_certificates();
	assert_int_equal(tls_terms_seal(&names[0].terms), OK);

	const struct tls_sites_options options = {.certificates = certificates,
	                                          .certificate_count = CERTIFICATES,
	                                          .terms = &terms,
	                                          .names = names,
	                                          .name_count = 1};

	assert_int_equal(tls_sites_new(&options, &sites), OK);
	assert_int_equal(tls_tickets_new(3600000, &tickets), OK);
	server = make_server_for(sites, tickets);
	for (int i = 0; i < 4; i++) {
		struct link link;

		link_open(&link, server,
		          &(struct wish){.name = i % 2 ? "a.example" : "b.wild.example",
		                         .version = i / 2 ? TLS1_3_VERSION : TLS1_2_VERSION});
		link_shake(&link);
		assert_int_equal(link.ticket && SSL_SESSION_has_ticket(link.ticket), i % 2);
		link_close(&link);
	}
	tls_server_unref(server);
	tls_tickets_unref(tickets);
	drop_certificates();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_terms_are_kept_once),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_each_name_has_its_policy),
		cmocka_unit_test(test_unread_hello_opens_no_other_terms),
		cmocka_unit_test(test_a_policy_without_1_3),
		cmocka_unit_test(test_policy_without_tickets),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
