#include "tls/choice.h"

#include "tls/bytes.h"

enum {
	RSA = 1u << TLS_KEY_RSA,
	P256 = 1u << TLS_KEY_ECDSA_P256,
	P384 = 1u << TLS_KEY_ECDSA_P384,
	P521 = 1u << TLS_KEY_ECDSA_P521,
	ECDSA = P256 | P384 | P521,
	ALL = RSA | ECDSA,
};

/* --- What the numbers mean ---------------------------------------------------------------- */

/* RFC 8446 §4.2.3: in TLS 1.3 an algorithm of ECDSA means one curve, and RSA is PSS. In TLS 1.2
 * (RFC 5246 §7.4.1.4.1) hash and curve go apart, and the library's RSA is PKCS#1 v1.5. */
unsigned tls_signature_kinds(unsigned version, unsigned signature)
{
	static const struct {
		unsigned signature;
		unsigned kinds_1_3;
		unsigned kinds_1_2;
	} rows[] = {
		{0x0403, P256, ECDSA}, {0x0503, P384, ECDSA}, {0x0603, P521, ECDSA},
		{0x0804, RSA, 0},      {0x0805, RSA, 0},      {0x0806, RSA, 0},
		{0x0401, 0, RSA},      {0x0501, 0, RSA},      {0x0601, 0, RSA},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (rows[i].signature == signature)
			return version == TLS_VERSION_1_3 ? rows[i].kinds_1_3 : rows[i].kinds_1_2;
	return 0;
}

unsigned tls_suite_kinds(unsigned suite)
{
	switch (suite) {
	case 0x1301:
	case 0x1302:
	case 0x1303:
		return ALL;
	case 0xc02b:
	case 0xc02c:
	case 0xcca9:
		return ECDSA;
	case 0xc02f:
	case 0xc030:
	case 0xcca8:
		return RSA;
	default:
		return 0;
	}
}

unsigned tls_suite_version(unsigned suite)
{
	return suite >> 8 == 0x13 ? TLS_VERSION_1_3 : TLS_VERSION_1_2;
}

static bool is_chacha(unsigned suite)
{
	return suite == 0x1303 || suite == 0xcca8 || suite == 0xcca9;
}

bool tls_offers_version(const struct tls_hello *offer, unsigned version)
{
	/* RFC 8446 §4.2.1: with supported_versions nothing else counts; without, no TLS 1.3. */
	if (offer->versions.size > 0)
		return tls_list_has(offer->versions, (uint16_t)version);
	return version <= TLS_VERSION_1_2 && offer->version >= version;
}

/* --- Candidates in order ------------------------------------------------------------------ */

/* What both sides list, in the order that counts. */
struct candidates {
	const uint16_t *ours;
	struct span theirs;
	enum tls_order order;
	size_t at;
};

static bool is_ours(const uint16_t *ours, unsigned number)
{
	for (size_t i = 0; ours[i] != 0; i++)
		if (ours[i] == number)
			return true;
	return false;
}

/* The next one; 0: no more. */
static unsigned next_candidate(struct candidates *candidates)
{
	if (candidates->order == TLS_ORDER_SERVER) {
		while (candidates->ours[candidates->at] != 0) {
			unsigned number = candidates->ours[candidates->at++];

			if (tls_list_has(candidates->theirs, (uint16_t)number))
				return number;
		}
		return 0;
	}
	while (candidates->at < candidates->theirs.size) {
		struct tls_bytes bytes = {.left = span_from(candidates->theirs, candidates->at)};
		unsigned number = tls_bytes_number(&bytes, 2);

		candidates->at += 2;
		if (is_ours(candidates->ours, number))
			return number;
	}
	return 0;
}

struct search {
	const struct tls_policy *policy;
	const struct tls_hello *offer;
	unsigned kinds; /* of the certificates that there are */
	unsigned version;
};

/* --- Steps -------------------------------------------------------------------------------- */

static unsigned find_version(const struct search *search)
{
	for (unsigned version = search->policy->version_max; version >= search->policy->version_min;
	     version--)
		if (tls_offers_version(search->offer, version))
			return version;
	return 0;
}

static unsigned first_suite(const struct search *search, enum tls_order order, unsigned kinds,
                            bool only_chacha)
{
	struct candidates candidates = {search->policy->suites, search->offer->suites, order, 0};
	unsigned suite;

	while ((suite = next_candidate(&candidates)) != 0)
		if (tls_suite_version(suite) == search->version && (tls_suite_kinds(suite) & kinds) != 0 &&
		    (!only_chacha || is_chacha(suite)))
			break;
	return suite;
}

/* The suite, if certificates of these kinds can be used; 0: none. */
static unsigned find_suite(const struct search *search, unsigned kinds)
{
	const struct tls_policy *policy = search->policy;
	unsigned suite = 0;

	if (policy->prefer_chacha_if_client_does &&
	    is_chacha(first_suite(search, TLS_ORDER_CLIENT, ALL, false)))
		suite = first_suite(search, policy->order, kinds, true);
	return suite ? suite : first_suite(search, policy->order, kinds, false);
}

static bool has_key_share(const struct tls_hello *offer, unsigned group)
{
	struct tls_bytes shares = {.left = offer->key_shares};

	while (shares.left.size > 0) {
		unsigned shared = tls_bytes_number(&shares, 2);

		(void)tls_bytes_vector(&shares, 2);
		if (shares.failed)
			break;
		if (shared == group)
			return true;
	}
	return false;
}

enum shares { SHARED_OR_NOT, ONLY_SHARED, ONLY_UNSHARED };

static unsigned find_group(const struct search *search, enum shares shares)
{
	struct candidates candidates = {search->policy->groups, search->offer->groups,
	                                search->policy->order, 0};
	unsigned group;

	while ((group = next_candidate(&candidates)) != 0)
		if (shares == SHARED_OR_NOT ||
		    has_key_share(search->offer, group) == (shares == ONLY_SHARED))
			break;
	return group;
}

/* The algorithm for a certificate of one of these kinds, and *ret_kinds that can make it. */
static unsigned find_signature(const struct search *search, unsigned kinds, unsigned *ret_kinds)
{
	struct span theirs = search->offer->signatures;
	unsigned signature;

	if (search->version == TLS_VERSION_1_3)
		theirs = span_cut(theirs, 0, 2 * (size_t)TLS_CHOICE_SIGNATURES_MAX);

	struct candidates candidates = {search->policy->signatures, theirs, search->policy->order, 0};

	while ((signature = next_candidate(&candidates)) != 0) {
		*ret_kinds = tls_signature_kinds(search->version, signature) & kinds;
		if (*ret_kinds != 0)
			break;
	}
	return signature;
}

/* RFC 8422 §5.1: a client lists the curves of certificates, too. */
static unsigned listed_kinds(const struct search *search)
{
	const struct span groups = search->offer->groups;
	unsigned kinds = RSA;

	kinds |= tls_list_has(groups, 23) ? P256 : 0;
	kinds |= tls_list_has(groups, 24) ? P384 : 0;
	kinds |= tls_list_has(groups, 25) ? P521 : 0;
	return kinds & search->kinds;
}

static unsigned verifiable_kinds(const struct search *search, unsigned kinds)
{
	unsigned ecdsa = 0;
	unsigned rsa = 0;

	(void)find_signature(search, kinds & ECDSA, &ecdsa);
	(void)find_signature(search, kinds & RSA, &rsa);
	return ecdsa | rsa;
}

/* --- All together ------------------------------------------------------------------------- */

static void lack(struct tls_decision *decision, enum tls_step step, enum tls_lack lack)
{
	decision->step = step;
	decision->lack = lack;
}

/* Which certificates may sign, with this suite; 0: none, and the decision tells what is missing. */
static unsigned choose_suite(const struct search *search, struct tls_decision *decision)
{
	bool is_1_3 = search->version == TLS_VERSION_1_3;
	unsigned kinds = is_1_3 ? ALL : verifiable_kinds(search, listed_kinds(search));
	unsigned unused = 0;

	decision->suite = find_suite(search, kinds);
	if (decision->suite)
		return kinds & search->kinds & tls_suite_kinds(decision->suite);
	if (!find_suite(search, ALL))
		lack(decision, TLS_STEP_SUITE, TLS_LACK_COMMON);
	else if (!find_suite(search, search->kinds))
		lack(decision, TLS_STEP_SUITE, TLS_LACK_CERTIFICATE);
	else if (!find_group(search, SHARED_OR_NOT))
		lack(decision, TLS_STEP_GROUP, TLS_LACK_COMMON);
	else if (!find_signature(search, ALL, &unused))
		lack(decision, TLS_STEP_SIGNATURE, TLS_LACK_COMMON);
	else if (!find_suite(search, verifiable_kinds(search, search->kinds)))
		lack(decision, TLS_STEP_SIGNATURE, TLS_LACK_CERTIFICATE);
	else
		lack(decision, TLS_STEP_SIGNATURE, TLS_LACK_CURVE);
	return 0;
}

static void choose_group(const struct search *search, struct tls_decision *decision)
{
	bool is_1_3 = search->version == TLS_VERSION_1_3; /* TLS 1.2 asks after it has chosen */

	/* 0-RTT data can only be skipped after a HelloRetryRequest (tls/early_data.h). */
	if (is_1_3 && search->offer->has_early_data)
		decision->group = find_group(search, ONLY_UNSHARED);
	if (!decision->group && is_1_3 && search->policy->group_order == TLS_GROUPS_OFFERED)
		decision->group = find_group(search, ONLY_SHARED);
	if (!decision->group)
		decision->group = find_group(search, SHARED_OR_NOT);
	decision->has_retry =
		is_1_3 && decision->group && !has_key_share(search->offer, decision->group);
	if (!decision->group)
		lack(decision, TLS_STEP_GROUP, TLS_LACK_COMMON);
}

static void choose_signature(const struct search *search, unsigned kinds,
                             struct tls_decision *decision)
{
	unsigned unused = 0;

	decision->signature = find_signature(search, kinds, &kinds);
	if (!decision->signature) {
		lack(decision, TLS_STEP_SIGNATURE,
		     find_signature(search, ALL, &unused) ? TLS_LACK_CERTIFICATE : TLS_LACK_COMMON);
		return;
	}
	while (decision->kind + 1 < TLS_KEY_KIND_COUNT && (kinds & 1u << decision->kind) == 0)
		decision->kind++;
}

void tls_choose(const struct tls_policy *policy, unsigned kinds, const struct tls_hello *offer,
                struct tls_decision *ret_decision)
{
	struct search search = {.policy = policy, .offer = offer, .kinds = kinds};
	struct tls_decision *decision = ret_decision;

	*decision = (struct tls_decision){.step = TLS_STEP_DONE};
	search.version = decision->version = find_version(&search);
	if (!search.version) {
		lack(decision, TLS_STEP_VERSION, TLS_LACK_COMMON);
		return;
	}
	kinds = choose_suite(&search, decision);
	if (decision->step == TLS_STEP_DONE)
		choose_group(&search, decision);
	if (decision->step == TLS_STEP_DONE)
		choose_signature(&search, kinds, decision);
}

enum error tls_step_error(enum tls_step step)
{
	static const enum error errors[TLS_STEP_COUNT] = {
		[TLS_STEP_VERSION] = ERROR_TLS_NO_COMMON_VERSION,
		[TLS_STEP_SUITE] = ERROR_TLS_NO_COMMON_SUITE,
		[TLS_STEP_GROUP] = ERROR_TLS_NO_COMMON_GROUP,
		[TLS_STEP_SIGNATURE] = ERROR_TLS_NO_COMMON_SIGNATURE,
		[TLS_STEP_DONE] = OK,
	};

	check(step < TLS_STEP_COUNT);
	return errors[step];
}
