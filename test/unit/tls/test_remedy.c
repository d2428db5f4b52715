/*
 * The remedy: what is proposed lets the client in, nothing of it can be left out, and where nothing
 * is proposed nothing would do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tls/profile.h"
#include "tls/remedy.h"

enum {
	RSA = 1u << TLS_KEY_RSA,
	P256 = 1u << TLS_KEY_ECDSA_P256,
	P384 = 1u << TLS_KEY_ECDSA_P384,
	ALL_KINDS = (1u << TLS_KEY_KIND_COUNT) - 1,
};

/* A profile's offer. Borrows: the wire's bytes. */
static struct tls_hello offer_of(const struct tls_profile *profile,
                                 char wire[TLS_PROFILE_HELLO_SIZE_MAX])
{
	size_t size = tls_profile_write(profile, SPAN("app.example.com"), wire);
	struct tls_hello hello;

	assert_true(tls_hello_read(span_of(wire + 5, size - 5), &hello));
	return hello;
}

static bool lets_in(const struct tls_policy *policy, unsigned kinds, const struct tls_hello *offer,
                    const struct tls_remedy *remedy)
{
	struct tls_remedied remedied;
	struct tls_decision decision;

	tls_remedy_apply(policy, kinds, remedy, &remedied);
	tls_choose(&remedied.policy, remedied.kinds, offer, &decision);
	return decision.step == TLS_STEP_DONE;
}

/* A remedy without one of its additions is none. */
static void expect_no_less(const struct tls_policy *policy, unsigned kinds,
                           const struct tls_hello *offer, const struct tls_remedy *remedy)
{
	for (int part = 0; part < 5; part++) {
		struct tls_remedy less = *remedy;
		bool is_less = part == 0   ? less.version != 0
		               : part == 1 ? less.suite != 0
		               : part == 2 ? less.group != 0
		               : part == 3 ? less.signature != 0
		                           : less.has_certificate;

		less.version = part == 0 ? 0 : less.version;
		less.suite = part == 1 ? 0 : less.suite;
		less.group = part == 2 ? 0 : less.group;
		less.signature = part == 3 ? 0 : less.signature;
		less.has_certificate = part != 4 && less.has_certificate;
		if (is_less && lets_in(policy, kinds, offer, &less))
			fail_msg("without its part %d it lets the client in, too", part);
	}
}

static void expect_remedy(const struct tls_policy *policy, unsigned kinds,
                          const struct tls_hello *offer, const char *client)
{
	static const uint16_t suites[] = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c,
	                                  0xc02f, 0xc030, 0xcca8, 0xcca9, 0};
	static const uint16_t groups[] = {29, 23, 24, 25, 0};
	static const uint16_t signatures[] = {0x403, 0x503, 0x603, 0x804, 0x805,
	                                      0x806, 0x401, 0x501, 0x601, 0};
	struct tls_policy all = {
		.name = "all",
		.version_min = TLS_VERSION_1_2,
		.version_max = TLS_VERSION_1_3,
		.suites = suites,
		.groups = groups,
		.signatures = signatures,
	};
	struct tls_decision decision;
	struct tls_remedy remedy;

	tls_remedy_find(policy, kinds, offer, &remedy);
	if (remedy.is_possible) {
		if (!lets_in(policy, kinds, offer, &remedy))
			fail_msg("%s: the remedy does not let it in", client);
		if (!remedy.policy)
			expect_no_less(policy, kinds, offer, &remedy);
		return;
	}
	tls_choose(&all, ALL_KINDS, offer, &decision);
	if (decision.step == TLS_STEP_DONE || remedy.lacking != decision.step)
		fail_msg("%s: it fails at step %d, and the remedy says %d", client, decision.step,
		         remedy.lacking);
}

/* Policies of every size, from one item in each list to all. */
static void test_remedies_let_clients_in(void **state)
{
	static const uint16_t suites[] = {0x1302, 0x1301, 0xc030, 0xc02b, 0};
	static const uint16_t groups[] = {24, 29, 23, 0};
	static const uint16_t signatures[] = {0x0503, 0x0804, 0x0401, 0x0403, 0};
	const struct tls_profile *profile;
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; (profile = tls_profile_at(i)) != NULL; i++) {
		char wire[TLS_PROFILE_HELLO_SIZE_MAX];
		struct tls_hello offer = offer_of(profile, wire);

		for (unsigned at = 0; at < 4 * 3 * 4 * 3 * 8; at++) {
			struct tls_policy policy = {.name = "some"};
			struct tls_decision decision;
			unsigned kinds = at / 144 % 8;

			policy.suites = suites + at % 4;
			policy.groups = groups + at / 4 % 3;
			policy.signatures = signatures + at / 12 % 4;
			policy.version_min = at / 48 % 3 == 1 ? TLS_VERSION_1_3 : TLS_VERSION_1_2;
			policy.version_max = at / 48 % 3 == 2 ? TLS_VERSION_1_2 : TLS_VERSION_1_3;
			tls_choose(&policy, kinds, &offer, &decision);
			if (decision.step == TLS_STEP_DONE)
				continue;
			refused++;
			expect_remedy(&policy, kinds, &offer, profile->name);
		}
	}
	assert_true(refused > 1000);
}

static void test_words(void **state)
{
	static const struct {
		const char *client, *policy;
		unsigned kinds;
		const char *remedy, *price;
	} rows[] = {
		{"firefox-31", "modern", P256 | RSA, "use policy intermediate-2026-04 for the name",
	     "TLS 1.2 is below Mozilla modern 6.0, and shows the certificate to everybody"},
		{"openssl-0.9.8", "intermediate", RSA,
	     "update the client: Mbed TLS has nothing older than 1.2", ""},
		{"ios-8", "intermediate", RSA | P256,
	     "update the client: it has no ECDHE suite with an AEAD cipher, all that Mbed TLS has here",
	     ""},
		{"ie-11-win7", "intermediate", RSA, "add an ECDSA P-256 certificate for the name",
	     "one more certificate to renew"},
		{"android-7", "intermediate", P384, "add an ECDSA P-256 certificate for the name",
	     "one more certificate to renew"},
		{"chrome-49-xp", "intermediate", P256, "add an RSA certificate for the name",
	     "one more certificate to renew; an RSA signature takes nine times the work of one with "
	     "P-256"},
		{"ie-11-win7", "modern", RSA,
	     "use policy intermediate-2026-04, and add an ECDSA P-256 certificate for the name",
	     "TLS 1.2 is below Mozilla modern 6.0, and shows the certificate to everybody; one more "
	     "certificate to renew"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char wire[TLS_PROFILE_HELLO_SIZE_MAX];
		const struct tls_profile *profile = tls_profile_find(span_of_string(rows[i].client));
		const struct tls_policy *policy = tls_policy_find(span_of_string(rows[i].policy));
		struct tls_hello offer = offer_of(profile, wire);
		struct tls_remedy remedy;
		struct text text;

		text_init(&text, 400);
		tls_remedy_find(policy, rows[i].kinds, &offer, &remedy);
		tls_remedy_put(&remedy, &text);
		assert_string_equal(text_string(&text), rows[i].remedy);
		text_clear(&text);
		tls_remedy_put_price(&remedy, &text);
		assert_string_equal(text_string(&text), rows[i].price);
		text_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remedies_let_clients_in),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
