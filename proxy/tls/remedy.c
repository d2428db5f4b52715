#include "tls/remedy.h"

#include "base/check.h"
#include "tls/algorithm.h"
#include "tls/bytes.h"
#include "tls/iana.h"

/* The kinds of keys that are worth adding, the best first. */
static const enum tls_key_kind all_kinds[] = {TLS_KEY_ECDSA_P256, TLS_KEY_RSA, TLS_KEY_ECDSA_P384,
                                              TLS_KEY_ECDSA_P521};

enum { SECP521R1 = 25, ADDITIONS_MAX = 5 };

/* --- A policy with more in it ------------------------------------------------------------- */

static void append(uint16_t *list, const uint16_t *policys, unsigned number)
{
	size_t count = 0;

	for (; policys[count] != 0 && count < TLS_REMEDY_LIST_MAX - 2; count++)
		list[count] = policys[count];
	check(policys[count] == 0);
	list[count++] = (uint16_t)number; /* 0 ends it, too */
	list[count] = 0;
}

void tls_remedy_apply(const struct tls_policy *policy, unsigned kinds,
                      const struct tls_remedy *remedy, struct tls_remedied *ret_remedied)
{
	struct tls_policy *ours = &ret_remedied->policy;

	if (remedy->policy)
		policy = remedy->policy;
	*ours = *policy;
	if (remedy->version != 0 && remedy->version < ours->version_min)
		ours->version_min = remedy->version;
	if (remedy->version > ours->version_max)
		ours->version_max = remedy->version;
	append(ret_remedied->suites, policy->suites, remedy->suite);
	append(ret_remedied->groups, policy->groups, remedy->group);
	append(ret_remedied->signatures, policy->signatures, remedy->signature);
	ours->suites = ret_remedied->suites;
	ours->groups = ret_remedied->groups;
	ours->signatures = ret_remedied->signatures;
	ret_remedied->kinds = kinds | (remedy->has_certificate ? 1u << remedy->kind : 0);
}

/* --- The search --------------------------------------------------------------------------- */

struct search {
	const struct tls_policy *policy;
	unsigned kinds;
	const struct tls_hello *offer;
	unsigned tries;
	bool is_found;
	struct tls_remedy best;
};

/* Of those with as few additions, the one with the least weight is taken. */
static unsigned weight(const struct tls_remedy *remedy)
{
	unsigned sum = 0;

	sum += remedy->version == TLS_VERSION_1_2 ? 40 : 0;
	sum += remedy->suite != 0 ? 10 : 0;
	sum += remedy->group == SECP521R1 ? 15 : 0;
	sum += remedy->group != 0 ? 10 : 0;
	sum += remedy->signature != 0 ? 10 : 0;
	sum += remedy->has_certificate ? 20 : 0;
	sum += remedy->has_retry ? 1 : 0;
	return sum;
}

static void take(struct search *search, const struct tls_remedy *remedy)
{
	if (search->is_found && weight(&search->best) <= weight(remedy))
		return;
	search->is_found = true;
	search->best = *remedy;
}

static void look(struct search *search, const struct tls_remedy *remedy, unsigned additions);

/* The same remedy with this number in the place of its list, if it can help in that version. */
static bool add_number(struct tls_remedy *remedy, enum tls_list list, unsigned number,
                       unsigned version)
{
	switch (list) {
	case TLS_LIST_SUITES:
		remedy->suite = number;
		return tls_suite_version(number) == version;
	case TLS_LIST_GROUPS:
		remedy->group = number;
		return true;
	default:
		remedy->signature = number;
		return tls_signature_kinds(version, number) != 0;
	}
}

/* Tries each of a list that the client has. */
static void look_for_numbers(struct search *search, const struct tls_remedy *remedy,
                             enum tls_list list, struct span theirs, unsigned version,
                             unsigned additions)
{
	unsigned number;

	for (size_t i = 0; (number = tls_algorithm_at(list, i)) != 0; i++) {
		struct tls_remedy next = *remedy;

		if (tls_list_has(theirs, (uint16_t)number) && add_number(&next, list, number, version))
			look(search, &next, additions);
	}
}

static void look_for_versions(struct search *search, const struct tls_remedy *remedy,
                              unsigned additions)
{
	struct tls_remedy next = *remedy;

	for (unsigned version = TLS_VERSION_1_3; version >= TLS_VERSION_1_2; version--) {
		next.version = version;
		if (tls_offers_version(search->offer, version))
			look(search, &next, additions);
	}
}

static void look_for_certificates(struct search *search, const struct tls_remedy *remedy,
                                  unsigned additions)
{
	struct tls_remedy next = *remedy;

	next.has_certificate = true;
	for (size_t i = 0; i < ARRAY_LENGTH(all_kinds); i++) {
		next.kind = all_kinds[i];
		look(search, &next, additions);
	}
}

/* Adds what the failing step can be helped with, nothing twice. */
static void look_further(struct search *search, const struct tls_remedy *remedy,
                         const struct tls_decision *decision, unsigned additions)
{
	const struct tls_hello *offer = search->offer;
	bool is_of_certificates =
		decision->step == TLS_STEP_SUITE || decision->step == TLS_STEP_SIGNATURE;

	if (decision->step == TLS_STEP_VERSION && remedy->version == 0)
		look_for_versions(search, remedy, additions);
	if (is_of_certificates && remedy->suite == 0)
		look_for_numbers(search, remedy, TLS_LIST_SUITES, offer->suites, decision->version,
		                 additions);
	if (decision->step == TLS_STEP_GROUP && remedy->group == 0)
		look_for_numbers(search, remedy, TLS_LIST_GROUPS, offer->groups, decision->version,
		                 additions);
	if (decision->step == TLS_STEP_SIGNATURE && remedy->signature == 0)
		look_for_numbers(search, remedy, TLS_LIST_SIGNATURES, offer->signatures, decision->version,
		                 additions);
	if (is_of_certificates && !remedy->has_certificate)
		look_for_certificates(search, remedy, additions);
}

/* `additions`: how many more may be made. At most ADDITIONS_MAX deep. */
static void look(struct search *search, const struct tls_remedy *remedy, unsigned additions)
{
	struct tls_remedied remedied;
	struct tls_decision decision;

	if (search->tries++ >= TLS_REMEDY_TRIES_MAX)
		return;
	tls_remedy_apply(search->policy, search->kinds, remedy, &remedied);
	tls_choose(&remedied.policy, remedied.kinds, search->offer, &decision);
	if (decision.step == TLS_STEP_DONE) {
		struct tls_remedy found = *remedy;

		found.has_retry = decision.has_retry;
		take(search, &found);
	} else if (additions > 0) {
		look_further(search, remedy, &decision, additions - 1);
	}
}

static const uint16_t *all_of(enum tls_list list, uint16_t numbers[TLS_REMEDY_LIST_MAX])
{
	size_t count = 0;
	unsigned number;

	for (; (number = tls_algorithm_at(list, count)) != 0; count++)
		numbers[count] = (uint16_t)number;
	check(count < TLS_REMEDY_LIST_MAX);
	numbers[count] = 0;
	return numbers;
}

/* What would be decided if everything were allowed and there were all certificates. */
static enum tls_step find_lacking(const struct search *search)
{
	uint16_t suites[TLS_REMEDY_LIST_MAX], groups[TLS_REMEDY_LIST_MAX];
	uint16_t signatures[TLS_REMEDY_LIST_MAX];
	struct tls_policy policy = *search->policy;
	struct tls_decision decision;
	unsigned kinds = (1u << TLS_KEY_KIND_COUNT) - 1;

	policy.version_min = TLS_VERSION_1_2;
	policy.version_max = TLS_VERSION_1_3;
	policy.suites = all_of(TLS_LIST_SUITES, suites);
	policy.groups = all_of(TLS_LIST_GROUPS, groups);
	policy.signatures = all_of(TLS_LIST_SIGNATURES, signatures);
	tls_choose(&policy, kinds, search->offer, &decision);
	if (decision.step == TLS_STEP_DONE || policy.version_max == search->policy->version_max)
		return decision.step;
	/* Without TLS 1.3, which it offers but can not use, it might do. */
	policy.version_max = search->policy->version_max;
	tls_choose(&policy, kinds, search->offer, &decision);
	return decision.step;
}

/* One other policy is easier to write, and to read, than two additions to this one. */
static void look_for_policies(struct search *search)
{
	struct tls_remedy *best = &search->best;
	unsigned kinds = search->kinds | (best->has_certificate ? 1u << best->kind : 0);
	int count =
		(best->version != 0) + (best->suite != 0) + (best->group != 0) + (best->signature != 0);
	const struct tls_policy *policy;

	if (count < 2)
		return;
	for (size_t i = 0; (policy = tls_policy_at(i)) != NULL; i++) {
		struct tls_decision decision;

		tls_choose(policy, kinds, search->offer, &decision);
		if (decision.step != TLS_STEP_DONE)
			continue;
		best->policy = policy;
		/* Its price is that of the older version that it allows. */
		best->version = policy->version_min < search->policy->version_min ? policy->version_min : 0;
		best->suite = best->group = best->signature = 0;
		best->has_retry = decision.has_retry;
		return;
	}
}

void tls_remedy_find(const struct tls_policy *policy, unsigned kinds, const struct tls_hello *offer,
                     struct tls_remedy *ret_remedy)
{
	struct search search = {.policy = policy, .kinds = kinds, .offer = offer};
	struct tls_remedy nothing = {.lacking = TLS_STEP_DONE};
	enum tls_step lacking = find_lacking(&search);

	*ret_remedy = (struct tls_remedy){.lacking = lacking};
	if (lacking != TLS_STEP_DONE)
		return;
	/* One addition, then two, …: the fewest win. */
	for (unsigned additions = 1; additions <= ADDITIONS_MAX && !search.is_found; additions++)
		look(&search, &nothing, additions);
	if (!search.is_found)
		return;
	look_for_policies(&search);
	*ret_remedy = search.best;
	ret_remedy->is_possible = true;
}

/* --- In words ----------------------------------------------------------------------------- */

static void put_impossible(enum tls_step lacking, struct text *text)
{
	static const char *const words[TLS_STEP_COUNT] = {
		[TLS_STEP_VERSION] = "Mbed TLS has nothing older than 1.2",
		[TLS_STEP_SUITE] = "it has no ECDHE suite with an AEAD cipher, all that Mbed TLS has here",
		[TLS_STEP_GROUP] = "it has none of the groups that Mbed TLS has",
		[TLS_STEP_SIGNATURE] = "it has none of the signature algorithms that Mbed TLS has",
		[TLS_STEP_DONE] = "more than one thing would have to change",
	};

	text_printf(text, "update the client: %s", words[lacking]);
}

/* "allow A, B and C", one by one. */
static void put_allowed(struct text *text, unsigned *count, const char *name)
{
	text_printf(text, "%s%s", (*count)++ > 0 ? ", " : "allow ", name);
}

void tls_remedy_put(const struct tls_remedy *remedy, struct text *text)
{
	unsigned count = 0;

	if (!remedy->is_possible) {
		put_impossible(remedy->lacking, text);
		return;
	}
	if (remedy->policy)
		text_printf(text, "use policy %s%s", remedy->policy->name,
		            remedy->has_certificate ? "" : " for the name");
	if (remedy->version && !remedy->policy)
		put_allowed(text, &count, tls_version_name(remedy->version));
	if (remedy->suite)
		put_allowed(text, &count, tls_suite_name(remedy->suite));
	if (remedy->group)
		put_allowed(text, &count, tls_group_name(remedy->group));
	if (remedy->signature)
		put_allowed(text, &count, tls_signature_name(remedy->signature));
	if (remedy->has_certificate)
		text_printf(text, "%sadd an %s certificate for the name",
		            count > 0 || remedy->policy ? ", and " : "", tls_key_kind_name(remedy->kind));
}

static void put_cost(struct text *text, unsigned *count, const char *cost)
{
	text_printf(text, "%s%s", (*count)++ > 0 ? "; " : "", cost);
}

void tls_remedy_put_price(const struct tls_remedy *remedy, struct text *text)
{
	unsigned count = 0;

	if (remedy->version == TLS_VERSION_1_2)
		put_cost(text, &count,
		         "TLS 1.2 is below Mozilla modern 6.0, and shows the certificate to everybody");
	if (remedy->group == SECP521R1)
		put_cost(text, &count, "secp521r1 is not in Mozilla's guideline, and slow");
	if (remedy->has_certificate)
		put_cost(text, &count, "one more certificate to renew");
	if (remedy->has_certificate && remedy->kind == TLS_KEY_RSA)
		put_cost(text, &count, "an RSA signature takes nine times the work of one with P-256");
	if (remedy->has_certificate && remedy->kind == TLS_KEY_ECDSA_P521)
		put_cost(text, &count, "few clients know P-521");
	if (remedy->has_retry)
		put_cost(text, &count, "a round trip more for this client (HelloRetryRequest)");
	if (count == 0)
		text_put_string(text, remedy->is_possible ? "nothing" : "");
}
