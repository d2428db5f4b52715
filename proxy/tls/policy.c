#include "tls/policy.h"

#include "base/check.h"

/* AES-256 before ChaCha20 before AES-128, and of each ECDSA before RSA. */
#define SUITES_1_3 0x1302, 0x1303, 0x1301
#define SUITES_1_2 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc02b, 0xc02f

static const uint16_t modern_suites[] = {SUITES_1_3, 0};
static const uint16_t intermediate_suites[] = {SUITES_1_3, SUITES_1_2, 0};

/* x25519, secp256r1, secp384r1 */
static const uint16_t groups[] = {29, 23, 24, 0};

/* ECDSA before RSA, since a signature costs us a ninth. No SHA-1. */
#define SIGNATURES_1_3 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806
/* PKCS#1 v1.5, which TLS 1.3 does not allow. */
#define SIGNATURES_1_2 0x0401, 0x0501, 0x0601

static const uint16_t modern_signatures[] = {SIGNATURES_1_3, 0};
static const uint16_t intermediate_signatures[] = {SIGNATURES_1_3, SIGNATURES_1_2, 0};

static const struct tls_policy policies[] = {
	{
		.name = "intermediate-2026-04",
		.alias = "intermediate",
		.summary = "TLS 1.3 and 1.2, for clients of the last ten years; the default",
		.text = "After Mozilla's guideline 6.0, intermediate: TLS 1.2 with the six ECDHE suites "
				"that have an AEAD cipher.\n" TLS_POLICY_WITHOUT_MLKEM,
		.version_min = TLS_VERSION_1_2,
		.version_max = TLS_VERSION_1_3,
		.suites = intermediate_suites,
		.groups = groups,
		.signatures = intermediate_signatures,
		.order = TLS_ORDER_SERVER,
		.group_order = TLS_GROUPS_OFFERED,
		.prefer_chacha_if_client_does = true,
		.tickets = true,
	},
	{
		.name = "modern-2026-04",
		.alias = "modern",
		.summary = "TLS 1.3 only, for clients since about 2019",
		.text = "After Mozilla's guideline 6.0, modern.\n" TLS_POLICY_WITHOUT_MLKEM,
		.version_min = TLS_VERSION_1_3,
		.version_max = TLS_VERSION_1_3,
		.suites = modern_suites,
		.groups = groups,
		.signatures = modern_signatures,
		.order = TLS_ORDER_SERVER,
		.group_order = TLS_GROUPS_OFFERED,
		.prefer_chacha_if_client_does = true,
		.tickets = true,
	},
};

const struct tls_policy *tls_policy_find(struct span name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(policies); i++)
		if (span_equal(name, span_of_string(policies[i].name)) ||
		    (policies[i].alias && span_equal(name, span_of_string(policies[i].alias))))
			return &policies[i];
	return NULL;
}

const struct tls_policy *tls_policy_default(void)
{
	return tls_policy_find(SPAN("intermediate"));
}

const struct tls_policy *tls_policy_at(size_t index)
{
	return index < ARRAY_LENGTH(policies) ? &policies[index] : NULL;
}
