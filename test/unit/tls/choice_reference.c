#include "unit/tls/choice_reference.h"

#include <string.h>

#include "tls/algorithm.h"
#include "tls/iana.h"

enum { LIST_MAX = 40000 };

static unsigned number_at(struct span list, size_t index)
{
	return (unsigned)((unsigned char)list.data[2 * index] << 8 |
	                  (unsigned char)list.data[2 * index + 1]);
}

/* Its place in the list; -1: it is not there. */
static long place_of(struct span list, unsigned number)
{
	for (size_t i = 0; i < list.size / 2; i++)
		if (number_at(list, i) == number)
			return (long)i;
	return -1;
}

static bool is_named(unsigned suite, const char *part)
{
	const char *name = tls_suite_name(suite);

	return name && strstr(name, part) != NULL;
}

static bool has_version(const struct tls_hello *offer, unsigned version)
{
	if (offer->versions.size == 0)
		return version == 0x0303 && offer->version >= 0x0303;
	return place_of(offer->versions, version) >= 0;
}

/* Whether a key of that kind can make the signature that the client asks for. */
static bool can_sign(unsigned version, unsigned signature, enum tls_key_kind kind)
{
	const char *name = tls_signature_name(signature);
	bool is_rsa = kind == TLS_KEY_RSA;

	if (!name || (strncmp(name, "rsa", 3) == 0) != is_rsa)
		return false;
	if (is_rsa)
		return strncmp(name, version == 0x0304 ? "rsa_pss_rsae" : "rsa_pkcs1", 9) == 0;
	if (version == 0x0303)
		return strncmp(name, "ecdsa_secp", 10) == 0;
	return strncmp(name,
	               kind == TLS_KEY_ECDSA_P256   ? "ecdsa_secp256"
	               : kind == TLS_KEY_ECDSA_P384 ? "ecdsa_secp384"
	                                            : "ecdsa_secp521",
	               13) == 0;
}

static bool suite_goes_with(unsigned version, unsigned suite, enum tls_key_kind kind)
{
	if (version == 0x0304)
		return suite >> 8 == 0x13;
	return is_named(suite, kind == TLS_KEY_RSA ? "_ECDHE_RSA_" : "_ECDHE_ECDSA_");
}

static bool curve_is_listed(const struct tls_hello *offer, unsigned version, enum tls_key_kind kind)
{
	unsigned curve = kind == TLS_KEY_ECDSA_P256 ? 23 : kind == TLS_KEY_ECDSA_P384 ? 24 : 25;

	return version == 0x0304 || kind == TLS_KEY_RSA || place_of(offer->groups, curve) >= 0;
}

/* Whether any signature of both can be made by this kind of key. */
static bool any_signature(const struct tls_policy *policy, const struct tls_hello *offer,
                          unsigned version, enum tls_key_kind kind)
{
	for (size_t i = 0; policy->signatures[i]; i++) {
		long place = place_of(offer->signatures, policy->signatures[i]);

		if (place >= 0 && (version == 0x0303 || place < 19) &&
		    can_sign(version, policy->signatures[i], kind))
			return true;
	}
	return false;
}

/* Smaller is better: the place in the list whose order counts. */
static long rank(const struct tls_policy *policy, const uint16_t *ours, struct span theirs,
                 unsigned number)
{
	long place = place_of(theirs, number);

	if (place < 0 || number == 0)
		return -1;
	for (long i = 0; ours[i]; i++)
		if (ours[i] == number)
			return policy->order == TLS_ORDER_SERVER ? i : place;
	return -1;
}

static bool wants_chacha(const struct tls_policy *policy, const struct tls_hello *offer,
                         unsigned version)
{
	for (size_t i = 0; i < offer->suites.size / 2; i++)
		for (size_t j = 0; policy->suites[j]; j++)
			if (policy->suites[j] == number_at(offer->suites, i) &&
			    (policy->suites[j] >> 8 == 0x13) == (version == 0x0304))
				return is_named(policy->suites[j], "CHACHA20");
	return false;
}

/* The best suite for which there is a kind of certificate that `is_good`. */
static unsigned best_suite(const struct tls_policy *policy, const struct tls_hello *offer,
                           unsigned version, const bool *is_good)
{
	unsigned best = 0;
	long best_rank = LIST_MAX;
	bool chacha = policy->prefer_chacha_if_client_does && wants_chacha(policy, offer, version);

	for (size_t i = 0; policy->suites[i]; i++) {
		unsigned suite = policy->suites[i];
		long suite_rank = rank(policy, policy->suites, offer->suites, suite);
		bool is_possible = false;

		for (unsigned kind = 0; kind < TLS_KEY_KIND_COUNT; kind++)
			if (is_good[kind] && suite_goes_with(version, suite, (enum tls_key_kind)kind))
				is_possible = true;
		if (suite_rank < 0 || !is_possible)
			continue;
		if (chacha && !is_named(suite, "CHACHA20"))
			suite_rank += LIST_MAX / 2;
		if (suite_rank < best_rank) {
			best_rank = suite_rank;
			best = suite;
		}
	}
	return best;
}

static bool is_shared(const struct tls_hello *offer, unsigned group)
{
	size_t at = 0;

	while (at + 4 <= offer->key_shares.size) {
		struct span entry = span_from(offer->key_shares, at);
		size_t size = number_at(entry, 1);

		if (entry.size < 4 + size)
			return false;
		if (number_at(entry, 0) == group)
			return true;
		at += 4 + size;
	}
	return false;
}

/* `shares`: 1 for groups with a key share only, -1 for those without, 0 for all. */
static unsigned best_group(const struct tls_policy *policy, const struct tls_hello *offer,
                           int shares)
{
	unsigned best = 0;
	long best_rank = LIST_MAX;

	for (size_t i = 0; policy->groups[i]; i++) {
		long group_rank = rank(policy, policy->groups, offer->groups, policy->groups[i]);

		if (group_rank >= 0 && group_rank < best_rank &&
		    (shares == 0 || is_shared(offer, policy->groups[i]) == (shares > 0))) {
			best_rank = group_rank;
			best = policy->groups[i];
		}
	}
	return best;
}

static void best_signature(const struct tls_policy *policy, const struct tls_hello *offer,
                           const bool *is_good, struct tls_decision *decision)
{
	long best_rank = LIST_MAX;

	for (size_t i = 0; policy->signatures[i]; i++)
		for (unsigned kind = 0; kind < TLS_KEY_KIND_COUNT; kind++) {
			unsigned signature = policy->signatures[i];
			long place = place_of(offer->signatures, signature);
			long here = rank(policy, policy->signatures, offer->signatures, signature);

			if (here < 0 || here >= best_rank || !is_good[kind] ||
			    (decision->version == 0x0304 && place >= 19) ||
			    !suite_goes_with(decision->version, decision->suite, (enum tls_key_kind)kind) ||
			    !can_sign(decision->version, signature, (enum tls_key_kind)kind))
				continue;
			best_rank = here;
			decision->signature = signature;
			decision->kind = (enum tls_key_kind)kind;
		}
}

static enum tls_lack lack_of_signature(const struct tls_policy *policy,
                                       const struct tls_hello *offer, unsigned version,
                                       const bool *exists)
{
	bool is_common = false;
	bool is_ours[TLS_KEY_KIND_COUNT] = {0};

	for (unsigned kind = 0; kind < TLS_KEY_KIND_COUNT; kind++) {
		bool has_any = any_signature(policy, offer, version, (enum tls_key_kind)kind);

		is_common = is_common || has_any;
		is_ours[kind] = has_any && exists[kind];
	}
	if (!is_common)
		return TLS_LACK_COMMON;
	if (version == 0x0303 && best_suite(policy, offer, version, is_ours))
		return TLS_LACK_CURVE;
	return TLS_LACK_CERTIFICATE;
}

static struct tls_decision fails_at(struct tls_decision decision, enum tls_step step,
                                    enum tls_lack lack)
{
	decision.step = step;
	decision.lack = lack;
	return decision;
}

struct tls_decision reference_choose(const struct tls_policy *policy, unsigned kinds,
                                     const struct tls_hello *offer)
{
	struct tls_decision decision = {.step = TLS_STEP_DONE};
	bool any[TLS_KEY_KIND_COUNT], exists[TLS_KEY_KIND_COUNT], good[TLS_KEY_KIND_COUNT];
	unsigned version = 0;

	for (unsigned v = policy->version_min; v <= policy->version_max; v++)
		if (has_version(offer, v))
			version = v;
	decision.version = version;
	if (!version)
		return fails_at(decision, TLS_STEP_VERSION, TLS_LACK_COMMON);
	for (unsigned kind = 0; kind < TLS_KEY_KIND_COUNT; kind++) {
		any[kind] = true;
		exists[kind] = (kinds >> kind & 1) != 0;
		good[kind] = exists[kind] && curve_is_listed(offer, version, (enum tls_key_kind)kind) &&
		             any_signature(policy, offer, version, (enum tls_key_kind)kind);
	}
	if (!best_suite(policy, offer, version, any))
		return fails_at(decision, TLS_STEP_SUITE, TLS_LACK_COMMON);
	if (version == 0x0303 && !best_suite(policy, offer, version, exists))
		return fails_at(decision, TLS_STEP_SUITE, TLS_LACK_CERTIFICATE);
	if (!best_group(policy, offer, 0))
		return fails_at(decision, TLS_STEP_GROUP, TLS_LACK_COMMON);
	decision.suite = best_suite(policy, offer, version, version == 0x0304 ? any : good);
	bool is_1_3 = version == 0x0304;

	decision.group = is_1_3 && offer->has_early_data ? best_group(policy, offer, -1) : 0;
	if (!decision.group)
		decision.group =
			best_group(policy, offer, is_1_3 && policy->group_order == TLS_GROUPS_OFFERED);
	if (!decision.group)
		decision.group = best_group(policy, offer, 0);
	decision.has_retry = is_1_3 && decision.group && !is_shared(offer, decision.group);
	if (decision.suite)
		best_signature(policy, offer, good, &decision);
	if (!decision.suite || !decision.signature)
		return fails_at(decision, TLS_STEP_SIGNATURE,
		                lack_of_signature(policy, offer, version, exists));
	return decision;
}

bool decisions_are_equal(const struct tls_decision *a, const struct tls_decision *b)
{
	if (a->step != b->step || a->lack != b->lack || a->version != b->version)
		return false;
	return a->step != TLS_STEP_DONE ||
	       (a->suite == b->suite && a->group == b->group && a->has_retry == b->has_retry &&
	        a->signature == b->signature && a->kind == b->kind);
}

static unsigned any(uint64_t *state, unsigned below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (unsigned)(*state % below);
}

/* Some of all that there are, each once, in any order. */
static void fill_list(uint64_t *state, enum tls_list list, uint16_t *numbers)
{
	size_t count = 0;

	for (size_t i = 0; tls_algorithm_at(list, i) != 0; i++) {
		size_t at = any(state, (unsigned)count + 1);

		if (any(state, 3) == 0)
			continue;
		numbers[count++] = numbers[at];
		numbers[at] = (uint16_t)tls_algorithm_at(list, i);
	}
	numbers[count] = 0;
}

void make_any_policy(uint64_t seed, struct any_policy *ret_policy)
{
	uint64_t state = seed * 2 + 1;
	unsigned versions = any(&state, 3);

	fill_list(&state, TLS_LIST_SUITES, ret_policy->suites);
	fill_list(&state, TLS_LIST_GROUPS, ret_policy->groups);
	fill_list(&state, TLS_LIST_SIGNATURES, ret_policy->signatures);
	ret_policy->policy = (struct tls_policy){
		.name = "any",
		.summary = "",
		.text = "",
		.version_min = versions == 1 ? TLS_VERSION_1_3 : TLS_VERSION_1_2,
		.version_max = versions == 2 ? TLS_VERSION_1_2 : TLS_VERSION_1_3,
		.suites = ret_policy->suites,
		.groups = ret_policy->groups,
		.signatures = ret_policy->signatures,
		.order = (enum tls_order)any(&state, TLS_ORDER_COUNT),
		.group_order = (enum tls_group_order)any(&state, TLS_GROUPS_COUNT),
		.prefer_chacha_if_client_does = any(&state, 2) != 0,
	};
}
