#include "tls/ticket.h"

#include <string.h>

#include "base/memory.h"
#include "base/secret.h"

enum {
	NONCE_SIZE = 12,
	NONCE_AT = TLS_TICKET_KEY_NAME_SIZE,
	CIPHERTEXT_AT = NONCE_AT + NONCE_SIZE,
};

void tls_ticket_keys_init(struct tls_ticket_keys *keys, struct tls_tickets *tickets)
{
	*keys = (struct tls_ticket_keys){.tickets = tickets};
}

static void drop_keys(struct tls_ticket_keys *keys)
{
	for (unsigned i = 0; i < keys->count; i++)
		(void)psa_destroy_key(keys->keys[i].key);
	keys->count = 0;
	keys->generation = 0;
}

void tls_ticket_keys_done(struct tls_ticket_keys *keys)
{
	drop_keys(keys);
}

static psa_status_t import_keys(struct tls_ticket_keys *keys,
                                const struct tls_ticket_secrets *secrets)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_status_t status = PSA_SUCCESS;

	psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
	psa_set_key_algorithm(&attributes, PSA_ALG_GCM);
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
	secret_begin();
	for (unsigned i = 0; i < secrets->count && status == PSA_SUCCESS; i++) {
		memcpy(keys->keys[i].name, secrets->keys[i].name, sizeof(keys->keys[i].name));
		status = psa_import_key(&attributes, secrets->keys[i].key, sizeof(secrets->keys[i].key),
		                        &keys->keys[i].key);
		if (status == PSA_SUCCESS)
			keys->count = i + 1;
	}
	secret_end();
	return status;
}

/* Takes the keys over if there are new ones. */
static enum error refresh(struct tls_ticket_keys *keys)
{
	if (tls_tickets_refresh(keys->tickets) == keys->generation)
		return OK; /* never so at first: generations begin with 1 */

	struct tls_ticket_secrets secrets;
	psa_status_t status;

	tls_tickets_copy(keys->tickets, &secrets);
	drop_keys(keys);
	status = import_keys(keys, &secrets);
	if (status == PSA_SUCCESS)
		keys->generation = secrets.generation;
	else
		drop_keys(keys);
	memory_wipe(&secrets, sizeof(secrets));
	if (status == PSA_SUCCESS)
		return OK;
	return tls_library_failure();
}

struct bound {
	unsigned char bytes[TLS_TICKET_KEY_NAME_SIZE + TLS_TICKET_BINDING_MAX];
	size_t size;
};

/* The additional data: what the ticket is bound to. */
static void bind(struct bound *bound, const unsigned char *key_name, struct span binding)
{
	check(binding.size <= TLS_TICKET_BINDING_MAX);
	memcpy(bound->bytes, key_name, TLS_TICKET_KEY_NAME_SIZE);
	if (binding.size > 0)
		memcpy(bound->bytes + TLS_TICKET_KEY_NAME_SIZE, binding.data, binding.size);
	bound->size = TLS_TICKET_KEY_NAME_SIZE + binding.size;
}

enum error tls_ticket_seal(struct tls_ticket_keys *keys, struct tls_random *random,
                           struct span binding, struct span state, char *ret_ticket, size_t room,
                           size_t *ret_size)
{
	unsigned char *out = (unsigned char *)ret_ticket;
	struct bound bound;
	size_t size = 0;
	enum error error = refresh(keys);

	if (error)
		return error;
	if (state.size > TLS_TICKET_STATE_MAX || room < state.size + TLS_TICKET_OVERHEAD)
		return ERROR_TOO_LARGE;
	error = tls_random_bytes(random, out + NONCE_AT, NONCE_SIZE);
	if (error)
		return error;
	memcpy(out, keys->keys[0].name, TLS_TICKET_KEY_NAME_SIZE);
	bind(&bound, keys->keys[0].name, binding);
	if (psa_aead_encrypt(keys->keys[0].key, PSA_ALG_GCM, out + NONCE_AT, NONCE_SIZE, bound.bytes,
	                     bound.size, (const unsigned char *)state.data, state.size,
	                     out + CIPHERTEXT_AT, room - CIPHERTEXT_AT, &size) != PSA_SUCCESS)
		return tls_library_failure();
	*ret_size = CIPHERTEXT_AT + size;
	return OK;
}

enum error tls_ticket_open(struct tls_ticket_keys *keys, struct span binding, struct span ticket,
                           char ret_state[TLS_TICKET_STATE_MAX], size_t *ret_size)
{
	const unsigned char *in = (const unsigned char *)ticket.data;
	struct bound bound;
	size_t size = 0;
	enum error error = refresh(keys);

	if (error)
		return error;
	if (ticket.size < TLS_TICKET_OVERHEAD ||
	    ticket.size > TLS_TICKET_OVERHEAD + TLS_TICKET_STATE_MAX)
		return ERROR_NOT_FOUND;
	for (unsigned i = 0; i < keys->count; i++) {
		if (memcmp(in, keys->keys[i].name, TLS_TICKET_KEY_NAME_SIZE) != 0)
			continue;
		bind(&bound, in, binding);
		if (psa_aead_decrypt(keys->keys[i].key, PSA_ALG_GCM, in + NONCE_AT, NONCE_SIZE, bound.bytes,
		                     bound.size, in + CIPHERTEXT_AT, ticket.size - CIPHERTEXT_AT,
		                     (unsigned char *)ret_state, TLS_TICKET_STATE_MAX,
		                     &size) != PSA_SUCCESS)
			return tls_library_starved() ? ERROR_OUT_OF_MEMORY : ERROR_INVALID;
		*ret_size = size;
		return OK;
	}
	return ERROR_NOT_FOUND;
}
