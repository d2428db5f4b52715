/*
 * The policy engine: rows of offers and what must come of them; and random offers, of which a slow
 * and obvious other implementation must say the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/tls/choice_reference.h"

enum {
	LIST_MAX = 32,
	OFFERS = 100000,
	RSA = 1u << TLS_KEY_RSA,
	P256 = 1u << TLS_KEY_ECDSA_P256,
	P384 = 1u << TLS_KEY_ECDSA_P384,
	P521 = 1u << TLS_KEY_ECDSA_P521,
	BOTH = RSA | P256,
};

/* --- Offers ------------------------------------------------------------------------------- */

/* Lists as on the wire. */
struct lists {
	char versions[2 * LIST_MAX], suites[2 * LIST_MAX], groups[2 * LIST_MAX], shares[6 * LIST_MAX],
		signatures[2 * LIST_MAX];
};

static void put(char *bytes, struct span *list, unsigned number)
{
	bytes[list->size++] = (char)(number >> 8);
	bytes[list->size++] = (char)number;
	list->data = bytes;
}

/* "1302 1303": hexadecimal numbers. With keys, each is followed by a key of two bytes. */
static struct span read_list(const char *text, char *bytes, bool with_keys)
{
	struct span list = {0};

	for (char *end; text && *text; text = end) {
		put(bytes, &list, (unsigned)strtoul(text, &end, 16));
		assert_ptr_not_equal(text, end);
		if (with_keys) {
			put(bytes, &list, 2);
			put(bytes, &list, 0xffff);
		}
	}
	return list;
}

static const char version_1_2[] = "303";
static const char all_suites[] = "1301 1302 1303 c02f c02b c030 c02c cca8 cca9";
static const char all_groups[] = "1d 17 18";
static const char all_signatures[] = "804 805 806 401 501 601 403 503 603";

/* NULL stands for the list above; versions: NULL for 1.3 and 1.2; shares: NULL for x25519. */
struct row {
	const char *title;
	const char *policy;
	unsigned kinds;
	const char *versions, *suites, *groups, *shares, *signatures;
	unsigned legacy;
	struct tls_decision expected;
};

static void expect(const struct row *row, const struct tls_policy *policy)
{
	struct lists lists;
	struct tls_hello offer = {
		.version = row->legacy ? row->legacy : 0x0303,
		.versions = read_list(row->legacy     ? ""
	                          : row->versions ? row->versions
	                                          : "304 303",
	                          lists.versions, false),
		.suites = read_list(row->suites ? row->suites : all_suites, lists.suites, false),
		.groups = read_list(row->groups ? row->groups : all_groups, lists.groups, false),
		.key_shares = read_list(row->shares ? row->shares : "1d", lists.shares, true),
		.signatures =
			read_list(row->signatures ? row->signatures : all_signatures, lists.signatures, false),
	};
	struct tls_decision decision;
	struct tls_decision reference = reference_choose(policy, row->kinds, &offer);

	tls_choose(policy, row->kinds, &offer, &decision);
	if (!decisions_are_equal(&decision, &row->expected) ||
	    !decisions_are_equal(&reference, &row->expected))
		fail_msg("%s: step %d lack %d version %x suite %x group %u%s signature %x kind %d; "
		         "the reference: step %d",
		         row->title, decision.step, decision.lack, decision.version, decision.suite,
		         decision.group, decision.has_retry ? " (retry)" : "", decision.signature,
		         decision.kind, reference.step);
}

#define FAILS(step, lack, version)                      \
	{                                                   \
		TLS_STEP_##step, TLS_LACK_##lack, version, 0, 0 \
	}

/* clang-format off */
static const struct row rows[] = {
	{"the best of all", "intermediate", BOTH,
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"1.2 before 1.3 in the client's list", "intermediate", BOTH, .versions = "303 304",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"GREASE is skipped", "intermediate", BOTH, .versions = "3a3a 304", .suites = "caca 1301",
	 .groups = "5a5a 17", .shares = "5a5a 17", .signatures = "9a9a 804",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1301, 23, false, 0x804, TLS_KEY_RSA}},
	{"1.2", "intermediate", BOTH, .versions = version_1_2,
	 .expected = {TLS_STEP_DONE, 0, 0x303, 0xc02c, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"1.2 by legacy_version", "intermediate", RSA, .legacy = 0x0303,
	 .expected = {TLS_STEP_DONE, 0, 0x303, 0xc030, 29, false, 0x401, TLS_KEY_RSA}},
	{"legacy_version is never 1.3", "modern", RSA, .legacy = 0x0304,
	 .expected = FAILS(VERSION, COMMON, 0)},
	{"supported_versions alone counts", "intermediate", RSA, .versions = "302 301",
	 .expected = FAILS(VERSION, COMMON, 0)},
	{"TLS 1.1", "intermediate", RSA, .legacy = 0x0302, .expected = FAILS(VERSION, COMMON, 0)},
	{"modern refuses 1.2", "modern", BOTH, .versions = version_1_2,
	 .expected = FAILS(VERSION, COMMON, 0)},
	{"AES-128 first", "intermediate", BOTH, .suites = "1301 1302 1303",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"ChaCha first, after GREASE and CCM", "intermediate", BOTH, .suites = "2a2a 1304 1303 1302",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1303, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"ChaCha second", "intermediate", BOTH, .suites = "1301 1303",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1303, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"ChaCha first among those of 1.2", "intermediate", BOTH, .versions = version_1_2,
	 .suites = "1302 cca8 c02c cca9",
	 .expected = {TLS_STEP_DONE, 0, 0x303, 0xcca9, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"ChaCha first, but not for our certificate", "intermediate", RSA, .versions = version_1_2,
	 .suites = "cca9 c030 c02f",
	 .expected = {TLS_STEP_DONE, 0, 0x303, 0xc030, 29, false, 0x401, TLS_KEY_RSA}},
	{"the cipher before the certificate", "intermediate", BOTH, .versions = version_1_2,
	 .suites = "c02b c030",
	 .expected = {TLS_STEP_DONE, 0, 0x303, 0xc030, 29, false, 0x401, TLS_KEY_RSA}},
	{"no suite", "intermediate", BOTH, .suites = "1304 c02c", .expected = FAILS(SUITE, COMMON, 0x304)},
	{"no suite of 1.2", "intermediate", BOTH, .versions = version_1_2, .suites = "1302 2f",
	 .expected = FAILS(SUITE, COMMON, 0x303)},
	{"no suite for the certificate", "intermediate", RSA, .versions = version_1_2, .suites = "c02c",
	 .expected = FAILS(SUITE, CERTIFICATE, 0x303)},
	{"our group before the client's", "intermediate", BOTH, .groups = "17 1d", .shares = "17 1d",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"no retry for a better group", "intermediate", BOTH, .shares = "18",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 24, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"a retry if no share is allowed", "intermediate", BOTH, .groups = "19 18 17", .shares = "19",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 23, true, 0x403, TLS_KEY_ECDSA_P256}},
	{"a retry without any share", "intermediate", BOTH, .shares = "",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 29, true, 0x403, TLS_KEY_ECDSA_P256}},
	{"a share that is not among the groups", "intermediate", BOTH, .groups = "17", .shares = "1d",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 23, true, 0x403, TLS_KEY_ECDSA_P256}},
	{"no group", "intermediate", BOTH, .groups = "19 1e", .expected = FAILS(GROUP, COMMON, 0x304)},
	{"no groups at all in 1.2", "intermediate", RSA, .versions = version_1_2, .groups = "",
	 .expected = FAILS(GROUP, COMMON, 0x303)},
	{"RSA first", "intermediate", BOTH, .signatures = "804 403",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"RSA only", "intermediate", BOTH, .signatures = "806 401",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 29, false, 0x806, TLS_KEY_RSA}},
	{"another curve in 1.3", "intermediate", P256, .signatures = "503 804",
	 .expected = FAILS(SIGNATURE, CERTIFICATE, 0x304)},
	{"PKCS#1 is not for 1.3", "intermediate", RSA, .signatures = "401 501 601",
	 .expected = FAILS(SIGNATURE, COMMON, 0x304)},
	{"PSS is not for our 1.2", "intermediate", RSA, .versions = version_1_2, .signatures = "804",
	 .expected = FAILS(SIGNATURE, COMMON, 0x303)},
	{"no signature algorithms in 1.2", "intermediate", RSA, .versions = version_1_2,
	 .signatures = "", .expected = FAILS(SIGNATURE, COMMON, 0x303)},
	{"SHA-1", "intermediate", BOTH, .versions = version_1_2, .signatures = "201 203",
	 .expected = FAILS(SIGNATURE, COMMON, 0x303)},
	{"signatures of the other kind", "intermediate", P256, .versions = version_1_2,
	 .signatures = "401", .expected = FAILS(SIGNATURE, CERTIFICATE, 0x303)},
	{"the certificate's curve is not listed", "intermediate", P384, .versions = version_1_2,
	 .groups = "1d 17", .expected = FAILS(SIGNATURE, CURVE, 0x303)},
	{"P-521 signs, though it is no group of ours", "intermediate", P521, .versions = version_1_2,
	 .groups = "1d 19", .signatures = "403",
	 .expected = {TLS_STEP_DONE, 0, 0x303, 0xc02c, 29, false, 0x403, TLS_KEY_ECDSA_P521}},
	{"no certificate", "intermediate", 0, .expected = FAILS(SIGNATURE, CERTIFICATE, 0x304)},
};

/* Under the client's order. */
static const struct row client_rows[] = {
	{"the client's suite", "", BOTH, .suites = "1301 1302",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1301, 29, false, 0x804, TLS_KEY_RSA}},
	{"the client's suite in 1.2", "", BOTH, .versions = version_1_2, .suites = "c02b c02c",
	 .expected = {TLS_STEP_DONE, 0, 0x303, 0xc02b, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"the client's group", "", P256, .groups = "17 1d", .shares = "1d 17", .suites = "1302",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 23, false, 0x403, TLS_KEY_ECDSA_P256}},
};

/* Where the policy insists on its best group. */
static const struct row strict_rows[] = {
	{"the best group without a share", "", BOTH, .groups = "17 1d", .shares = "17",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 29, true, 0x403, TLS_KEY_ECDSA_P256}},
	{"the best group with a share", "", BOTH, .groups = "17 1d", .shares = "17 1d",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
	{"the best group that there is", "", BOTH, .groups = "18 17", .shares = "18",
	 .expected = {TLS_STEP_DONE, 0, 0x304, 0x1302, 23, true, 0x403, TLS_KEY_ECDSA_P256}},
	{"1.2 has no shares", "", BOTH, .versions = version_1_2, .groups = "17 1d", .shares = "17",
	 .expected = {TLS_STEP_DONE, 0, 0x303, 0xc02c, 29, false, 0x403, TLS_KEY_ECDSA_P256}},
};
/* clang-format on */

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		expect(&rows[i], tls_policy_find(span_of_string(rows[i].policy)));
}

static void test_client_order(void **state)
{
	struct tls_policy policy = *tls_policy_default();

	(void)state;
	policy.order = TLS_ORDER_CLIENT;
	for (size_t i = 0; i < ARRAY_LENGTH(client_rows); i++)
		expect(&client_rows[i], &policy);
}

static void test_strict_groups(void **state)
{
	struct tls_policy policy = *tls_policy_default();

	(void)state;
	policy.group_order = TLS_GROUPS_STRICT;
	for (size_t i = 0; i < ARRAY_LENGTH(strict_rows); i++)
		expect(&strict_rows[i], &policy);
}

/* --- Random offers ------------------------------------------------------------------------ */

static uint64_t random_state = 20260401;

static unsigned any(unsigned below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state % below);
}

static struct span any_list(char *bytes, const uint16_t *numbers, unsigned count, bool with_keys)
{
	struct span list = {0};

	for (unsigned size = any(4) ? any(LIST_MAX) : any(3); size > 0; size--) {
		put(bytes, &list, any(8) ? numbers[any(count)] : any(65536));
		if (with_keys) {
			put(bytes, &list, 2);
			put(bytes, &list, 0xffff);
		}
	}
	return list;
}

static void test_random_offers(void **state)
{
	static const uint16_t versions[] = {0x301, 0x302, 0x303, 0x304, 0x305, 0x3a3a};
	static const uint16_t suites[] = {0x1301, 0x1302, 0x1303, 0x1304, 0xc02b, 0xc02c, 0xc02f,
	                                  0xc030, 0xcca8, 0xcca9, 0xc013, 0x002f, 0x0a0a};
	static const uint16_t groups[] = {29, 23, 24, 25, 30, 256, 4588, 0x1a1a};
	static const uint16_t signatures[] = {0x403, 0x503, 0x603, 0x804, 0x805, 0x806,
	                                      0x401, 0x501, 0x601, 0x201, 0x203, 0x807};
	size_t seen[TLS_STEP_COUNT] = {0};

	(void)state;
	for (int i = 0; i < OFFERS; i++) {
		struct any_policy own;
		struct tls_policy policy = *tls_policy_at(any(2));
		unsigned kinds = any(1u << TLS_KEY_KIND_COUNT);
		struct lists lists;
		struct tls_hello offer = {.version = any(4) ? 0x0303 : 0x0300 + any(6)};
		struct tls_decision decision, reference;

		policy.order = any(4) ? TLS_ORDER_SERVER : TLS_ORDER_CLIENT;
		policy.prefer_chacha_if_client_does = any(2) != 0;
		if (any(2)) {
			make_any_policy((uint64_t)i, &own);
			policy = own.policy;
		}
		if (any(3))
			offer.versions =
				any_list(lists.versions, versions, (unsigned)ARRAY_LENGTH(versions), false);
		offer.suites = any_list(lists.suites, suites, (unsigned)ARRAY_LENGTH(suites), false);
		offer.groups = any_list(lists.groups, groups, (unsigned)ARRAY_LENGTH(groups), false);
		offer.key_shares = any_list(lists.shares, groups, (unsigned)ARRAY_LENGTH(groups), true);
		if (any(8) == 0 && offer.key_shares.size > 0)
			offer.key_shares.size -= 1 + any(3);
		offer.signatures =
			any_list(lists.signatures, signatures, (unsigned)ARRAY_LENGTH(signatures), false);
		tls_choose(&policy, kinds, &offer, &decision);
		reference = reference_choose(&policy, kinds, &offer);
		if (!decisions_are_equal(&decision, &reference))
			fail_msg("offer %d: step %d lack %d suite %x group %u; reference: %d %d %x %u", i,
			         decision.step, decision.lack, decision.suite, decision.group, reference.step,
			         reference.lack, reference.suite, reference.group);
		seen[decision.step]++;
	}
	for (size_t step = 0; step < TLS_STEP_COUNT; step++)
		assert_true(seen[step] > OFFERS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_client_order),
		cmocka_unit_test(test_strict_groups),
		cmocka_unit_test(test_random_offers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
