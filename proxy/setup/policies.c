#include "setup/policies.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/nearest.h"
#include "setup/lint.h"
#include "tls/algorithm.h"
#include "tls/choice.h"

enum {
	KNOWN_MAX = 800,
	KEY_PATH_MAX = 160
}; /* the longest: `policies.`, a name of 64 and a list's item */

enum state { STATE_NEW, STATE_IN_WORK, STATE_WRONG, STATE_GOOD };

struct own_policy {
	enum state state;
	bool is_used;
	const struct tls_policy *base;
	const struct config_policy *config;
	struct tls_policy policy;
	uint16_t suites[TLS_POLICY_SUITES_MAX + 1];
	uint16_t groups[TLS_POLICY_GROUPS_MAX + 1];
	uint16_t signatures[TLS_POLICY_SIGNATURES_MAX + 1];
};

struct setup_policies {
	struct own_policy *own;
	size_t count;
};

/* A policy that is being made. */
struct making {
	struct setup_policies *policies;
	struct own_policy *own;
	struct diagnostics *diagnostics;
};

static void put_path(const struct making *making, const char *key, char ret_path[KEY_PATH_MAX])
{
	(void)snprintf(ret_path, KEY_PATH_MAX, "policies.%s.%s", making->own->config->name.text.data,
	               key);
}

static void put_item_path(const struct making *making, const char *key, size_t index,
                          char ret_path[KEY_PATH_MAX])
{
	(void)snprintf(ret_path, KEY_PATH_MAX, "policies.%s.%s[%zu]",
	               making->own->config->name.text.data, key, index);
}

/* --- Lists -------------------------------------------------------------------------------- */

struct list_row {
	enum tls_list list;
	const char *key;
	const char *what;
};

static const struct list_row list_rows[TLS_LIST_COUNT] = {
	[TLS_LIST_SUITES] = {TLS_LIST_SUITES, "cipher_suites", "cipher suite"},
	[TLS_LIST_GROUPS] = {TLS_LIST_GROUPS, "groups", "group"},
	[TLS_LIST_SIGNATURES] = {TLS_LIST_SIGNATURES, "signature_algorithms", "signature algorithm"},
};

static void tell_unknown(const struct making *making, const struct list_row *row,
                         const struct config_text *item, const char *path)
{
	unsigned other = tls_algorithm_find_openssl(row->list, item->text);
	const char *why = tls_algorithm_why_not(row->list, item->text);
	struct nearest nearest;
	struct text known;
	unsigned number;

	if (other) {
		diagnostics_error_suggest(making->diagnostics, item->place, path,
		                          span_of_string(tls_algorithm_name(row->list, other)),
		                          "\"%s\" is OpenSSL's name", item->text.data);
		return;
	}
	if (why) {
		diagnostics_error(making->diagnostics, item->place, path, "there is no %s %s here: %s",
		                  row->what, item->text.data, why);
		return;
	}
	nearest_init(&nearest, item->text);
	text_init(&known, KNOWN_MAX);
	for (size_t i = 0; (number = tls_algorithm_at(row->list, i)) != 0; i++) {
		const char *name = tls_algorithm_name(row->list, number);

		nearest_offer(&nearest, span_of_string(name));
		text_printf(&known, "%s%s", i == 0 ? "; there are " : ", ", name);
	}
	diagnostics_error_suggest(making->diagnostics, item->place, path, nearest.best,
	                          "unknown %s \"%s\"%s", row->what, item->text.data,
	                          nearest.best.size > 0 ? "" : text_string(&known));
	text_done(&known);
}

static bool has(const uint16_t *numbers, unsigned number)
{
	for (size_t i = 0; numbers[i] != 0; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/* The items that are right, each once, into a zeroed array with room for all that there are. */
static void read_list(const struct making *making, const struct list_row *row,
                      const struct config_text_list *items, uint16_t *numbers)
{
	size_t count = 0;

	for (size_t i = 0; i < items->count; i++) {
		const struct config_text *item = &items->items[i];
		unsigned number = item->text.data ? tls_algorithm_find(row->list, item->text) : 0;
		char path[KEY_PATH_MAX];

		put_item_path(making, row->key, i, path);
		if (!item->text.data)
			continue; /* has been complained about */
		if (number == 0)
			tell_unknown(making, row, item, path);
		else if (has(numbers, number))
			diagnostics_error(making->diagnostics, item->place, path, "%s is given twice",
			                  item->text.data);
		else
			numbers[count++] = (uint16_t)number;
	}
}

/* --- Each key ----------------------------------------------------------------------------- */

static unsigned version_of(struct span name)
{
	static const struct {
		const char *name;
		unsigned version;
	} rows[] = {{"tls1.2", TLS_VERSION_1_2}, {"tls1.3", TLS_VERSION_1_3}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (span_equal(name, span_of_string(rows[i].name)))
			return rows[i].version;
	return 0;
}

static const char *version_name(unsigned version)
{
	return version == TLS_VERSION_1_3 ? "TLS 1.3" : "TLS 1.2";
}

static void tell_unknown_version(const struct making *making, const struct config_text *item,
                                 const char *path)
{
	static const char *const old[] = {"ssl2",   "ssl3",   "sslv2", "sslv3",   "tls1",
	                                  "tls1.0", "tls1.1", "tlsv1", "tlsv1.0", "tlsv1.1"};
	struct nearest nearest;

	for (size_t i = 0; i < ARRAY_LENGTH(old); i++)
		if (span_equal_nocase(item->text, span_of_string(old[i]))) {
			diagnostics_error(making->diagnostics, item->place, path,
			                  "there is no %s here: Mbed TLS has nothing older than TLS 1.2",
			                  item->text.data);
			return;
		}
	nearest_init(&nearest, item->text);
	nearest_offer(&nearest, SPAN("tls1.3"));
	nearest_offer(&nearest, SPAN("tls1.2"));
	diagnostics_error_suggest(making->diagnostics, item->place, path, nearest.best,
	                          "unknown version \"%s\"; there are tls1.2 and tls1.3",
	                          item->text.data);
}

static bool allows(const struct tls_policy *policy, unsigned version)
{
	return version >= policy->version_min && version <= policy->version_max;
}

static void read_versions(const struct making *making, const struct tls_policy *base)
{
	const struct config_text_list *versions = &making->own->config->versions;
	struct tls_policy *policy = &making->own->policy;

	policy->version_min = base->version_min;
	policy->version_max = base->version_max;
	if (versions->count == 0)
		return;
	policy->version_min = TLS_VERSION_1_3 + 1;
	policy->version_max = 0;
	for (size_t i = 0; i < versions->count; i++) {
		const struct config_text *item = &versions->items[i];
		unsigned version = version_of(item->text);
		char path[KEY_PATH_MAX];

		put_item_path(making, "versions", i, path);
		if (item->text.data && version == 0)
			tell_unknown_version(making, item, path);
		else if (item->text.data && allows(policy, version))
			diagnostics_error(making->diagnostics, item->place, path, "%s is given twice",
			                  item->text.data);
		if (version == 0)
			continue;
		if (version < policy->version_min)
			policy->version_min = version;
		if (version > policy->version_max)
			policy->version_max = version;
	}
}

/* Those of the base that are of one of the versions. */
static void inherit_suites(const struct making *making, const struct tls_policy *base)
{
	struct own_policy *own = making->own;
	size_t count = 0;

	for (size_t i = 0; base->suites[i] != 0; i++) {
		if (allows(&own->policy, tls_suite_version(base->suites[i])))
			own->suites[count++] = base->suites[i];
	}
}

static void copy(uint16_t *numbers, const uint16_t *from)
{
	for (size_t i = 0; from[i] != 0; i++)
		numbers[i] = from[i];
}

static void read_lists(const struct making *making, const struct tls_policy *base)
{
	struct own_policy *own = making->own;
	const struct config_policy *config = own->config;

	if (config->suites.count > 0)
		read_list(making, &list_rows[TLS_LIST_SUITES], &config->suites, own->suites);
	else
		inherit_suites(making, base);
	if (config->groups.count > 0)
		read_list(making, &list_rows[TLS_LIST_GROUPS], &config->groups, own->groups);
	else
		copy(own->groups, base->groups);
	if (config->signatures.count > 0)
		read_list(making, &list_rows[TLS_LIST_SIGNATURES], &config->signatures, own->signatures);
	else
		copy(own->signatures, base->signatures);
}

static bool choose_switch(enum config_switch given, bool inherited)
{
	return given == CONFIG_INHERITED ? inherited : given == CONFIG_TRUE;
}

/* --- What must be true between the keys --------------------------------------------------- */

static void check_versions_of_suites(const struct making *making)
{
	const struct config_text_list *suites = &making->own->config->suites;

	for (size_t i = 0; i < suites->count; i++) {
		unsigned version =
			tls_suite_version(tls_algorithm_find(TLS_LIST_SUITES, suites->items[i].text));
		char path[KEY_PATH_MAX];

		if (allows(&making->own->policy, version))
			continue;
		put_item_path(making, "cipher_suites", i, path);
		diagnostics_error(making->diagnostics, suites->items[i].place, path,
		                  "%s is a suite of %s, which the policy does not allow",
		                  suites->items[i].text.data, version_name(version));
	}
}

/* The kinds of certificates that the suites of a version go with; 0: there is no such suite. */
static unsigned kinds_of_suites(const struct tls_policy *policy, unsigned version)
{
	unsigned kinds = 0;

	for (size_t i = 0; policy->suites[i] != 0; i++)
		if (tls_suite_version(policy->suites[i]) == version)
			kinds |= tls_suite_kinds(policy->suites[i]);
	return kinds;
}

/* Tells about a list that leaves a version without anything, at that list, or if it is inherited at
 * the versions, or else at the name. */
static void tell_gap(const struct making *making, const char *key,
                     const struct config_text_list *list, const char *what, unsigned version)
{
	const struct config_policy *config = making->own->config;
	char path[KEY_PATH_MAX];

	if (list->count == 0) {
		list = &config->versions;
		key = "versions";
	}
	put_path(making, key, path);
	diagnostics_error(making->diagnostics,
	                  list->count > 0 ? list->items[0].place : config->name.place, path,
	                  "%s allows %s, but none of its %s can be used with it",
	                  config->name.text.data, version_name(version), what);
}

/* For each version at least one suite, and a signature that goes with one of them. */
static void check_each_version(const struct making *making)
{
	const struct tls_policy *policy = &making->own->policy;
	const struct config_policy *config = making->own->config;

	for (unsigned version = policy->version_max; version >= policy->version_min; version--) {
		unsigned suites = kinds_of_suites(policy, version);
		unsigned signatures = 0;

		for (size_t i = 0; policy->signatures[i] != 0; i++)
			signatures |= tls_signature_kinds(version, policy->signatures[i]);
		if (suites == 0)
			tell_gap(making, "cipher_suites", &config->suites, "cipher suites", version);
		else if ((suites & signatures) == 0)
			tell_gap(making, "signature_algorithms", &config->signatures, "signature algorithms",
			         version);
	}
}

static void make_of(const struct making *making, const struct tls_policy *base)
{
	struct own_policy *own = making->own;
	const struct config_policy *config = own->config;
	size_t errors = making->diagnostics->errors;

	own->base = base;
	own->policy = (struct tls_policy){
		.name = config->name.text.data,
		.based_on = base->name,
		.summary = "",
		.text = TLS_POLICY_WITHOUT_MLKEM,
		.suites = own->suites,
		.groups = own->groups,
		.signatures = own->signatures,
		.order = config->order == CONFIG_ORDER_INHERITED ? base->order
	             : config->order == CONFIG_ORDER_SERVER  ? TLS_ORDER_SERVER
	                                                     : TLS_ORDER_CLIENT,
		.group_order = config->group_order == CONFIG_GROUPS_INHERITED ? base->group_order
	                   : config->group_order == CONFIG_GROUPS_OFFERED ? TLS_GROUPS_OFFERED
	                                                                  : TLS_GROUPS_STRICT,
		.prefer_chacha_if_client_does =
			choose_switch(config->prefer_chacha, base->prefer_chacha_if_client_does),
		.tickets = choose_switch(config->tickets, base->tickets),
	};
	read_versions(making, base);
	read_lists(making, base);
	if (making->diagnostics->errors == errors)
		check_versions_of_suites(making);
	if (making->diagnostics->errors == errors)
		check_each_version(making);
	if (making->diagnostics->errors == errors)
		own->state = STATE_GOOD;
}

/* --- All of the file ---------------------------------------------------------------------- */

static struct own_policy *find_own(const struct setup_policies *policies, struct span name)
{
	for (size_t i = 0; i < policies->count; i++)
		if (span_equal(name, policies->own[i].config->name.text))
			return &policies->own[i];
	return NULL;
}

static void tell_unknown_policy(const struct setup_policies *policies,
                                const struct config_text *name, const char *path,
                                struct diagnostics *diagnostics)
{
	const struct tls_policy *policy;
	struct nearest nearest;
	struct text known;

	nearest_init(&nearest, name->text);
	text_init(&known, KNOWN_MAX);
	for (size_t i = 0; (policy = tls_policy_at(i)) != NULL; i++) {
		nearest_offer(&nearest, span_of_string(policy->name));
		if (policy->alias)
			nearest_offer(&nearest, span_of_string(policy->alias));
		text_printf(&known, "%s%s", i == 0 ? "; built in: " : ", ",
		            policy->alias ? policy->alias : policy->name);
	}
	for (size_t i = 0; i < policies->count; i++)
		nearest_offer(&nearest, policies->own[i].config->name.text);
	diagnostics_error_suggest(diagnostics, name->place, path, nearest.best,
	                          "unknown policy \"%s\"%s", name->text.data,
	                          nearest.best.size > 0 ? "" : text_string(&known));
	text_done(&known);
}

/* Makes one, and before it those that it is based on: up to CONFIG_POLICIES_MAX of them. */
static void make(struct setup_policies *policies, struct own_policy *own,
                 struct diagnostics *diagnostics)
{
	struct making making = {policies, own, diagnostics};
	const struct config_text *based_on = &own->config->based_on;
	const struct tls_policy *base = tls_policy_find(based_on->text);
	struct own_policy *other = base ? NULL : find_own(policies, based_on->text);
	char path[KEY_PATH_MAX];

	if (own->state != STATE_NEW)
		return;
	own->state = STATE_IN_WORK;
	if (tls_policy_find(own->config->name.text)) {
		put_path(&making, "", path);
		path[strlen(path) - 1] = '\0';
		diagnostics_error(diagnostics, own->config->name.place, path,
		                  "this is the name of a built-in policy; choose another one");
	}
	put_path(&making, "based_on", path);
	if (other) {
		other->is_used = true;
		make(policies, other, diagnostics); /* NOLINT(misc-no-recursion): bounded, see above */
		if (other->state == STATE_GOOD)
			base = &other->policy;
		else if (other->state == STATE_IN_WORK)
			diagnostics_error(diagnostics, based_on->place, path,
			                  other == own ? "the policy is based on itself"
			                               : "the policies are based on each other in a circle");
	} else if (!base && based_on->text.data) {
		tell_unknown_policy(policies, based_on, path, diagnostics);
	}
	if (base)
		make_of(&making, base);
	if (own->state != STATE_GOOD)
		own->state = STATE_WRONG;
}

enum error setup_policies_new(const struct config *config, struct diagnostics *diagnostics,
                              struct setup_policies **ret_policies)
{
	struct setup_policies *policies = memory_new(1, sizeof(*policies));

	if (!policies)
		return ERROR_OUT_OF_MEMORY;
	policies->own = memory_new(config->policy_count + 1, sizeof(*policies->own));
	if (!policies->own) {
		setup_policies_free(policies);
		return ERROR_OUT_OF_MEMORY;
	}
	for (size_t i = 0; i < config->policy_count; i++)
		if (config->policies[i].name.text.data)
			policies->own[policies->count++].config = &config->policies[i];
	for (size_t i = 0; i < policies->count; i++)
		make(policies, &policies->own[i], diagnostics);
	*ret_policies = policies;
	return OK;
}

void setup_policies_free(struct setup_policies *policies)
{
	if (!policies)
		return;
	memory_free(policies->own);
	memory_free(policies);
}

const struct tls_policy *setup_policies_find(struct setup_policies *policies,
                                             const struct config_text *name, const char *path,
                                             struct diagnostics *diagnostics)
{
	const struct tls_policy *policy = tls_policy_find(name->text);
	struct own_policy *own = policy ? NULL : find_own(policies, name->text);

	if (own)
		own->is_used = true;
	if (own)
		return own->state == STATE_GOOD ? &own->policy : NULL;
	if (!policy && name->text.data)
		tell_unknown_policy(policies, name, path, diagnostics);
	return policy;
}

const struct tls_policy *setup_policies_at(const struct setup_policies *policies, size_t index)
{
	return index < policies->count ? &policies->own[index].policy : NULL;
}

void setup_policies_review(const struct setup_policies *policies, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < policies->count; i++) {
		const struct own_policy *own = &policies->own[i];

		if (own->state != STATE_GOOD)
			continue;
		if (!own->is_used) {
			char path[KEY_PATH_MAX];

			(void)snprintf(path, sizeof(path), "policies.%s", own->policy.name);
			diagnostics_warning(diagnostics, own->config->name.place, path,
			                    "no listener and no name uses this policy");
		}
		setup_lint(&own->policy, own->base, own->config, diagnostics);
	}
}
