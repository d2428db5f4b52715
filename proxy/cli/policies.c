#include "cli/policies.h"

#include <string.h>

#include "base/check.h"
#include "config/nearest.h"
#include "tls/algorithm.h"
#include "tls/iana.h"
#include "tls/policy.h"

/* All that there are, the built-in ones first; NULL at the end. */
static const struct tls_policy *policy_at(const struct setup_policies *own, size_t index)
{
	size_t count = 0;

	while (tls_policy_at(count))
		count++;
	if (index < count)
		return tls_policy_at(index);
	return own ? setup_policies_at(own, index - count) : NULL;
}

static const struct tls_policy *find(const struct setup_policies *own, const char *name)
{
	const struct tls_policy *policy;

	for (size_t i = 0; (policy = policy_at(own, i)) != NULL; i++)
		if (strcmp(policy->name, name) == 0 || (policy->alias && strcmp(policy->alias, name) == 0))
			return policy;
	return NULL;
}

/* --- One ---------------------------------------------------------------------------------- */

/* The lists of a policy, with what stands above them. */
static const struct list_row {
	enum tls_list list;
	const char *title;
} list_rows[TLS_LIST_COUNT] = {
	{TLS_LIST_SUITES, "cipher suites"},
	{TLS_LIST_GROUPS, "groups"},
	{TLS_LIST_SIGNATURES, "signature algorithms, as far as there are certificates"},
};

static const uint16_t *list_of(const struct tls_policy *policy, enum tls_list list)
{
	return list == TLS_LIST_SUITES   ? policy->suites
	       : list == TLS_LIST_GROUPS ? policy->groups
	                                 : policy->signatures;
}

static bool allows(const struct tls_policy *policy, unsigned version)
{
	return version >= policy->version_min && version <= policy->version_max;
}

/* What is not a list, in words. */
static const char *const setting_titles[] = {"order", "groups of TLS 1.3", "ChaCha20",
                                             "session tickets"};

static const char *setting(const struct tls_policy *policy, size_t index)
{
	switch (index) {
	case 0:
		return policy->order == TLS_ORDER_SERVER ? "the server's, as below" : "the client's";
	case 1:
		return policy->group_order == TLS_GROUPS_OFFERED
		           ? "among those that the client sends a key share for"
		           : "all that the client lists, for a round trip if there is no key share";
	case 2:
		return policy->prefer_chacha_if_client_does ? "first if it is first for the client"
		                                            : "in its place";
	default:
		return policy->tickets ? "yes, on listeners that have them" : "no";
	}
}

static void print_one(const struct tls_policy *policy, struct text *text)
{
	text_put_string(text, policy->name);
	if (policy->alias)
		text_printf(text, " (also: %s)", policy->alias);
	if (policy->based_on)
		text_printf(text, "\nBased on %s.\n\n", policy->based_on);
	else
		text_printf(text, "\n%s.\n\n", policy->summary);
	text_printf(text, "%s\n\nversions, the newest that both sides have:\n", policy->text);
	for (unsigned version = policy->version_max; version >= policy->version_min; version--)
		text_printf(text, "  %s\n", tls_version_name(version));
	text_put_char(text, '\n');
	for (size_t i = 0; i < ARRAY_LENGTH(setting_titles); i++)
		text_printf(text, "%s: %s\n", setting_titles[i], setting(policy, i));
	for (size_t i = 0; i < ARRAY_LENGTH(list_rows); i++) {
		const uint16_t *numbers = list_of(policy, list_rows[i].list);

		text_printf(text, "\n%s:\n", list_rows[i].title);
		for (size_t j = 0; numbers[j] != 0; j++)
			text_printf(text, "  %s\n", tls_algorithm_name(list_rows[i].list, numbers[j]));
	}
}

/* --- Two ---------------------------------------------------------------------------------- */

/* The differences that are being written: the titles stand above what there is only. */
struct diff {
	struct text *text;
	const char *title;
	bool has_title;
	bool has_any;
};

static void begin_part(struct diff *diff, const char *title)
{
	diff->title = title;
	diff->has_title = false;
}

static void put_change(struct diff *diff, const char *mark, const char *what)
{
	if (!diff->has_title)
		text_printf(diff->text, "\n%s:\n", diff->title);
	diff->has_title = diff->has_any = true;
	text_printf(diff->text, "  %s %s\n", mark, what);
}

static bool has(const uint16_t *numbers, unsigned number)
{
	for (size_t i = 0; numbers[i] != 0; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/* The next one of `numbers`, from *at on, that is in `others`, too; 0: none. */
static unsigned next_common(const uint16_t *numbers, const uint16_t *others, size_t *at)
{
	while (numbers[*at] != 0 && !has(others, numbers[*at]))
		(*at)++;
	return numbers[*at] != 0 ? numbers[(*at)++] : 0;
}

/* Whether what both have stands in the same order. */
static bool is_same_order(const uint16_t *before, const uint16_t *after)
{
	size_t i = 0;
	size_t j = 0;
	unsigned number;

	do {
		number = next_common(before, after, &i);
		if (number != next_common(after, before, &j))
			return false;
	} while (number != 0);
	return true;
}

static void diff_list(struct diff *diff, enum tls_list list, const uint16_t *before,
                      const uint16_t *after)
{
	for (size_t i = 0; before[i] != 0; i++)
		if (!has(after, before[i]))
			put_change(diff, "-", tls_algorithm_name(list, before[i]));
	for (size_t i = 0; after[i] != 0; i++)
		if (!has(before, after[i]))
			put_change(diff, "+", tls_algorithm_name(list, after[i]));
	if (is_same_order(before, after))
		return;
	put_change(diff, "=", "in another order:");
	for (size_t i = 0; after[i] != 0; i++)
		text_printf(diff->text, "      %s\n", tls_algorithm_name(list, after[i]));
}

static void print_diff(const struct tls_policy *before, const struct tls_policy *after,
                       struct text *text)
{
	struct diff diff = {.text = text};

	text_printf(text, "from %s to %s\n", before->name, after->name);
	begin_part(&diff, "versions");
	for (unsigned version = TLS_VERSION_1_3; version >= TLS_VERSION_1_2; version--)
		if (allows(before, version) != allows(after, version))
			put_change(&diff, allows(before, version) ? "-" : "+", tls_version_name(version));
	for (size_t i = 0; i < ARRAY_LENGTH(setting_titles); i++) {
		begin_part(&diff, setting_titles[i]);
		if (strcmp(setting(before, i), setting(after, i)) == 0)
			continue;
		put_change(&diff, "-", setting(before, i));
		put_change(&diff, "+", setting(after, i));
	}
	for (size_t i = 0; i < ARRAY_LENGTH(list_rows); i++) {
		begin_part(&diff, list_rows[i].title);
		diff_list(&diff, list_rows[i].list, list_of(before, list_rows[i].list),
		          list_of(after, list_rows[i].list));
	}
	if (!diff.has_any)
		text_put_string(text, "\nno difference\n");
}

/* --- All ---------------------------------------------------------------------------------- */

static void print_unknown(const struct setup_policies *own, const char *name, struct text *text)
{
	struct nearest nearest;
	const struct tls_policy *policy;

	nearest_init(&nearest, span_of_string(name));
	for (size_t i = 0; (policy = policy_at(own, i)) != NULL; i++) {
		nearest_offer(&nearest, span_of_string(policy->name));
		nearest_offer(&nearest, span_of_string(policy->alias));
	}
	text_printf(text, "sallyport: there is no policy \"%s\"", name);
	if (nearest.best.size > 0)
		text_printf(text, "; did you mean \"%.*s\"?", (int)nearest.best.size, nearest.best.data);
	text_put_string(text, "\n");
}

static void print_all(const struct setup_policies *own, struct text *text)
{
	const struct tls_policy *policy;

	for (size_t i = 0; (policy = policy_at(own, i)) != NULL; i++)
		text_printf(text, "%-22s %-14s %s%s\n", policy->name, policy->alias ? policy->alias : "",
		            policy->based_on ? "based on " : policy->summary,
		            policy->based_on ? policy->based_on : "");
}

bool policies_print(const struct policies_question *question, struct text *text)
{
	const char *const names[] = {question->name, question->other};
	const struct tls_policy *policies[ARRAY_LENGTH(names)] = {0};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (!names[i])
			continue;
		policies[i] = find(question->own, names[i]);
		if (!policies[i]) {
			print_unknown(question->own, names[i], text);
			return false;
		}
	}
	if (!question->name)
		print_all(question->own, text);
	else if (question->other)
		print_diff(policies[0], policies[1], text);
	else
		print_one(policies[0], text);
	return true;
}
