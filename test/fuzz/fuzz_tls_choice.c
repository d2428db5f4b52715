/*
 * The policy engine over ClientHellos, under the built-in policies and others of any content, which
 * the first bytes of the client's random choose: it decides as the slow reference implementation
 * does, and for nothing that the policy or the client does not list; a refusal can be explained,
 * and what is proposed as its remedy lets the client in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tls/bytes.h"
#include "tls/explain.h"
#include "tls/remedy.h"
#include "unit/tls/choice_reference.h"

enum { ANY_POLICIES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
	if (!condition)
		abort();
}

static bool lists(const uint16_t *numbers, unsigned number)
{
	for (size_t i = 0; numbers[i] != 0; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static void remedy(const struct tls_policy *policy, unsigned kinds, const struct tls_hello *hello)
{
	struct tls_remedy remedy;
	struct tls_remedied remedied;
	struct tls_decision decision;

	tls_remedy_find(policy, kinds, hello, &remedy);
	if (!remedy.is_possible)
		return;
	tls_remedy_apply(policy, kinds, &remedy, &remedied);
	tls_choose(&remedied.policy, remedied.kinds, hello, &decision);
	expect(decision.step == TLS_STEP_DONE);
}

static void choose(const struct tls_policy *policy, unsigned kinds, const struct tls_hello *hello)
{
	struct tls_decision decision;
	struct tls_decision reference = reference_choose(policy, kinds, hello);

	tls_choose(policy, kinds, hello, &decision);
	expect(decisions_are_equal(&decision, &reference));
	expect(decision.step != TLS_STEP_DONE ||
	       (lists(policy->suites, decision.suite) && lists(policy->groups, decision.group) &&
	        lists(policy->signatures, decision.signature)));
	if (decision.step == TLS_STEP_DONE) {
		expect(tls_list_has(hello->suites, (uint16_t)decision.suite));
		expect(tls_list_has(hello->groups, (uint16_t)decision.group));
		expect(tls_list_has(hello->signatures, (uint16_t)decision.signature));
		expect((kinds & 1u << decision.kind) != 0);
		return;
	}

	struct text why;

	text_init(&why, 1000);
	tls_explain_decision(policy, kinds, hello, &decision, &why);
	expect(why.size > 0 && !why.cut);
	text_done(&why);
	remedy(policy, kinds, hello);
}

static void read_message(struct span message)
{
	struct tls_hello hello;

	uint64_t seed = 0;

	if (!tls_hello_read(message, &hello))
		return;
	/* After the message's head and the version. */
	memcpy(&seed, message.data + 6, sizeof(seed));
	for (unsigned kinds = 0; kinds < 1u << TLS_KEY_KIND_COUNT; kinds++)
		for (size_t i = 0; tls_policy_at(i); i++) {
			struct tls_policy policy = *tls_policy_at(i);

			choose(&policy, kinds, &hello);
			policy.order = TLS_ORDER_CLIENT;
			policy.prefer_chacha_if_client_does = false;
			choose(&policy, kinds, &hello);
		}
	for (unsigned i = 0; i < ANY_POLICIES; i++) {
		struct any_policy any;

		make_any_policy(seed + i, &any);
		choose(&any.policy, (unsigned)(seed >> i) % (1u << TLS_KEY_KIND_COUNT), &hello);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span wire = span_of((const char *)data, size);
	struct tls_hello_scan scan = {0};

	read_message(wire);
	if (tls_hello_scan(&scan, wire) == TLS_HELLO_COMPLETE) {
		char *message = malloc(scan.message_size);

		if (!message)
			return 0;
		tls_hello_assemble(&scan, wire, message);
		read_message(span_of(message, scan.message_size));
		free(message);
	}
	return 0;
}
