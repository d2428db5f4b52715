#include "cli/policies.h"

#include "config/nearest.h"
#include "tls/iana.h"
#include "tls/policy.h"

static void print_list(struct text *text, const char *title, const uint16_t *numbers,
                       const char *(*name)(unsigned number))
{
	text_printf(text, "\n%s:\n", title);
	for (size_t i = 0; numbers[i] != 0; i++)
		text_printf(text, "  %s\n", name(numbers[i]));
}

static void print_one(const struct tls_policy *policy, struct text *text)
{
	text_put_string(text, policy->name);
	if (policy->alias)
		text_printf(text, " (also: %s)", policy->alias);
	text_printf(text, "\n%s.\n\n%s\n\nversions, the newest that both sides have:\n",
	            policy->summary, policy->text);
	for (unsigned version = policy->version_max; version >= policy->version_min; version--)
		text_printf(text, "  %s\n", tls_version_name(version));
	text_printf(text, "\norder: %s%s\n",
	            policy->order == TLS_ORDER_SERVER ? "the server's, as below" : "the client's",
	            policy->prefer_chacha_if_client_does
	                ? "; ChaCha20 first if it is first for the client"
	                : "");
	print_list(text, "cipher suites", policy->suites, tls_suite_name);
	print_list(text, "groups, among those that the client sends a key share for", policy->groups,
	           tls_group_name);
	print_list(text, "signature algorithms, as far as there are certificates", policy->signatures,
	           tls_signature_name);
}

static void print_unknown(const char *name, struct text *text)
{
	struct nearest nearest;
	const struct tls_policy *policy;

	nearest_init(&nearest, span_of_string(name));
	for (size_t i = 0; (policy = tls_policy_at(i)) != NULL; i++) {
		nearest_offer(&nearest, span_of_string(policy->name));
		if (policy->alias)
			nearest_offer(&nearest, span_of_string(policy->alias));
	}
	text_printf(text, "sallyport: there is no policy \"%s\"", name);
	if (nearest.best.size > 0)
		text_printf(text, "; did you mean \"%.*s\"?", (int)nearest.best.size, nearest.best.data);
	text_put_string(text, "\n");
}

bool policies_print(const char *name, struct text *text)
{
	const struct tls_policy *policy = tls_policy_find(span_of_string(name));

	if (policy) {
		print_one(policy, text);
		return true;
	}
	if (name) {
		print_unknown(name, text);
		return false;
	}
	for (size_t i = 0; (policy = tls_policy_at(i)) != NULL; i++)
		text_printf(text, "%-22s %-14s %s\n", policy->name, policy->alias ? policy->alias : "",
		            policy->summary);
	return true;
}
