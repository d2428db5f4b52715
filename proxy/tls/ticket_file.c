#include "tls/ticket_file.h"

#include <mbedtls/base64.h>
#include <psa/crypto.h>
#include <string.h>

#include "base/memory.h"
#include "tls/library.h"

enum { FILE_KEY_SIZE = 32 };

/* 32 bytes that stand in base64; false: they do not. */
static bool decode(struct span text, unsigned char ret_key[FILE_KEY_SIZE])
{
	/* One more than is right, so that a longer key is seen as such. */
	unsigned char bytes[FILE_KEY_SIZE + 1];
	size_t size = 0;
	bool is_right = mbedtls_base64_decode(bytes, sizeof(bytes), &size,
	                                      (const unsigned char *)text.data, text.size) == 0 &&
	                size == FILE_KEY_SIZE;

	if (is_right)
		memcpy(ret_key, bytes, FILE_KEY_SIZE);
	memory_wipe(bytes, sizeof(bytes));
	return is_right;
}

/* Name and sealing key of a key in the file: the first and the last bytes of HKDF's output. */
static enum error derive(const unsigned char key[FILE_KEY_SIZE],
                         unsigned char ret_name[TLS_TICKET_KEY_NAME_SIZE],
                         unsigned char ret_key[TLS_TICKET_KEY_SIZE])
{
	static const unsigned char info[] = "sallyport session ticket 1";
	psa_key_derivation_operation_t operation = PSA_KEY_DERIVATION_OPERATION_INIT;
	psa_status_t status = psa_key_derivation_setup(&operation, PSA_ALG_HKDF(PSA_ALG_SHA_256));

	if (status == PSA_SUCCESS)
		status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_SECRET, key,
		                                        FILE_KEY_SIZE);
	if (status == PSA_SUCCESS)
		status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_INFO, info,
		                                        sizeof(info) - 1);
	if (status == PSA_SUCCESS)
		status = psa_key_derivation_output_bytes(&operation, ret_name, TLS_TICKET_KEY_NAME_SIZE);
	if (status == PSA_SUCCESS)
		status = psa_key_derivation_output_bytes(&operation, ret_key, TLS_TICKET_KEY_SIZE);
	(void)psa_key_derivation_abort(&operation);
	return status == PSA_SUCCESS ? OK : tls_library_failure();
}

static bool is_known(const struct tls_ticket_secrets *secrets, const unsigned char *name)
{
	for (unsigned i = 0; i < secrets->count; i++)
		if (memcmp(secrets->keys[i].name, name, TLS_TICKET_KEY_NAME_SIZE) == 0)
			return true;
	return false;
}

static enum error read_line(struct span line, size_t number, struct tls_ticket_secrets *secrets,
                            struct text *why)
{
	unsigned char key[FILE_KEY_SIZE];
	unsigned char name[TLS_TICKET_KEY_NAME_SIZE];
	enum error error;

	if (secrets->count == TLS_TICKET_KEYS_MAX) {
		text_printf(why, "line %zu: there are more than %d keys", number, TLS_TICKET_KEYS_MAX);
		return ERROR_TLS_TICKET_KEYS;
	}
	if (!decode(line, key)) {
		text_printf(why,
		            "line %zu: not a key, which is 32 bytes in base64, as `openssl rand -base64 "
		            "32` makes them",
		            number);
		return ERROR_TLS_TICKET_KEYS;
	}
	error = derive(key, name, secrets->keys[secrets->count].key);
	memory_wipe(key, sizeof(key));
	if (error)
		return error;
	if (is_known(secrets, name)) {
		text_printf(why, "line %zu: this key is there already", number);
		return ERROR_TLS_TICKET_KEYS;
	}
	memcpy(secrets->keys[secrets->count++].name, name, sizeof(name));
	return OK;
}

static enum error read_lines(struct span file, struct tls_ticket_secrets *secrets, struct text *why)
{
	struct span line;

	for (size_t number = 1; span_next(&file, '\n', &line); number++) {
		line = span_cut(line, 0, span_find(line, '#'));
		while (line.size > 0 && line.data[line.size - 1] == '\r')
			line.size--;
		line = span_trim(line);
		if (line.size == 0)
			continue;

		enum error error = read_line(line, number, secrets, why);

		if (error)
			return error;
	}
	if (secrets->count > 0)
		return OK;
	text_put_string(why, "no key in it");
	return ERROR_TLS_TICKET_KEYS;
}

enum error tls_ticket_file_read(struct span file, struct tls_ticket_secrets *ret_secrets,
                                struct text *why)
{
	struct tls_ticket_secrets secrets = {0};

	(void)tls_library_starved();

	enum error error = read_lines(file, &secrets, why);

	if (!error)
		memcpy(ret_secrets, &secrets, sizeof(secrets));
	memory_wipe(&secrets, sizeof(secrets));
	return error;
}
