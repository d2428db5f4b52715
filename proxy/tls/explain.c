#include "tls/explain.h"

#include "tls/bytes.h"
#include "tls/iana.h"
#include "tls/name.h"

enum {
	OFFERED_MAX = 4, /* of a client's list that are told by name */
	VERSION_MIN = 0x0300,
};

/* --- Lists -------------------------------------------------------------------------------- */

/* A list that is being written: so many names, then how many more there are. */
struct names {
	struct text *text;
	const char *(*name)(unsigned number);
	size_t max;
	size_t count;
};

static void put_name(struct names *names, unsigned number)
{
	const char *name = names->name(number);

	if (names->count++ >= names->max)
		return;
	if (names->count > 1)
		text_put_string(names->text, ", ");
	if (name)
		text_put_string(names->text, name);
	else
		text_printf(names->text, "0x%04x", number);
}

static void end_names(const struct names *names)
{
	if (names->count == 0)
		text_put_string(names->text, "none");
	if (names->count > names->max)
		text_printf(names->text, " and %zu more", names->count - names->max);
}

/* RFC 8701: 0x0a0a, 0x1a1a … */
static bool is_grease(unsigned number)
{
	return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff);
}

/* Not a suite, but a signal among them (RFC 5746, RFC 7507). */
static bool is_signal(unsigned suite)
{
	return suite == 0x00ff || suite == 0x5600;
}

/* --- Each step ---------------------------------------------------------------------------- */

struct sentence {
	const struct tls_policy *policy;
	unsigned kinds;
	const struct tls_hello *offer;
	const struct tls_decision *decision;
	struct text *text;
};

static bool is_of_step(const struct sentence *sentence, unsigned number)
{
	unsigned version = sentence->decision->version;

	if (is_grease(number))
		return false;
	if (sentence->decision->step == TLS_STEP_SUITE)
		return !is_signal(number) && tls_suite_version(number) == version;
	return true;
}

static bool is_of_version(const struct sentence *sentence, unsigned number)
{
	return sentence->decision->step != TLS_STEP_SIGNATURE ||
	       tls_signature_kinds(sentence->decision->version, number) != 0;
}

/* "policy modern-2026-04 of shop.example.com allows " */
static void put_policy(const struct sentence *sentence)
{
	char name[TLS_NAME_SIZE_MAX];
	size_t size = tls_name_normalize(sentence->offer->server_name, name);

	text_printf(sentence->text, "policy %s", sentence->policy->name);
	if (size > 0)
		text_printf(sentence->text, " of %.*s", (int)size, name);
	text_put_string(sentence->text, " allows ");
}

/* "the client offers …, policy … allows …" */
static void put_both(const struct sentence *sentence, const char *things, struct span theirs,
                     const uint16_t *ours, const char *(*name)(unsigned number))
{
	struct names offered = {sentence->text, name, OFFERED_MAX, 0};
	struct names allowed = {sentence->text, name, SIZE_MAX, 0};
	struct tls_bytes bytes = {.left = theirs};

	text_printf(sentence->text, "the client offers the %s ", things);
	while (bytes.left.size >= 2) {
		unsigned number = tls_bytes_number(&bytes, 2);

		if (is_of_step(sentence, number))
			put_name(&offered, number);
	}
	end_names(&offered);
	text_printf(sentence->text, " for %s, ", tls_version_name(sentence->decision->version));
	put_policy(sentence);
	for (size_t i = 0; ours[i] != 0; i++)
		if (is_of_step(sentence, ours[i]) && is_of_version(sentence, ours[i]))
			put_name(&allowed, ours[i]);
	end_names(&allowed);
}

/* "ECDSA P-256 and RSA" */
static void put_kinds(struct text *text, unsigned kinds)
{
	bool is_first = true;

	for (unsigned kind = TLS_KEY_KIND_COUNT; kind-- > 0;) {
		if ((kinds & 1u << kind) == 0)
			continue;
		text_printf(text, "%s%s", is_first ? "" : " and ",
		            tls_key_kind_name((enum tls_key_kind)kind));
		is_first = false;
	}
}

static void put_short_version(struct text *text, unsigned version)
{
	text_printf(text, "1.%u", version - 0x0301);
}

static void put_range(struct text *text, unsigned min, unsigned max)
{
	put_short_version(text, min);
	if (min == max)
		return;
	text_put_string(text, " to ");
	put_short_version(text, max);
}

static void put_offered_versions(const struct sentence *sentence)
{
	const struct tls_hello *offer = sentence->offer;
	unsigned min = 0;
	unsigned max = 0;

	for (unsigned version = VERSION_MIN + 1; version <= TLS_VERSION_1_3; version++)
		if (tls_list_has(offer->versions, (uint16_t)version)) {
			min = min ? min : version;
			max = version;
		}
	text_put_string(sentence->text, "the client offers ");
	if (max != 0) {
		text_put_string(sentence->text, "TLS ");
		put_range(sentence->text, min, max);
	} else if (offer->versions.size > 0) {
		text_put_string(sentence->text, "no version that we know");
	} else if (offer->version <= VERSION_MIN) {
		text_put_string(sentence->text, "SSL 3.0 or older");
	} else {
		/* Without supported_versions a ClientHello tells its newest only. */
		text_put_string(sentence->text, "at most TLS ");
		put_short_version(sentence->text,
		                  offer->version < TLS_VERSION_1_2 ? offer->version : TLS_VERSION_1_2);
	}
}

static void explain_version(const struct sentence *sentence)
{
	const struct tls_policy *policy = sentence->policy;

	put_offered_versions(sentence);
	text_put_string(sentence->text, ", ");
	put_policy(sentence);
	put_range(sentence->text, policy->version_min, policy->version_max);
	if (policy->version_max < TLS_VERSION_1_3 &&
	    tls_offers_version(sentence->offer, TLS_VERSION_1_3))
		text_put_string(sentence->text, "; allow TLS 1.3 in the policy");
	else if (tls_offers_version(sentence->offer, TLS_VERSION_1_2))
		text_printf(sentence->text, "; update the client, or use policy %s, which allows 1.2",
		            tls_policy_default()->name);
	else
		text_put_string(sentence->text, "; Mbed TLS has nothing older than 1.2; update the client");
}

static void explain_suite(const struct sentence *sentence)
{
	put_both(sentence, "cipher suites", sentence->offer->suites, sentence->policy->suites,
	         tls_suite_name);
	if (sentence->decision->lack == TLS_LACK_CERTIFICATE) {
		bool has_rsa = (sentence->kinds & 1u << TLS_KEY_RSA) != 0;

		text_printf(sentence->text, "; those in common need an %s certificate, the name has ",
		            has_rsa ? "ECDSA" : "RSA");
		put_kinds(sentence->text, sentence->kinds);
		text_put_string(sentence->text, "; add one");
	} else {
		text_put_string(sentence->text, "; update the client, or its list of cipher suites");
	}
}

static void explain_group(const struct sentence *sentence)
{
	put_both(sentence, "groups", sentence->offer->groups, sentence->policy->groups, tls_group_name);
	text_put_string(sentence->text, "; update the client, or its list of groups");
}

static void explain_signature(const struct sentence *sentence)
{
	struct text *text = sentence->text;

	put_both(sentence, "signature algorithms", sentence->offer->signatures,
	         sentence->policy->signatures, tls_signature_name);
	switch (sentence->decision->lack) {
	case TLS_LACK_CERTIFICATE:
		text_put_string(text, "; those in common are not for the name's certificate, ");
		put_kinds(text, sentence->kinds);
		text_printf(text, "; add an %s certificate",
		            (sentence->kinds & 1u << TLS_KEY_RSA) != 0 ? "ECDSA P-256" : "RSA");
		break;
	case TLS_LACK_CURVE:
		text_put_string(text, "; the client's groups lack the curve of the name's certificate, ");
		put_kinds(text, sentence->kinds);
		text_put_string(text, "; add that group to the client's list");
		break;
	default:
		text_put_string(text, "; update the client, or its list of signature algorithms");
		break;
	}
}

void tls_explain_decision(const struct tls_policy *policy, unsigned kinds,
                          const struct tls_hello *offer, const struct tls_decision *decision,
                          struct text *text)
{
	static void (*const explain[TLS_STEP_COUNT])(const struct sentence *sentence) = {
		[TLS_STEP_VERSION] = explain_version,
		[TLS_STEP_SUITE] = explain_suite,
		[TLS_STEP_GROUP] = explain_group,
		[TLS_STEP_SIGNATURE] = explain_signature,
	};
	struct sentence sentence = {policy, kinds, offer, decision, text};

	check(decision->step < TLS_STEP_COUNT);
	if (!explain[decision->step])
		return;
	text_printf(text, "%s: ", error_code(tls_step_error(decision->step)));
	explain[decision->step](&sentence);
}
