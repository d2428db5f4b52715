#include "setup/lint.h"

#include <stdio.h>

#include "base/check.h"

enum { KEY_PATH_MAX = 160 }; /* `policies.`, a name of 64 and a key */

enum { AES_128_GCM = 0x1301, AES_256_GCM = 0x1302, P256 = 23, P521 = 25, X25519 = 29 };

enum grade { GRADE_NOTICE, GRADE_WEAK };

/* --- What there is to find ---------------------------------------------------------------- */

/* Its place in the list, from 1; 0: it is not there. */
static size_t place_in(const uint16_t *numbers, unsigned number)
{
	for (size_t i = 0; numbers[i] != 0; i++)
		if (numbers[i] == number)
			return i + 1;
	return 0;
}

static bool has_1_3(const struct tls_policy *policy)
{
	return policy->version_max >= TLS_VERSION_1_3;
}

static bool lacks_1_3(const struct tls_policy *policy)
{
	return !has_1_3(policy);
}

static bool has_1_2(const struct tls_policy *policy)
{
	return policy->version_min <= TLS_VERSION_1_2;
}

static bool lacks_suite_of_all(const struct tls_policy *policy)
{
	return has_1_3(policy) && !place_in(policy->suites, AES_128_GCM);
}

static bool prefers_128(const struct tls_policy *policy)
{
	size_t weaker = place_in(policy->suites, AES_128_GCM);
	size_t stronger = place_in(policy->suites, AES_256_GCM);

	return weaker > 0 && stronger > weaker && policy->order == TLS_ORDER_SERVER;
}

static bool lacks_group_of_all(const struct tls_policy *policy)
{
	return !place_in(policy->groups, P256);
}

static bool lacks_x25519(const struct tls_policy *policy)
{
	return !place_in(policy->groups, X25519);
}

static bool has_p521(const struct tls_policy *policy)
{
	return place_in(policy->groups, P521) > 0;
}

static bool has_order_of_client(const struct tls_policy *policy)
{
	return policy->order == TLS_ORDER_CLIENT;
}

static bool is_strict(const struct tls_policy *policy)
{
	return policy->group_order == TLS_GROUPS_STRICT;
}

/* --- The table ---------------------------------------------------------------------------- */

enum key { KEY_VERSIONS, KEY_SUITES, KEY_GROUPS, KEY_OTHER };

static const struct rule {
	enum grade grade;
	bool (*is_broken)(const struct tls_policy *policy);
	enum key key;
	const char *key_name;
	const char *words;
} rules[] = {
	{GRADE_WEAK, lacks_1_3, KEY_VERSIONS, "versions",
     "below Mozilla intermediate 6.0: does not allow TLS 1.3"},
	{GRADE_WEAK, has_1_2, KEY_VERSIONS, "versions",
     "below Mozilla modern 6.0: allows TLS 1.2, which the policy that it is based on does not"},
	{GRADE_NOTICE, lacks_suite_of_all, KEY_SUITES, "cipher_suites",
     "leaves out TLS_AES_128_GCM_SHA256, the one suite that every client of TLS 1.3 has (RFC 8446 "
     "§9.1)"},
	{GRADE_NOTICE, prefers_128, KEY_SUITES, "cipher_suites",
     "prefers TLS_AES_128_GCM_SHA256 to TLS_AES_256_GCM_SHA384"},
	{GRADE_NOTICE, lacks_group_of_all, KEY_GROUPS, "groups",
     "leaves out secp256r1, the one group that every client of TLS 1.3 has (RFC 8446 §9.1)"},
	{GRADE_NOTICE, lacks_x25519, KEY_GROUPS, "groups",
     "leaves out x25519, which most clients send a key share for: others cost a round trip more"},
	{GRADE_NOTICE, has_p521, KEY_GROUPS, "groups",
     "allows secp521r1, which is not in Mozilla's guideline 6.0 and costs the server several times "
     "as much as x25519"},
	{GRADE_NOTICE, has_order_of_client, KEY_OTHER, "order",
     "the client's order counts: one that lists the weakest first gets it"},
	{GRADE_NOTICE, is_strict, KEY_OTHER, "group_order",
     "a round trip more for each client that sends no key share for the best group it has"},
};

static struct place place_of(const struct rule *rule, const struct config_policy *config)
{
	const struct config_text_list *const lists[] = {
		[KEY_VERSIONS] = &config->versions,
		[KEY_SUITES] = &config->suites,
		[KEY_GROUPS] = &config->groups,
	};

	if (rule->key != KEY_OTHER && lists[rule->key]->count > 0)
		return lists[rule->key]->items[0].place;
	return config->name.place;
}

void setup_lint(const struct tls_policy *policy, const struct tls_policy *base,
                const struct config_policy *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
		const struct rule *rule = &rules[i];
		struct place place = place_of(rule, config);
		char path[KEY_PATH_MAX];

		if (!rule->is_broken(policy) || rule->is_broken(base))
			continue;
		(void)snprintf(path, sizeof(path), "policies.%s.%s", policy->name, rule->key_name);
		if (rule->grade == GRADE_WEAK)
			diagnostics_warning(diagnostics, place, path, "weak: %s", rule->words);
		else
			diagnostics_notice(diagnostics, place, path, "%s", rule->words);
	}
}
