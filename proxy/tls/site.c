#include "tls/site.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "tls/names.h"

struct tls_sites {
	atomic_uint references;
	struct tls_certificate **certificates;
	size_t certificate_count;
	struct tls_terms *terms;
	size_t terms_count;
	char *patterns; /* the names that have terms of their own */
	struct tls_names names;
	struct tls_site fallback; /* for names that are not in the table; no candidates: refused */
};

static const struct tls_candidates none = {-1, -1};

static bool has_certificate(const struct tls_candidates *candidates)
{
	return candidates->ecdsa >= 0 || candidates->rsa >= 0;
}

/* --- Making them -------------------------------------------------------------------------- */

static enum error keep_certificates(struct tls_sites *sites,
                                    const struct tls_sites_options *options)
{
	sites->certificates = memory_new(options->certificate_count, sizeof(struct tls_certificate *));
	if (!sites->certificates)
		return ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; i < options->certificate_count; i++)
		sites->certificates[i] = tls_certificate_ref(options->certificates[i]);
	sites->certificate_count = options->certificate_count;
	return OK;
}

static const struct tls_certificate_facts *facts_of(const struct tls_sites *sites, size_t index)
{
	return tls_certificate_facts(sites->certificates[index]);
}

/* The first of a kind stays. */
static void add_candidate(struct tls_candidates *candidates, enum tls_key_kind kind, int index)
{
	int *at = kind == TLS_KEY_RSA ? &candidates->rsa : &candidates->ecdsa;

	if (*at < 0)
		*at = index;
}

static void add_certificate_names(struct tls_sites *sites)
{
	for (size_t i = 0; i < sites->certificate_count; i++) {
		const struct tls_certificate_facts *facts = facts_of(sites, i);

		for (size_t j = 0; j < facts->name_count; j++)
			add_candidate(&tls_names_add(&sites->names, facts->names[j])->candidates, facts->kind,
			              (int)i);
	}
}

/* Each of the different terms once: terms that are equal share tickets and configurations. */
static const struct tls_terms *keep_terms(struct tls_sites *sites, const struct tls_terms *terms)
{
	for (size_t i = 0; i < sites->terms_count; i++)
		if (tls_terms_equal(&sites->terms[i], terms))
			return &sites->terms[i];
	sites->terms[sites->terms_count] = *terms;
	if (terms->client_ca)
		(void)tls_client_ca_ref(terms->client_ca);
	return &sites->terms[sites->terms_count++];
}

static enum error add_named_terms(struct tls_sites *sites, const struct tls_sites_options *options)
{
	size_t size = 1;

	for (size_t i = 0; i < options->name_count; i++)
		size += options->names[i].name.size;
	sites->patterns = memory_new(size, 1);
	sites->terms = memory_new(options->name_count + 1, sizeof(*sites->terms));
	if (!sites->patterns || !sites->terms)
		return ERROR_OUT_OF_MEMORY;
	(void)keep_terms(sites, options->terms);

	char *at = sites->patterns;

	for (size_t i = 0; i < options->name_count; i++) {
		struct span name = options->names[i].name;

		memcpy(at, name.data, name.size);
		tls_names_add(&sites->names, span_of(at, name.size))->terms =
			keep_terms(sites, &options->names[i].terms);
		at += name.size;
	}
	return OK;
}

/* The first certificate, and with it the one of the other kind for its first name. */
static void set_fallback(struct tls_sites *sites, bool refuse_unknown_name)
{
	const struct tls_certificate_facts *facts = facts_of(sites, 0);
	const struct tls_site *site = NULL;

	sites->fallback = (struct tls_site){.terms = sites->terms, .candidates = none};
	if (refuse_unknown_name)
		return;
	if (facts->name_count > 0)
		site = tls_names_find(&sites->names, facts->names[0]);
	if (site)
		sites->fallback.candidates = site->candidates;
	else
		add_candidate(&sites->fallback.candidates, facts->kind, 0);
}

static void set_kinds(const struct tls_sites *sites, struct tls_site *site)
{
	site->kinds = 0;
	if (site->candidates.ecdsa >= 0)
		site->kinds |= 1u << facts_of(sites, (size_t)site->candidates.ecdsa)->kind;
	if (site->candidates.rsa >= 0)
		site->kinds |= 1u << TLS_KEY_RSA;
}

/* Fills in what the pattern itself does not have, from another one. */
static void inherit(struct tls_site *site, const struct tls_site *from)
{
	if (!site->terms)
		site->terms = from->terms;
	if (!has_certificate(&site->candidates))
		site->candidates = from->candidates;
}

/* Exact names have what they lack from their wildcard, and everybody from the fallback. */
static void complete(struct tls_sites *sites)
{
	struct tls_names *names = &sites->names;

	for (size_t i = 0; i < names->slot_count; i++) {
		const struct tls_site *wildcard =
			span_is_empty(names->slots[i].pattern) ||
					span_starts_with(names->slots[i].pattern, SPAN("*."))
				? NULL
				: tls_names_find_wildcard(names, names->slots[i].pattern);

		if (wildcard)
			inherit(&names->slots[i].site, wildcard);
	}
	set_kinds(sites, &sites->fallback);
	for (size_t i = 0; i < names->slot_count; i++) {
		if (span_is_empty(names->slots[i].pattern))
			continue;
		inherit(&names->slots[i].site, &sites->fallback);
		set_kinds(sites, &names->slots[i].site);
	}
}

static enum error fill(struct tls_sites *sites, const struct tls_sites_options *options)
{
	size_t count = options->name_count;
	enum error error = keep_certificates(sites, options);

	for (size_t i = 0; i < sites->certificate_count; i++)
		count += facts_of(sites, i)->name_count;
	if (!error)
		error = tls_names_init(&sites->names, count);
	if (error)
		return error;
	add_certificate_names(sites);
	error = add_named_terms(sites, options);
	if (error)
		return error;
	set_fallback(sites, options->refuse_unknown_name);
	complete(sites);
	return OK;
}

enum error tls_sites_new(const struct tls_sites_options *options, struct tls_sites **ret_sites)
{
	check(options->certificate_count > 0 && options->terms);

	struct tls_sites *sites = memory_new(1, sizeof(*sites));

	if (!sites)
		return ERROR_OUT_OF_MEMORY;
	atomic_init(&sites->references, 1);

	enum error error = fill(sites, options);

	if (error) {
		tls_sites_unref(sites);
		return error;
	}
	*ret_sites = sites;
	return OK;
}

struct tls_sites *tls_sites_ref(struct tls_sites *sites)
{
	(void)atomic_fetch_add_explicit(&sites->references, 1, memory_order_relaxed);
	return sites;
}

void tls_sites_unref(struct tls_sites *sites)
{
	if (!sites || atomic_fetch_sub_explicit(&sites->references, 1, memory_order_acq_rel) > 1)
		return;
	tls_names_done(&sites->names);
	for (size_t i = 0; i < sites->certificate_count; i++)
		tls_certificate_unref(sites->certificates[i]);
	for (size_t i = 0; i < sites->terms_count; i++)
		tls_client_ca_unref(sites->terms[i].client_ca);
	memory_free(sites->certificates);
	memory_free(sites->terms);
	memory_free(sites->patterns);
	memory_free(sites);
}

/* --- Looking up --------------------------------------------------------------------------- */

const struct tls_site *tls_sites_find(const struct tls_sites *sites, struct span name)
{
	const struct tls_site *site = tls_names_find(&sites->names, name);

	if (!site)
		site = &sites->fallback;
	return has_certificate(&site->candidates) ? site : NULL;
}

const struct tls_terms *tls_sites_terms(const struct tls_sites *sites, size_t *ret_count)
{
	*ret_count = sites->terms_count;
	return sites->terms;
}

struct tls_certificate *tls_sites_certificate(const struct tls_sites *sites, size_t index)
{
	check(index < sites->certificate_count);
	return sites->certificates[index];
}

size_t tls_sites_certificate_count(const struct tls_sites *sites)
{
	return sites->certificate_count;
}
