#include "tls/traffic.h"

#include <mbedtls/ssl.h>
#include <string.h>

#include "base/memory.h"
#include "tls/library.h"

enum { KEY_BLOCK_MAX = 2 * (TLS_RECORD_KEY_MAX + TLS_RECORD_IV_SIZE) };

static void on_keys(void *context, mbedtls_ssl_key_export_type type, const unsigned char *secret,
                    size_t size, const unsigned char client_random[TLS_RANDOM_SIZE],
                    const unsigned char server_random[TLS_RANDOM_SIZE], mbedtls_tls_prf_types prf)
{
	struct tls_traffic *traffic = context;

	if (size > TLS_RECORD_SECRET_MAX)
		return;
	switch (type) {
	case MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET:
		memcpy(traffic->randoms, server_random, TLS_RANDOM_SIZE);
		memcpy(traffic->randoms + TLS_RANDOM_SIZE, client_random, TLS_RANDOM_SIZE);
		traffic->prf = (int)prf;
		memcpy(traffic->client, secret, size);
		break;
	case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET:
		memcpy(traffic->client, secret, size);
		break;
	case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET:
		memcpy(traffic->server, secret, size);
		break;
	default:
		return;
	}
	traffic->secret_size = size;
}

void tls_traffic_listen(struct tls_traffic *traffic, struct mbedtls_ssl_context *ssl)
{
	mbedtls_ssl_set_export_keys_cb(ssl, on_keys, traffic);
}

void tls_traffic_done(struct tls_traffic *traffic)
{
	memory_wipe(traffic, sizeof(*traffic));
}

/* RFC 5246 §6.3: client key, server key, client IV, server IV; an AEAD has no MAC keys. */
static enum error expand_block(const struct tls_traffic *traffic,
                               const struct tls_protection *protection, uint64_t received,
                               uint64_t sent, struct tls_record_keys *in,
                               struct tls_record_keys *out)
{
	unsigned char block[KEY_BLOCK_MAX];
	size_t key_size = tls_protection_key_size(protection);
	size_t iv_size = tls_protection_iv_size(protection);
	const unsigned char *ivs = block + 2 * key_size;
	enum error error;

	if (mbedtls_ssl_tls_prf((mbedtls_tls_prf_types)traffic->prf, traffic->client,
	                        traffic->secret_size, "key expansion", traffic->randoms,
	                        sizeof(traffic->randoms), block, 2 * (key_size + iv_size)) != 0)
		error = tls_library_failure();
	else
		error = tls_record_keys_init(in, protection, false, block, ivs, received);
	if (!error)
		error = tls_record_keys_init(out, protection, true, block + key_size, ivs + iv_size, sent);
	memory_wipe(block, sizeof(block));
	return error;
}

static enum error derive_both(const struct tls_traffic *traffic,
                              const struct tls_protection *protection, uint64_t received,
                              uint64_t sent, struct tls_record_keys *in,
                              struct tls_record_keys *out)
{
	enum error error = tls_record_keys_derive(
		in, protection, false, span_of((const char *)traffic->client, traffic->secret_size),
		received);

	if (error)
		return error;
	return tls_record_keys_derive(
		out, protection, true, span_of((const char *)traffic->server, traffic->secret_size), sent);
}

enum error tls_traffic_keys(const struct tls_traffic *traffic,
                            const struct tls_protection *protection, uint64_t received,
                            uint64_t sent, struct tls_record_keys *ret_in,
                            struct tls_record_keys *ret_out)
{
	struct tls_record_keys in = {0};
	struct tls_record_keys out = {0};
	enum error error;

	if (traffic->secret_size == 0)
		error = ERROR_TLS_INTERNAL;
	else if (tls_protection_has_key_update(protection))
		error = derive_both(traffic, protection, received, sent, &in, &out);
	else
		error = expand_block(traffic, protection, received, sent, &in, &out);
	if (error) {
		tls_record_keys_done(&in);
		tls_record_keys_done(&out);
		return error;
	}
	*ret_in = in;
	*ret_out = out;
	memory_wipe(&in, sizeof(in));
	memory_wipe(&out, sizeof(out));
	return OK;
}
