#include "setup/sites.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/nearest.h"
#include "setup/certificate.h"
#include "setup/client_ca.h"
#include "tls/choice.h"
#include "tls/name.h"

enum { KEY_PATH_MAX = 320 }; /* the longest: `listeners[63].tls.names.` and a name of 253 */

/* A listener's part that is being worked on. */
struct work {
	const struct config_tls *tls;
	size_t index; /* of the listener */
	struct setup_policies *policies;
	struct materials *materials;
	struct diagnostics *diagnostics;
	/* Owned until the sites have them. */
	struct tls_certificate **certificates; /* NULL: one that is wrong */
	struct tls_terms terms;
	struct tls_named_terms *names;
	const struct config_name **name_configs; /* of each of the names */
	size_t name_count;
};

static void put_name_path(const struct work *work, const struct config_name *name, const char *key,
                          char ret_path[KEY_PATH_MAX])
{
	(void)snprintf(ret_path, KEY_PATH_MAX, "listeners[%zu].tls.names.%s%s", work->index,
	               name->name.text.data, key);
}

static enum error load_certificates(struct work *work)
{
	const struct config_tls *tls = work->tls;

	work->certificates = memory_new(tls->certificate_count + 1, sizeof(*work->certificates));
	if (!work->certificates)
		return ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; i < tls->certificate_count; i++) {
		enum error error = setup_certificate_load(tls, work->index, i, work->materials,
		                                          work->diagnostics, &work->certificates[i]);

		if (error)
			return error;
	}
	return OK;
}

/* Two policies for one name: the file can not hold a key twice, but in other letters. */
static bool is_told_twice(const struct work *work, const struct config_name *name)
{
	for (size_t i = 0; i < work->name_count; i++) {
		char path[KEY_PATH_MAX];

		if (!span_equal(work->names[i].name, name->name.text))
			continue;
		put_name_path(work, name, "", path);
		diagnostics_error(work->diagnostics, name->name.place, path,
		                  "the same name as on line %u; a name has one policy",
		                  work->name_configs[i]->name.place.line);
		return true;
	}
	return false;
}

static void find_policies(struct work *work)
{
	char path[KEY_PATH_MAX];

	(void)snprintf(path, sizeof(path), "listeners[%zu].tls.policy", work->index);
	work->terms.policy =
		setup_policies_find(work->policies, &work->tls->policy, path, work->diagnostics);
	for (size_t i = 0; i < work->tls->name_count; i++) {
		const struct config_name *name = &work->tls->names[i];
		struct tls_named_terms *named = &work->names[work->name_count];

		if (!name->name.text.data || is_told_twice(work, name))
			continue;
		put_name_path(work, name, ".policy", path);
		work->name_configs[work->name_count] = name;
		named->name = name->name.text;
		named->terms.policy =
			name->policy.text.data
				? setup_policies_find(work->policies, &name->policy, path, work->diagnostics)
				: work->terms.policy;
		work->name_count++;
	}
}

/* --- Names without a certificate ---------------------------------------------------------- */

/* A wildcard is served, too, by certificates for single names below it. */
static bool has_certificate(const struct work *work, struct span name, struct nearest *nearest)
{
	for (size_t i = 0; i < work->tls->certificate_count; i++) {
		const struct tls_certificate_facts *facts = tls_certificate_facts(work->certificates[i]);

		for (size_t j = 0; j < facts->name_count; j++) {
			if (span_equal(name, facts->names[j]) || tls_name_matches(facts->names[j], name) ||
			    tls_name_matches(name, facts->names[j]))
				return true;
			nearest_offer(nearest, facts->names[j]);
		}
	}
	return false;
}

static void check_certificates_of_names(const struct work *work)
{
	for (size_t i = 0; i < work->name_count; i++) {
		struct nearest nearest;
		char path[KEY_PATH_MAX];

		nearest_init(&nearest, work->names[i].name);
		if (has_certificate(work, work->names[i].name, &nearest))
			continue;
		put_name_path(work, work->name_configs[i], "", path);
		diagnostics_error_suggest(work->diagnostics, work->name_configs[i]->name.place, path,
		                          nearest.best, "no certificate of this listener is for this name");
	}
}

/* --- Names that a wildcard is for, too ---------------------------------------------------- */

/* An exact name is an exception from its wildcard in all: what the reader may not have meant. */
static void warn_of_exception(const struct work *work, size_t exact, size_t wildcard)
{
	const struct config_name *own = work->name_configs[exact];
	const struct config_name *other = work->name_configs[wildcard];
	bool drops_policy = other->policy.text.data && !own->policy.text.data;
	bool drops_clients = other->client_certificates && !own->client_certificates;
	char path[KEY_PATH_MAX];

	if (!drops_policy && !drops_clients)
		return;
	put_name_path(work, own, "", path);
	diagnostics_warning(work->diagnostics, own->name.place, path,
	                    "it has the listener's %s, not that of \"%s\" on line %u: an exact name "
	                    "takes nothing from a wildcard",
	                    drops_policy && drops_clients ? "policy and client_certificates"
	                    : drops_policy                ? "policy"
	                                                  : "client_certificates",
	                    other->name.text.data, other->name.place.line);
}

static void warn_of_exceptions(const struct work *work)
{
	for (size_t i = 0; i < work->name_count; i++)
		for (size_t j = 0; j < work->name_count; j++)
			if (i != j && tls_name_matches(work->names[j].name, work->names[i].name))
				warn_of_exception(work, i, j);
}

/* --- Policies that a certificate can not serve -------------------------------------------- */

/* What of the policy's lists goes with none of these kinds of certificates in a version; NULL: all
 * is well. */
static const char *find_gap(const struct tls_policy *policy, unsigned version, unsigned kinds)
{
	unsigned suites = 0;
	unsigned signatures = 0;

	for (size_t i = 0; policy->suites[i] != 0; i++)
		if (tls_suite_version(policy->suites[i]) == version)
			suites |= tls_suite_kinds(policy->suites[i]) & kinds;
	for (size_t i = 0; policy->signatures[i] != 0; i++)
		signatures |= tls_signature_kinds(version, policy->signatures[i]) & kinds;
	return suites == 0                  ? "cipher_suites"
	       : signatures == 0            ? "signature_algorithms"
	       : (suites & signatures) == 0 ? "cipher_suites and signature_algorithms together"
	                                    : NULL;
}

static void put_kinds(struct text *text, unsigned kinds)
{
	for (unsigned kind = 0; kind < TLS_KEY_KIND_COUNT; kind++)
		if ((kinds & 1u << kind) != 0)
			text_printf(text, "%s%s", text->size > 0 ? " and " : "",
			            tls_key_kind_name((enum tls_key_kind)kind));
}

/* The key that gives a name its policy: of the most specific name, else of the listener. */
static struct place policy_place(const struct work *work, struct span name,
                                 char ret_path[KEY_PATH_MAX])
{
	const struct config_name *found = NULL;

	for (size_t i = 0; i < work->name_count; i++)
		if (span_equal(work->names[i].name, name) ||
		    (!found && tls_name_matches(work->names[i].name, name)))
			found = work->name_configs[i];
	if (found && found->policy.text.data) {
		put_name_path(work, found, ".policy", ret_path);
		return found->policy.place;
	}
	(void)snprintf(ret_path, KEY_PATH_MAX, "listeners[%zu].tls.policy", work->index);
	return work->tls->policy.place.line > 0 ? work->tls->policy.place : work->tls->place;
}

static void check_served(const struct work *work, const struct tls_site *site, struct span name)
{
	const struct tls_policy *policy = site->terms->policy;
	struct span who = name.size > 0 ? name : SPAN("a client that names no server");

	for (unsigned version = policy->version_max; version >= policy->version_min; version--) {
		const char *gap = find_gap(policy, version, site->kinds);
		char path[KEY_PATH_MAX];
		struct text kinds;

		if (!gap)
			continue;

		struct place place = policy_place(work, name, path);

		text_init(&kinds, 100);
		put_kinds(&kinds, site->kinds);
		diagnostics_error(work->diagnostics, place, path,
		                  "%s allows TLS 1.%u, which %.*s can never have: the certificate is %s, "
		                  "and nothing in the policy's %s goes with that",
		                  policy->name, version - 0x0301, (int)who.size, who.data,
		                  text_string(&kinds), gap);
		text_done(&kinds);
	}
}

/* What has been checked: combinations of terms and kinds of certificates. */
struct seen {
	const struct tls_sites *sites;
	const struct tls_terms *terms;
	bool *flags;
};

/* `again`: also if there was a site like this already. */
static void check_name(const struct work *work, struct seen *seen, struct span name, bool again)
{
	const struct tls_site *site = tls_sites_find(seen->sites, name);
	size_t at;

	if (!site)
		return;
	at = (size_t)(site->terms - seen->terms) << TLS_KEY_KIND_COUNT | site->kinds;
	if (again || !seen->flags[at])
		check_served(work, site, name);
	seen->flags[at] = true;
}

/* Each name with a policy of its own, as each is given at a place of its own; then what there is
 * for the names of the certificates, and for clients that name no server. */
static void check_all_names(const struct work *work, struct seen *seen)
{
	for (size_t i = 0; i < work->name_count; i++)
		check_name(work, seen, work->names[i].name, work->name_configs[i]->policy.text.data);
	for (size_t i = 0; i < work->tls->certificate_count; i++) {
		const struct tls_certificate_facts *facts = tls_certificate_facts(work->certificates[i]);

		for (size_t j = 0; j < facts->name_count; j++)
			check_name(work, seen, facts->names[j], false);
	}
	check_name(work, seen, SPAN(""), false);
}

static enum error check_policies(const struct work *work, const struct tls_sites *sites)
{
	struct seen seen = {.sites = sites};
	size_t count = 0;

	seen.terms = tls_sites_terms(sites, &count);
	seen.flags = memory_new(count << TLS_KEY_KIND_COUNT, sizeof(*seen.flags));
	if (!seen.flags)
		return ERROR_OUT_OF_MEMORY;
	check_all_names(work, &seen);
	memory_free(seen.flags);
	return OK;
}

/* --- Client certificates ------------------------------------------------------------------ */

static void inherit_client_ca(const struct tls_terms *from, struct tls_terms *terms)
{
	const struct tls_policy *policy = terms->policy;

	*terms = *from;
	terms->policy = policy;
	if (terms->client_ca)
		(void)tls_client_ca_ref(terms->client_ca);
}

/* A name has its own, or the listener's. */
static enum error load_client_cas(struct work *work)
{
	const struct config_tls *tls = work->tls;
	char path[KEY_PATH_MAX];
	const struct client_ca_place place = {work->index, path};

	(void)snprintf(path, sizeof(path), "listeners[%zu].tls", work->index);

	enum error error = setup_client_ca_load(tls->client_certificates, &place, work->materials,
	                                        work->diagnostics, &work->terms);

	for (size_t i = 0; i < work->name_count && !error; i++) {
		const struct config_name *name = work->name_configs[i];

		put_name_path(work, name, "", path);
		if (name->client_certificates)
			error = setup_client_ca_load(name->client_certificates, &place, work->materials,
			                             work->diagnostics, &work->names[i].terms);
		else
			inherit_client_ca(&work->terms, &work->names[i].terms);
	}
	return error;
}

/* --- All together ------------------------------------------------------------------------- */

static enum error seal_terms(struct work *work)
{
	enum error error = tls_terms_seal(&work->terms);

	for (size_t i = 0; i < work->name_count && !error; i++)
		error = tls_terms_seal(&work->names[i].terms);
	return error;
}

static enum error make(struct work *work, struct tls_sites **ret_sites)
{
	const struct config_tls *tls = work->tls;
	const struct tls_sites_options options = {
		.certificates = work->certificates,
		.certificate_count = tls->certificate_count,
		.terms = &work->terms,
		.names = work->names,
		.name_count = work->name_count,
		.refuse_unknown_name = tls->unknown_server_name == CONFIG_UNKNOWN_NAME_REFUSE,
	};
	struct tls_sites *sites = NULL;
	enum error error = seal_terms(work);

	if (!error)
		error = tls_sites_new(&options, &sites);
	if (!error)
		error = check_policies(work, sites);
	if (error)
		tls_sites_unref(sites);
	else
		*ret_sites = sites;
	return error;
}

static bool are_loaded(const struct work *work)
{
	for (size_t i = 0; i < work->tls->certificate_count; i++)
		if (!work->certificates[i])
			return false;
	return work->tls->certificate_count > 0;
}

static bool are_found(const struct work *work)
{
	for (size_t i = 0; i < work->name_count; i++)
		if (!work->names[i].terms.policy)
			return false;
	return work->terms.policy != NULL;
}

enum error setup_sites_new(const struct config_tls *tls, size_t index,
                           struct setup_policies *policies, struct materials *materials,
                           struct diagnostics *diagnostics, struct tls_sites **ret_sites)
{
	struct work work = {
		.tls = tls,
		.index = index,
		.policies = policies,
		.materials = materials,
		.diagnostics = diagnostics,
	};
	enum error error = load_certificates(&work);

	work.names = memory_new(tls->name_count + 1, sizeof(*work.names));
	work.name_configs = memory_new(tls->name_count + 1, sizeof(*work.name_configs));
	if (!work.names || !work.name_configs)
		error = ERROR_OUT_OF_MEMORY;
	if (!error) {
		find_policies(&work);
		warn_of_exceptions(&work);
		error = load_client_cas(&work);
		if (are_loaded(&work))
			check_certificates_of_names(&work);
		if (!error && are_loaded(&work) && are_found(&work))
			error = make(&work, ret_sites);
	}
	for (size_t i = 0; work.names && i < work.name_count; i++)
		tls_client_ca_unref(work.names[i].terms.client_ca);
	tls_client_ca_unref(work.terms.client_ca);
	for (size_t i = 0; work.certificates && i < tls->certificate_count; i++)
		tls_certificate_unref(work.certificates[i]);
	memory_free(work.certificates);
	memory_free(work.names);
	memory_free(work.name_configs);
	return error;
}
