#include <inttypes.h>

#include "cli/explain.h"
#include "tls/bytes.h"
#include "tls/iana.h"

enum { TEXT_MAX = 8192 };

/* --- Values ------------------------------------------------------------------------------- */

/* A key; a comma before it if it is not the first of its object. */
static void put_key(struct text *text, const char *key)
{
	char last = text->size > 0 ? text->data[text->size - 1] : '{';

	text_printf(text, "%s\"%s\":", last == '{' ? "" : ",", key);
}

static void put_span(struct text *text, struct span value)
{
	text_put_char(text, '"');
	text_put_json(text, value);
	text_put_char(text, '"');
}

/* NULL stands for null. */
static void put_string(struct text *text, const char *key, const char *value)
{
	put_key(text, key);
	if (value)
		put_span(text, span_of_string(value));
	else
		text_put_string(text, "null");
}

static void put_bool(struct text *text, const char *key, bool value)
{
	put_key(text, key);
	text_put_string(text, value ? "true" : "false");
}

/* IANA's name, "GREASE", or the number: "0x00ff". */
static void put_name(struct text *text, unsigned number, const char *(*name)(unsigned number))
{
	if (tls_is_grease(number))
		text_put_string(text, "\"GREASE\"");
	else if (name(number))
		put_span(text, span_of_string(name(number)));
	else
		text_printf(text, "\"0x%04x\"", number);
}

static void put_number_name(struct text *text, const char *key, unsigned number,
                            const char *(*name)(unsigned number))
{
	put_key(text, key);
	if (number != 0)
		put_name(text, number, name);
	else
		text_put_string(text, "null");
}

static void put_comma(struct text *text, bool *is_first)
{
	if (!*is_first)
		text_put_char(text, ',');
	*is_first = false;
}

static void put_list(struct text *text, const char *key, struct span list,
                     const char *(*name)(unsigned number))
{
	struct tls_bytes bytes = {.left = list};
	bool is_first = true;

	put_key(text, key);
	text_put_char(text, '[');
	while (bytes.left.size >= 2) {
		put_comma(text, &is_first);
		put_name(text, tls_bytes_number(&bytes, 2), name);
	}
	text_put_char(text, ']');
}

/* --- The offer ---------------------------------------------------------------------------- */

static void put_small_numbers(struct text *text, const char *key, struct span bytes)
{
	bool is_first = true;

	put_key(text, key);
	text_put_char(text, '[');
	for (size_t i = 0; i < bytes.size; i++) {
		put_comma(text, &is_first);
		text_put_number(text, (unsigned char)bytes.data[i]);
	}
	text_put_char(text, ']');
}

static void put_extensions(struct text *text, const struct tls_hello *hello)
{
	struct span rest = hello->extensions;
	struct span content;
	unsigned type;
	bool is_first = true;

	put_key(text, "extensions");
	text_put_char(text, '[');
	while (tls_hello_next_extension(&rest, &type, &content)) {
		put_comma(text, &is_first);
		put_name(text, type, tls_extension_name);
	}
	text_put_char(text, ']');
}

static void put_key_shares(struct text *text, const struct tls_hello *hello)
{
	struct span rest = hello->key_shares;
	struct span key;
	unsigned group;
	bool is_first = true;

	put_key(text, "key_shares");
	text_put_char(text, '[');
	while (tls_hello_next_key_share(&rest, &group, &key)) {
		put_comma(text, &is_first);
		put_name(text, group, tls_group_name);
	}
	text_put_char(text, ']');
}

static void put_protocols(struct text *text, const struct tls_hello *hello)
{
	struct span rest = hello->protocols;
	struct span protocol;
	bool is_first = true;

	put_key(text, "alpn");
	text_put_char(text, '[');
	while (tls_hello_next_protocol(&rest, &protocol)) {
		put_comma(text, &is_first);
		put_span(text, protocol);
	}
	text_put_char(text, ']');
}

static void put_offer(struct text *text, const struct explanation *explanation)
{
	const struct tls_hello *hello = &explanation->hello;

	put_key(text, "offer");
	if (explanation->has_fault) {
		text_put_string(text, "null");
		return;
	}
	text_put_char(text, '{');
	put_number_name(text, "record_version", explanation->record_version, tls_version_name);
	put_number_name(text, "legacy_version", hello->version, tls_version_name);
	put_key(text, "server_name");
	if (hello->server_name.size > 0)
		put_span(text, hello->server_name);
	else
		text_put_string(text, "null");
	put_list(text, "supported_versions", hello->versions, tls_version_name);
	put_list(text, "cipher_suites", hello->suites, tls_suite_name);
	put_list(text, "groups", hello->groups, tls_group_name);
	put_key_shares(text, hello);
	put_list(text, "signature_algorithms", hello->signatures, tls_signature_name);
	put_list(text, "signature_algorithms_cert", hello->signatures_of_certificates,
	         tls_signature_name);
	put_protocols(text, hello);
	put_small_numbers(text, "psk_key_exchange_modes", hello->psk_modes);
	put_bool(text, "session_ticket", hello->has_ticket);
	put_bool(text, "pre_shared_key", hello->has_psk);
	put_bool(text, "early_data", hello->has_early_data);
	put_small_numbers(text, "compression_methods", hello->compressions);
	put_extensions(text, hello);
	text_put_char(text, '}');
}

/* --- What comes of it --------------------------------------------------------------------- */

static void put_words(struct text *text, const char *key, const struct tls_outlook *outlook,
                      void (*put)(const struct tls_outlook *outlook, struct text *text))
{
	struct text words;

	text_init(&words, TEXT_MAX);
	if (outlook->error)
		put(outlook, &words);
	put_string(text, key, words.size > 0 ? text_string(&words) : NULL);
	text_done(&words);
}

static void put_certificate(struct text *text, const struct tls_outlook *outlook)
{
	put_key(text, "certificate");
	if (outlook->certificate < 0) {
		text_put_string(text, "null");
		return;
	}

	const struct tls_certificate_facts *facts =
		tls_certificate_facts(tls_sites_certificate(outlook->sites, (size_t)outlook->certificate));
	bool is_first = true;

	text_put_char(text, '{');
	put_string(text, "key", tls_key_kind_name(facts->kind));
	put_string(text, "sha256", facts->fingerprint);
	put_key(text, "names");
	text_put_char(text, '[');
	for (size_t i = 0; i < facts->name_count; i++) {
		put_comma(text, &is_first);
		put_span(text, facts->names[i]);
	}
	text_put_string(text, "]}");
}

static void put_outcome(struct text *text, const struct tls_outlook *outlook)
{
	const struct tls_decision *decision = &outlook->decision;
	bool is_good = !outlook->error;

	put_bool(text, "succeeds", is_good);
	put_string(text, "policy", outlook->site ? outlook->site->terms->policy->name : NULL);
	put_number_name(text, "version", is_good ? decision->version : 0, tls_version_name);
	put_number_name(text, "cipher_suite", is_good ? decision->suite : 0, tls_suite_name);
	put_number_name(text, "group", is_good ? decision->group : 0, tls_group_name);
	put_bool(text, "hello_retry_request", is_good && decision->has_retry);
	put_number_name(text, "signature_algorithm", is_good ? decision->signature : 0,
	                tls_signature_name);
	put_certificate(text, outlook);
	put_key(text, "alpn");
	if (is_good && outlook->protocol.size > 0)
		put_span(text, outlook->protocol);
	else
		text_put_string(text, "null");
	put_string(text, "reason", outlook->error ? error_code(outlook->error) : NULL);
	put_words(text, "explanation", outlook, tls_outlook_put_reason);
	put_words(text, "nearest_change", outlook, tls_outlook_put_fix);
	put_words(text, "price", outlook, tls_outlook_put_price);
}

static void put_steps(struct text *text, const struct tls_outlook *outlook)
{
	bool is_first = true;

	put_key(text, "steps");
	text_put_char(text, '[');
	for (unsigned i = 0; i < TLS_OUTLOOK_STEP_COUNT; i++) {
		enum tls_outlook_step step = (enum tls_outlook_step)i;
		struct text words;

		text_init(&words, TEXT_MAX);
		tls_outlook_put_step(outlook, step, &words);
		put_comma(text, &is_first);
		text_put_char(text, '{');
		put_string(text, "step", tls_outlook_step_name(step));
		put_string(text, "result",
		           outlook->error && step == outlook->failed ? "fails"
		           : words.size > 0                          ? "succeeds"
		                                                     : "not_reached");
		put_string(text, "text", words.size > 0 ? text_string(&words) : NULL);
		text_put_char(text, '}');
		text_done(&words);
	}
	text_put_char(text, ']');
}

static void put_client(struct text *text, const struct explanation *explanation)
{
	const struct tls_profile *profile = explanation->profile;

	put_string(text, "client", profile ? profile->name : NULL);
	put_string(text, "file", explanation->file);
	put_string(text, "ja4", explanation->has_fault ? NULL : explanation->ja4);
}

void explain_json_one(const struct explanation *explanation, struct text *text)
{
	const struct tls_outlook *outlook = &explanation->outlook;

	text_put_char(text, '{');
	put_client(text, explanation);
	put_key(text, "listener");
	put_span(text, explanation->listener->config->address_text.text);
	put_key(text, "server_name");
	put_span(text, span_of(outlook->name, outlook->name_size));
	put_outcome(text, outlook);
	put_steps(text, outlook);
	put_offer(text, explanation);
	text_put_string(text, "}");
}

void explain_json_row(const struct explanation *explanation, struct text *text)
{
	text_put_char(text, '{');
	put_client(text, explanation);
	put_outcome(text, &explanation->outlook);
	text_put_char(text, '}');
}

void explain_json_clients(struct text *text)
{
	const struct tls_profile *profile;
	bool is_first = true;

	text_put_string(text, "{\"clients\":[");
	for (size_t i = 0; (profile = tls_profile_at(i)) != NULL; i++) {
		put_comma(text, &is_first);
		text_put_char(text, '{');
		put_string(text, "name", profile->name);
		put_string(text, "title", profile->title);
		put_string(text, "source", profile->source);
		put_bool(text, "captured", profile->is_captured);
		text_put_char(text, '}');
	}
	text_put_string(text, "]}\n");
}
