/*
 * The policy engine over ClientHellos: it decides as the slow reference implementation does, and
 * for nothing that the policy or the client does not list; and every refusal can be explained.
 */
#include <stdint.h>
#include <stdlib.h>

#include "tls/bytes.h"
#include "tls/explain.h"
#include "unit/tls/choice_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
	if (!condition)
		abort();
}

static void choose(const struct tls_policy *policy, unsigned kinds, const struct tls_hello *hello)
{
	struct tls_decision decision;
	struct tls_decision reference = reference_choose(policy, kinds, hello);

	tls_choose(policy, kinds, hello, &decision);
	expect(decisions_are_equal(&decision, &reference));
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
}

static void read_message(struct span message)
{
	struct tls_hello hello;

	if (!tls_hello_read(message, &hello))
		return;
	for (unsigned kinds = 0; kinds < 1u << TLS_KEY_KIND_COUNT; kinds++)
		for (size_t i = 0; tls_policy_at(i); i++) {
			struct tls_policy policy = *tls_policy_at(i);

			choose(&policy, kinds, &hello);
			policy.order = TLS_ORDER_CLIENT;
			policy.prefer_chacha_if_client_does = false;
			choose(&policy, kinds, &hello);
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
