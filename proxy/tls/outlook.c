#include "tls/outlook.h"

#include <string.h>

#include "tls/alert.h"
#include "tls/bytes.h"
#include "tls/explain.h"
#include "tls/iana.h"

/* The one protocol that we speak in ALPN (RFC 7301). */
static const struct span http_1_1 = SPAN_INIT("http/1.1");

/* --- What would happen -------------------------------------------------------------------- */

static void fail(struct tls_outlook *outlook, enum tls_outlook_step step, enum error error)
{
	outlook->failed = step;
	outlook->error = error;
}

static enum tls_outlook_step step_of(enum tls_step step)
{
	static const enum tls_outlook_step steps[TLS_STEP_COUNT] = {
		[TLS_STEP_VERSION] = TLS_OUTLOOK_VERSION,    [TLS_STEP_SUITE] = TLS_OUTLOOK_SUITE,
		[TLS_STEP_GROUP] = TLS_OUTLOOK_KEY_EXCHANGE, [TLS_STEP_SIGNATURE] = TLS_OUTLOOK_CERTIFICATE,
		[TLS_STEP_DONE] = TLS_OUTLOOK_FINISHED,
	};

	return steps[step];
}

static bool is_kind(const struct tls_sites *sites, int certificate, enum tls_key_kind kind)
{
	if (certificate < 0)
		return false;
	return tls_certificate_facts(tls_sites_certificate(sites, (size_t)certificate))->kind == kind;
}

static void choose(struct tls_outlook *outlook)
{
	const struct tls_site *site = outlook->site;
	const struct tls_candidates *candidates = &site->candidates;

	tls_choose(site->terms->policy, site->kinds, outlook->hello, &outlook->decision);
	if (outlook->decision.step != TLS_STEP_DONE) {
		fail(outlook, step_of(outlook->decision.step), tls_step_error(outlook->decision.step));
		tls_remedy_find(site->terms->policy, site->kinds, outlook->hello, &outlook->remedy);
		return;
	}
	outlook->certificate = is_kind(outlook->sites, candidates->ecdsa, outlook->decision.kind)
	                           ? candidates->ecdsa
	                           : candidates->rsa;
}

static void choose_protocol(struct tls_outlook *outlook)
{
	struct span rest = outlook->hello->protocols;
	struct span protocol;

	while (tls_hello_next_protocol(&rest, &protocol))
		if (span_equal(protocol, http_1_1))
			outlook->protocol = http_1_1;
	if (outlook->hello->protocols.size > 0 && outlook->protocol.size == 0)
		fail(outlook, TLS_OUTLOOK_PROTOCOL, ERROR_TLS_NO_COMMON_PROTOCOL);
}

void tls_outlook(const struct tls_sites *sites, bool has_tickets, const struct tls_hello *hello,
                 const struct span *name, struct tls_outlook *ret_outlook)
{
	struct tls_outlook *outlook = ret_outlook;

	*outlook = (struct tls_outlook){
		.sites = sites, .hello = hello, .has_tickets = has_tickets, .certificate = -1};
	if (name && name->size <= TLS_NAME_SIZE_MAX) {
		outlook->name_size = name->size;
		if (name->size > 0)
			memcpy(outlook->name, name->data, name->size);
	} else {
		outlook->name_size = tls_name_normalize(hello->server_name, outlook->name);
	}
	outlook->site = tls_sites_find(sites, span_of(outlook->name, outlook->name_size));
	if (!outlook->site) {
		fail(outlook, TLS_OUTLOOK_NAME, ERROR_TLS_UNKNOWN_NAME);
		return;
	}
	choose(outlook);
	if (!outlook->error)
		choose_protocol(outlook);
}

void tls_outlook_malformed(const struct tls_sites *sites, const struct tls_fault *fault,
                           struct tls_outlook *ret_outlook)
{
	*ret_outlook = (struct tls_outlook){.sites = sites, .certificate = -1, .fault = *fault};
	fail(ret_outlook, TLS_OUTLOOK_HELLO, ERROR_TLS_HELLO_MALFORMED);
}

/* --- In words ----------------------------------------------------------------------------- */

static void put_numbers(struct text *text, struct span list, const char *(*name)(unsigned number))
{
	enum { SHOWN_MAX = 8 };
	struct tls_bytes bytes = {.left = list};
	size_t count = 0;

	while (bytes.left.size >= 2) {
		unsigned number = tls_bytes_number(&bytes, 2);

		if (tls_is_grease(number) || count++ >= SHOWN_MAX)
			continue;
		text_put_string(text, count > 1 ? ", " : "");
		if (name(number))
			text_put_string(text, name(number));
		else
			text_printf(text, "0x%04x", number);
	}
	if (count == 0)
		text_put_string(text, "none");
	if (count > SHOWN_MAX)
		text_printf(text, " and %zu more", count - SHOWN_MAX);
}

static void put_offered_versions(struct text *text, const struct tls_hello *hello)
{
	if (hello->versions.size > 0)
		put_numbers(text, hello->versions, tls_version_name);
	else if (tls_version_name(hello->version))
		text_printf(text, "up to %s", tls_version_name(hello->version));
	else
		text_printf(text, "up to 0x%04x", hello->version);
}

static size_t count_numbers(struct span list)
{
	struct tls_bytes bytes = {.left = list};
	size_t count = 0;

	while (bytes.left.size >= 2)
		count += tls_is_grease(tls_bytes_number(&bytes, 2)) ? 0 : 1;
	return count;
}

static void put_hello(const struct tls_outlook *outlook, struct text *text)
{
	const struct tls_hello *hello = outlook->hello;
	struct span rest = hello->protocols;
	struct span protocol;

	text_put_string(text, "offers ");
	put_offered_versions(text, hello);
	text_printf(text, "; %zu cipher suites; groups ", count_numbers(hello->suites));
	put_numbers(text, hello->groups, tls_group_name);
	text_put_string(text, "; ALPN ");
	text_put_string(text, rest.size > 0 ? "" : "none");
	for (bool is_first = true; tls_hello_next_protocol(&rest, &protocol); is_first = false) {
		text_put_string(text, is_first ? "" : ", ");
		text_put_json(text, protocol);
	}
	if (hello->has_psk)
		text_put_string(text, "; it also has a ticket of before; this shows a full handshake");
}

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

static bool certificate_is_for_name(const struct tls_outlook *outlook)
{
	const struct tls_candidates *candidates = &outlook->site->candidates;
	int index = candidates->ecdsa >= 0 ? candidates->ecdsa : candidates->rsa;

	return tls_certificate_matches(tls_sites_certificate(outlook->sites, (size_t)index),
	                               span_of(outlook->name, outlook->name_size));
}

static void put_name(const struct tls_outlook *outlook, struct text *text)
{
	if (outlook->name_size > 0)
		text_printf(text, "\"%.*s\"", (int)outlook->name_size, outlook->name);
	else
		text_put_string(text, "the client names no server");
	if (!outlook->site)
		return;
	text_printf(text, ": policy %s, certificates ", outlook->site->terms->policy->name);
	put_kinds(text, outlook->site->kinds);
	if (outlook->name_size > 0 && !certificate_is_for_name(outlook))
		text_put_string(text, "; none is for this name, so the first is sent, which most clients "
		                      "refuse");
	else if (outlook->name_size == 0)
		text_put_string(text, ": the listener's first");
}

static void put_version(const struct tls_outlook *outlook, struct text *text)
{
	text_printf(text, "%s: the newest that client and policy have",
	            tls_version_name(outlook->decision.version));
}

static const char *order_words(const struct tls_policy *policy)
{
	return policy->order == TLS_ORDER_SERVER ? "the policy's first that the client has"
	                                         : "the client's first that the policy allows";
}

static void put_suite(const struct tls_outlook *outlook, struct text *text)
{
	unsigned suite = outlook->decision.suite;
	const struct tls_policy *policy = outlook->site->terms->policy;
	bool is_chacha = suite == 0x1303 || suite == 0xcca8 || suite == 0xcca9;

	text_printf(text, "%s: ", tls_suite_name(suite));
	if (is_chacha && policy->prefer_chacha_if_client_does)
		text_put_string(text, "ChaCha20 first, since it is the client's first");
	else
		text_put_string(text, order_words(policy));
	if (outlook->decision.version == TLS_VERSION_1_2)
		text_put_string(text, " and a certificate can sign for");
}

static void put_key_exchange(const struct tls_outlook *outlook, struct text *text)
{
	bool is_1_3 = outlook->decision.version == TLS_VERSION_1_3;

	text_printf(text, "%s: %s", tls_group_name(outlook->decision.group),
	            order_words(outlook->site->terms->policy));
	if (outlook->decision.has_retry)
		text_put_string(text, ", but without a key share for it: a HelloRetryRequest, which costs "
		                      "a round trip");
	else if (is_1_3)
		text_put_string(text, " and sends a key share for");
}

static void put_certificate(const struct tls_outlook *outlook, struct text *text)
{
	const struct tls_certificate_facts *facts =
		tls_certificate_facts(tls_sites_certificate(outlook->sites, (size_t)outlook->certificate));

	text_printf(text, "%s", tls_key_kind_name(facts->kind));
	if (facts->name_count > 0)
		text_printf(text, " for %.*s", (int)facts->names[0].size, facts->names[0].data);
	if (facts->name_count > 1)
		text_printf(text, " and %zu more", facts->name_count - 1);
	text_printf(text, ", signing with %s: %s", tls_signature_name(outlook->decision.signature),
	            order_words(outlook->site->terms->policy));
}

static void put_protocol(const struct tls_outlook *outlook, struct text *text)
{
	if (outlook->protocol.size == 0)
		text_put_string(text, "none: the client does not use ALPN, so HTTP/1.1 is spoken");
	else
		text_printf(text, "%.*s: the only one that Sallyport speaks", (int)outlook->protocol.size,
		            outlook->protocol.data);
}

static void put_client_certificate(const struct tls_outlook *outlook, struct text *text)
{
	static const char *const words[TLS_CLIENT_COUNT] = {
		[TLS_CLIENT_NONE] = "not asked for",
		[TLS_CLIENT_OPTIONAL] = "asked for; none will do, but one that is shown must be good",
		[TLS_CLIENT_REQUIRED] = "demanded; without a good one the handshake fails after all",
	};

	text_put_string(text, words[outlook->site->terms->client_mode]);
}

static void put_finished(const struct tls_outlook *outlook, struct text *text)
{
	bool is_1_3 = outlook->decision.version == TLS_VERSION_1_3;
	bool has_ticket = outlook->has_tickets && outlook->site->terms->policy->tickets &&
	                  (is_1_3 ? outlook->hello->psk_modes.size > 0 : outlook->hello->has_ticket);

	text_printf(text, "after %s; ",
	            is_1_3 && !outlook->decision.has_retry ? "one round trip" : "two round trips");
	text_put_string(text, has_ticket ? "the client gets a ticket for the next time" : "no ticket");
}

static const struct {
	const char *name;
	void (*put)(const struct tls_outlook *outlook, struct text *text);
} steps[TLS_OUTLOOK_STEP_COUNT] = {
	[TLS_OUTLOOK_HELLO] = {"ClientHello", put_hello},
	[TLS_OUTLOOK_NAME] = {"server name", put_name},
	[TLS_OUTLOOK_VERSION] = {"version", put_version},
	[TLS_OUTLOOK_SUITE] = {"cipher suite", put_suite},
	[TLS_OUTLOOK_KEY_EXCHANGE] = {"key exchange", put_key_exchange},
	[TLS_OUTLOOK_CERTIFICATE] = {"certificate", put_certificate},
	[TLS_OUTLOOK_PROTOCOL] = {"application protocol", put_protocol},
	[TLS_OUTLOOK_CLIENT_CERTIFICATE] = {"client certificate", put_client_certificate},
	[TLS_OUTLOOK_FINISHED] = {"Finished", put_finished},
};

const char *tls_outlook_step_name(enum tls_outlook_step step)
{
	check(step < TLS_OUTLOOK_STEP_COUNT);
	return steps[step].name;
}

/* TLS 1.2 needs all that a suite stands on before it can be chosen: then it is not known yet. */
static bool is_known(const struct tls_outlook *outlook, enum tls_outlook_step step)
{
	switch (step) {
	case TLS_OUTLOOK_SUITE:
		return outlook->decision.suite != 0;
	case TLS_OUTLOOK_KEY_EXCHANGE:
		return outlook->decision.group != 0;
	default:
		return true;
	}
}

void tls_outlook_put_step(const struct tls_outlook *outlook, enum tls_outlook_step step,
                          struct text *text)
{
	check(step < TLS_OUTLOOK_STEP_COUNT);
	if (!outlook->error || step < outlook->failed) {
		if (is_known(outlook, step))
			steps[step].put(outlook, text);
	} else if (step == outlook->failed) {
		tls_outlook_put_reason(outlook, text);
	}
}

/* --- Why not ------------------------------------------------------------------------------ */

void tls_outlook_put_reason(const struct tls_outlook *outlook, struct text *text)
{
	switch (outlook->failed) {
	case TLS_OUTLOOK_HELLO:
		text_printf(text, "%s; the alert %s (%d) is sent", outlook->fault.words,
		            tls_alert_name(outlook->fault.alert), outlook->fault.alert);
		break;
	case TLS_OUTLOOK_NAME:
		put_name(outlook, text);
		text_put_string(text, outlook->name_size > 0
		                          ? ": there is no certificate for it, and others are refused"
		                          : ", and such clients are refused");
		break;
	case TLS_OUTLOOK_PROTOCOL:
		text_put_string(text, "the client offers in ALPN no http/1.1, which is all that Sallyport "
		                      "speaks");
		break;
	default:
		tls_explain_decision(outlook->site->terms->policy, outlook->site->kinds, outlook->hello,
		                     &outlook->decision, text);
		break;
	}
}

void tls_outlook_put_fix(const struct tls_outlook *outlook, struct text *text)
{
	switch (outlook->failed) {
	case TLS_OUTLOOK_HELLO:
		text_put_string(text, "repair or update the client: no setting lets it in");
		break;
	case TLS_OUTLOOK_NAME:
		text_put_string(text, outlook->name_size > 0
		                          ? "add a certificate for the name, or set unknown_server_name"
		                          : "set unknown_server_name");
		text_put_string(text, " to default");
		break;
	case TLS_OUTLOOK_PROTOCOL:
		text_put_string(text, "let the client offer http/1.1, too");
		break;
	default:
		tls_remedy_put(&outlook->remedy, text);
		break;
	}
}

void tls_outlook_put_price(const struct tls_outlook *outlook, struct text *text)
{
	switch (outlook->failed) {
	case TLS_OUTLOOK_NAME:
		text_put_string(text,
		                "whoever asks for a name that is not ours sees the first certificate");
		break;
	case TLS_OUTLOOK_HELLO:
	case TLS_OUTLOOK_PROTOCOL:
		break;
	default:
		tls_remedy_put_price(&outlook->remedy, text);
		break;
	}
}
