#include "tls/prebuilt.h"

#include <mbedtls/ssl.h>

#include "base/memory.h"
#include "tls/library.h"

struct tls_prebuilt {
	struct tls_prebuilt *next;
	mbedtls_ssl_config config;
	/* Of the outcome; all 0: any. */
	unsigned version, suite, group, signature;
	/* The library keeps pointers to these. */
	int suites[TLS_POLICY_SUITES_MAX + 1];
	uint16_t groups[TLS_POLICY_GROUPS_MAX + 1];
	uint16_t signatures[TLS_POLICY_SIGNATURES_MAX + 1];
};

void tls_prebuilts_init(struct tls_prebuilts *prebuilts, const struct tls_terms *terms,
                        int (*set_up)(void *owner, struct mbedtls_ssl_config *config), void *owner)
{
	*prebuilts = (struct tls_prebuilts){.terms = terms, .set_up = set_up, .owner = owner};
}

static void free_one(struct tls_prebuilt *one)
{
	mbedtls_ssl_config_free(&one->config);
	memory_free(one);
}

void tls_prebuilts_done(struct tls_prebuilts *prebuilts)
{
	for (struct tls_prebuilt *one = prebuilts->first, *next; one; one = next) {
		next = one->next;
		free_one(one);
	}
	prebuilts->first = NULL;
}

/* Those of `all` that are allowed: `only`, or each if that is 0. The array is zeroed. */
static void copy_allowed(uint16_t *list, size_t max, const uint16_t *all, unsigned only)
{
	size_t count = 0;

	for (size_t i = 0; all[i] != 0; i++) {
		if (only != 0 && all[i] != only)
			continue;
		check(count < max);
		if (count < max)
			list[count++] = all[i];
	}
}

static bool holds(const uint16_t *list, uint16_t number)
{
	while (*list != 0 && *list != number)
		list++;
	return *list == number;
}

/*
 * A client's certificate is held to the same lists, and must not be held to what was decided for
 * ours: in TLS 1.2 its key may be on any curve of the policy, after the group that was decided on;
 * and it may sign as it likes, but for what the key of ours could also make.
 */
static void widen_for_clients(struct tls_prebuilt *one, const struct tls_policy *policy,
                              enum tls_key_kind kind)
{
	size_t count = 1;

	for (size_t i = 0; one->version == TLS_VERSION_1_2 && policy->groups[i] != 0; i++)
		if (!holds(one->groups, policy->groups[i]))
			one->groups[count++] = policy->groups[i];
	count = 1;
	for (size_t i = 0; policy->signatures[i] != 0; i++)
		if ((tls_signature_kinds(one->version, policy->signatures[i]) & 1u << kind) == 0)
			one->signatures[count++] = policy->signatures[i];
}

static void fill_lists(struct tls_prebuilt *one, const struct tls_policy *policy)
{
	uint16_t suites[TLS_POLICY_SUITES_MAX + 1] = {0};

	copy_allowed(suites, TLS_POLICY_SUITES_MAX, policy->suites, one->suite);
	for (size_t i = 0; suites[i] != 0; i++)
		one->suites[i] = suites[i];
	copy_allowed(one->groups, TLS_POLICY_GROUPS_MAX, policy->groups, one->group);
	copy_allowed(one->signatures, TLS_POLICY_SIGNATURES_MAX, policy->signatures, one->signature);
}

static int configure(const struct tls_prebuilts *prebuilts, struct tls_prebuilt *one)
{
	const struct tls_policy *policy = prebuilts->terms->policy;
	mbedtls_ssl_config *config = &one->config;
	/* TLS 1.3 stays allowed where 1.2 was decided, or the library would leave out the mark by which
	 * a client that has 1.3 sees a downgrade (RFC 8446 §4.1.3). A client that lists 1.2 before 1.3
	 * gets 1.3 nevertheless. */
	bool is_1_2 = policy->version_min == TLS_VERSION_1_2 && one->version != TLS_VERSION_1_3;
	bool is_1_3 = policy->version_max == TLS_VERSION_1_3;
	int code = mbedtls_ssl_config_defaults(
		config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

	if (code != 0)
		return code;
	mbedtls_ssl_conf_min_tls_version(config, is_1_2 ? MBEDTLS_SSL_VERSION_TLS1_2
	                                                : MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_max_tls_version(config, is_1_3 ? MBEDTLS_SSL_VERSION_TLS1_3
	                                                : MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_ciphersuites(config, one->suites);
	mbedtls_ssl_conf_groups(config, one->groups);
	mbedtls_ssl_conf_sig_algs(config, one->signatures);
	return prebuilts->set_up(prebuilts->owner, config);
}

/* NULL, and *ret_error, if that fails. */
static struct tls_prebuilt *build(struct tls_prebuilts *prebuilts,
                                  const struct tls_decision *outcome, enum error *ret_error)
{
	struct tls_prebuilt *one = memory_new(1, sizeof(*one));

	if (!one) {
		*ret_error = ERROR_OUT_OF_MEMORY;
		return NULL;
	}
	mbedtls_ssl_config_init(&one->config);
	one->version = outcome->version;
	one->suite = outcome->suite;
	one->group = outcome->group;
	one->signature = outcome->signature;
	fill_lists(one, prebuilts->terms->policy);
	if (prebuilts->terms->client_mode != TLS_CLIENT_NONE && one->signature != 0)
		widen_for_clients(one, prebuilts->terms->policy, outcome->kind);
	if (configure(prebuilts, one) != 0) {
		free_one(one);
		*ret_error = tls_library_failure();
		return NULL;
	}
	prebuilts->count++;
	check(prebuilts->count <= TLS_PREBUILTS_MAX);
	return one;
}

static bool is_for(const struct tls_prebuilt *one, const struct tls_decision *outcome)
{
	return one->version == outcome->version && one->suite == outcome->suite &&
	       one->group == outcome->group && one->signature == outcome->signature;
}

enum error tls_prebuilts_get(struct tls_prebuilts *prebuilts, const struct tls_decision *decision,
                             const struct mbedtls_ssl_config **ret_config)
{
	static const struct tls_decision any = {0};
	const struct tls_decision *outcome = decision->step == TLS_STEP_DONE ? decision : &any;
	struct tls_prebuilt **link = &prebuilts->first;
	struct tls_prebuilt *one;
	enum error error = OK;

	while (*link && !is_for(*link, outcome))
		link = &(*link)->next;
	one = *link;
	if (one)
		*link = one->next;
	else
		one = build(prebuilts, outcome, &error);
	if (!one)
		return error;
	one->next = prebuilts->first;
	prebuilts->first = one;
	*ret_config = &one->config;
	return OK;
}
