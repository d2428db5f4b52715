#include "tls/terms.h"

#include <psa/crypto.h>
#include <string.h>

#include "tls/library.h"

/* Bytes on their way into the id. The first failure stays. */
struct sum {
	psa_hash_operation_t operation;
	psa_status_t status;
};

static void add(struct sum *sum, const void *bytes, size_t size)
{
	if (sum->status == PSA_SUCCESS)
		sum->status = psa_hash_update(&sum->operation, bytes, size);
}

/* Of a fixed size, so that no two different contents give the same bytes. */
static void add_number(struct sum *sum, size_t number)
{
	uint64_t fixed = number;

	add(sum, &fixed, sizeof(fixed));
}

static void add_list(struct sum *sum, const uint16_t *numbers)
{
	size_t count = 0;

	while (numbers[count] != 0)
		count++;
	add_number(sum, count);
	add(sum, numbers, count * sizeof(*numbers));
}

static void add_policy(struct sum *sum, const struct tls_policy *policy)
{
	add_number(sum, strlen(policy->name));
	add(sum, policy->name, strlen(policy->name));
	add_number(sum, policy->version_min);
	add_number(sum, policy->version_max);
	add_list(sum, policy->suites);
	add_list(sum, policy->groups);
	add_list(sum, policy->signatures);
	add_number(sum, policy->order);
	add_number(sum, policy->group_order);
	add_number(sum, policy->prefer_chacha_if_client_does);
	add_number(sum, policy->tickets);
}

enum error tls_terms_seal(struct tls_terms *terms)
{
	check((terms->client_ca != NULL) == (terms->client_mode != TLS_CLIENT_NONE));

	struct sum sum = {.operation = PSA_HASH_OPERATION_INIT};
	unsigned char id[TLS_TERMS_ID_SIZE];
	size_t size = 0;

	sum.status = psa_hash_setup(&sum.operation, PSA_ALG_SHA_256);
	add_policy(&sum, terms->policy);
	add_number(&sum, terms->client_mode);
	add_number(&sum, terms->client_chain_size_max);
	add_number(&sum, terms->identity_size_max);
	if (terms->client_ca)
		add(&sum, tls_client_ca_digest(terms->client_ca), TLS_CLIENT_CA_DIGEST_SIZE);
	if (sum.status == PSA_SUCCESS)
		sum.status = psa_hash_finish(&sum.operation, id, sizeof(id), &size);
	(void)psa_hash_abort(&sum.operation);
	if (sum.status != PSA_SUCCESS)
		return tls_library_failure();
	memcpy(terms->id, id, sizeof(id));
	return OK;
}

size_t tls_terms_client_memory(const struct tls_terms *terms)
{
	/* The message while it is read, the copy that the library takes of each certificate, and what
	 * it parses them into. An estimate that is rather too high. */
	const size_t copies = 3;

	return terms->client_mode == TLS_CLIENT_NONE ? 0 : copies * terms->client_chain_size_max;
}

bool tls_terms_equal(const struct tls_terms *a, const struct tls_terms *b)
{
	return memcmp(a->id, b->id, sizeof(a->id)) == 0;
}
